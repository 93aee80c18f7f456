"""Make a searchable PDF of each document and check it: `python -m benchmarks.pdf_check --help`."""

import argparse
import io
import os
import tempfile
import time
from pathlib import Path

from benchmarks.pdf_check.checks import Verdict, verdict_on
from ocr_platform.errors import FormatUnsupported, PlatformError
from ocr_platform.models import EngineName, PageResult
from ocr_platform.ocr.limits import Limits
from ocr_platform.sandbox.config import Config
from ocr_platform.sandbox.reader import SandboxReader

_SHARED = Path(__file__).parents[3] / "shared/corpus"
_FOLDERS = ("pdf", "formats", "ocr")
_LIMITS = Limits(2000, 100_000_000, 20_000_000_000, 200.0, 300)
_MEMORY = 2048 * 1024 * 1024
_HEAD = """\
| document | way | bytes | of source | seconds | words | found | over ink | pdftotext | in order of content | qpdf |
|---|---|---|---|---|---|---|---|---|---|---|"""


def main() -> None:
    """Check each document and print a line for it."""
    options = _options()
    print(_headed(_HEAD, " PDF/A | lost |", "---|---|") if options.pdfa else _HEAD)  # noqa: T201  the results
    with tempfile.TemporaryDirectory() as scratch:
        config = Config(_LIMITS, _MEMORY, 300.0, 3600.0, engine=EngineName.AUTO)
        reader = SandboxReader(config, Path(scratch), {"PATH": os.environ.get("PATH", os.defpath)})
        try:
            for path in options.documents or _corpus(options.folders):
                print(_line(reader, path, options), flush=True)  # noqa: T201  the results
        finally:
            reader.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pdf_check", description=__doc__)
    parser.add_argument("documents", nargs="*", type=Path, help="by default all of the corpus")
    parser.add_argument("--folders", nargs="*", default=list(_FOLDERS), help="of the corpus")
    parser.add_argument("--lang", default="eng")
    parser.add_argument("--pages", type=int, default=5, help="of a document, at most")
    parser.add_argument("--pdfa", action="store_true", help="make PDF/A, and ask its validator here again")
    parser.add_argument("--out", type=Path, help="where PDFs and pictures of their pages go")
    return parser.parse_args()


def _corpus(folders: list[str]) -> list[Path]:
    corpus = Path(os.environ.get("OCR_CORPUS") or _SHARED)
    texts = {".txt", ".json"}
    return [path for name in folders for path in sorted((corpus / name).iterdir()) if path.suffix not in texts]


def _line(reader: SandboxReader, path: Path, options: argparse.Namespace) -> str:
    body = path.read_bytes()
    try:
        with reader.load([body]) as document:
            if document.format is None:
                raise FormatUnsupported
            count = min(reader.count_pages(document), options.pages)
            pages = [reader.recognise(document, number, [options.lang]) for number in range(1, count + 1)]
            started = time.monotonic()
            made = reader.searchable_pdf(document, pages, archival=options.pdfa)
            seconds = time.monotonic() - started
    except PlatformError as exc:
        return f"| {path.name} | {exc.code} | | | | | | | | | |"
    pictures = _kept(options.out, path, made.body) if options.out else None
    verdict = verdict_on(made.body, pages, pictures)
    size = f"{len(made.body)} | {len(made.body) / len(body):.2f}"
    further = f" {_approved(made.body)} | {', '.join(made.lost)} |" if options.pdfa else ""
    return f"| {path.name} | {made.way} | {size} | {seconds:.2f} | {_figures(verdict)}{further} {_failed(pages)}"


def _headed(head: str, names: str, rule: str) -> str:
    first, second = head.splitlines()
    return f"{first}{names}\n{second}{rule}"


def _approved(body: bytes) -> str:
    from pikepdf import pdfa

    return pdfa.validate_written(io.BytesIO(body), pdfa.Flavour.PDFA_2B).verdict


def _kept(out: Path, path: Path, body: bytes) -> Path:
    folder = out / path.name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "searchable.pdf").write_bytes(body)
    return folder


def _figures(verdict: Verdict) -> str:
    order, raw = ("" if value is None else f"{value:.3f}" for value in (verdict.order, verdict.raw))
    return f"{verdict.words} | {verdict.found:.3f} | {verdict.over_ink:.3f} | {order} | {raw} | {verdict.problems} |"


def _failed(pages: list[PageResult]) -> str:
    return " ".join(f"{page.number}: {page.error}" for page in pages if page.error)


if __name__ == "__main__":
    main()
