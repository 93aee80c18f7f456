"""A host whose decoder is the attacker's, for documents that ask for it; all others are read as ever.

Started in the place of `ocr_platform.sandbox.host`, with the same arguments.
"""

import os
import re
import sys
from pathlib import Path
from typing import BinaryIO

sys.path.insert(0, str(Path(__file__).parents[2]))

from ocr_platform.models import DocumentFormat
from ocr_platform.ocr.limits import Limits
from ocr_platform.ocr.opening import open_pages
from ocr_platform.ocr.pages import Pages
from ocr_platform.sandbox import child, host
from tests.attacks import behaviours, leftovers, report

_WANTED = re.compile(rb"%PDF-attack:([a-z0-9_]+)")
ATTACKS = {
    **behaviours.BEHAVIOURS,
    "report": report.report,
    "remember": leftovers.remember,
    "search": leftovers.search,
}


def hostile(file: BinaryIO, format: DocumentFormat, limits: Limits, password: str | None = None) -> Pages:
    """The decoder: does what the document names, and does not come back from it to honest work."""
    file.seek(0)
    wanted = _WANTED.match(file.read(200))
    file.seek(0)
    if wanted is None:
        return open_pages(file, format, limits, password)
    ATTACKS[wanted[1].decode()]()
    os._exit(99)


if __name__ == "__main__":
    child.open_pages = hostile  # type: ignore[attr-defined]
    os.register_at_fork(after_in_child=leftovers.note_mappings)
    host.main(sys.argv)
