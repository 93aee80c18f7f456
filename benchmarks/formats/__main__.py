"""The command line: folders in, a table and a sheet out."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.formats.facts import Facts, Page, facts_of, pictures
from benchmarks.formats.sheet import write_sheet
from benchmarks.report import Table

_COLUMNS = ("file", "format", "pages", "pixels", "dpi", "mode", "what came out")


def main(arguments: Sequence[str]) -> int:
    """Print a table a folder; the exit code is 1 when a file ended in a way that no file should."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.formats",
        description="Open every file of some folders in a sandbox, and tell what came out.",
        epilog="Nothing is recognised: pages are opened, rendered and looked at.",
    )
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--sheet", type=Path, metavar="PNG", help="write a sheet of the pages, to look at")
    parser.add_argument("--pages", type=int, default=1, metavar="N", help="of each file (default: 1)")
    parser.add_argument(
        "--password-file", type=Path, metavar="PATH", help="holds a password for the PDFs that need one"
    )
    asked = parser.parse_args(arguments)
    password = asked.password_file.read_text().rstrip("\n") if asked.password_file else None
    seen: list[Facts] = []
    with pictures() as reader:
        for folder in asked.folders:
            files = sorted(path for path in folder.iterdir() if path.is_file())
            found = [facts_of(path, reader, asked.pages, password) for path in files]
            sys.stdout.write(_table(folder.name, found).markdown() + "\n")
            seen += found
    if asked.sheet:
        write_sheet(seen, asked.sheet)
    return 1 if any(facts.state in ("decoder_crash", "internal_error") for facts in seen) else 0


def _table(title: str, found: Sequence[Facts]) -> Table:
    return Table(title, _COLUMNS, [_row(facts) for facts in found])


def _row(facts: Facts) -> Sequence[str]:
    first = next((page for page in facts.found if isinstance(page, Page)), None)
    size = (f"{first.width} x {first.height}", str(first.dpi or "-"), first.mode) if first else ("-", "-", "-")
    return (facts.name, facts.format, str(facts.pages or "-"), *size, facts.state)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
