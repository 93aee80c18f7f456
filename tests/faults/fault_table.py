"""What was seen of each fault, a row each; printed at the end of the run, and copied into docs/secrecy.md."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

LOGGED = ("code", "everybodys", "stage")
# Under this name a row goes with the report of its test.
FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Row:
    """Attempts and claims as they stand in the job's row; without a fault they are 1 and 4."""

    case: str
    server: str
    state: str
    code: str
    attempts: int
    claims: int
    log_line: str


def described(line: dict[str, Any]) -> str:
    """A log line as the table has it: its event, and the fields that tell of the fault."""
    return " ".join([line["event"], *(f"{name}={line[name]}" for name in LOGGED if name in line)])


def table(rows: Sequence[Sequence[object]]) -> list[str]:
    """The lines of a Markdown table of rows as tuples, none when no row was seen."""
    if not rows:
        return []
    heads = [field.name.replace("_", " ") for field in fields(Row)]
    lines = [heads, ["---"] * len(heads), *(list(map(str, row)) for row in rows)]
    return [f"| {' | '.join(cells)} |" for cells in lines]
