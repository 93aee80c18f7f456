"""Results as tables: Markdown for people, plain values for programs."""

import os
import platform
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the report; `note` says what is needed to read it."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def markdown(self) -> str:
        """As Markdown."""
        lines = [f"### {self.title}", ""]
        lines += [_row(self.columns), _row(["---"] * len(self.columns)), *map(_row, self.rows)]
        return "\n".join([*lines, *(["", self.note] if self.note else []), ""])

    def plain(self) -> dict[str, object]:
        """As values for JSON."""
        return {
            "title": self.title,
            "rows": [dict(zip(self.columns, row, strict=True)) for row in self.rows],
            "note": self.note,
        }


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def spread(values: Sequence[float], digits: int) -> str:
    """Median and, in brackets, least and greatest."""
    middle = statistics.median(values)
    return f"{middle:.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def machine() -> str:
    """This machine in a line: processors, system, Python."""
    models = {line.partition(":")[2].strip() for line in _cpu_lines()} or {platform.processor()}
    return (
        f"{os.cpu_count()} CPUs ({', '.join(sorted(models))}), {platform.system()}, Python {platform.python_version()}"
    )


def _cpu_lines() -> Iterator[str]:
    path = Path("/proc/cpuinfo")
    if path.exists():
        yield from (line for line in path.read_text().splitlines() if line.startswith("model name"))
