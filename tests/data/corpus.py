"""Files of other people: good ones of every format, and those that were made to break decoders."""

import os
import random
from pathlib import Path

from ocr_platform.ocr.formats import HEAD_BYTES, sniff
from tests.data.mutations import mutated

ROOT = Path(__file__).parents[2]
CORPUS = Path(os.environ.get("OCR_CORPUS") or ROOT.parent / "shared" / "corpus")
MISSING = f"no files in {CORPUS}; set OCR_CORPUS"
# Small enough to be read in a moment, and to be hit where it matters.
MOST_BYTES = 40_000
FILES_OF_A_FORMAT = 40


def hostile_files() -> list[Path]:
    """Files that broke a decoder once, or were made to."""
    return sorted(path for path in (CORPUS / "hostile").glob("*") if path.is_file())


def good_files() -> list[bytes]:
    """Small files of formats that the platform reads, as many of each."""
    by_format: dict[str, list[bytes]] = {}
    for path in sorted(each for name in ("pdf", "formats", "ocr") for each in (CORPUS / name).glob("*")):
        body = path.read_bytes()
        found = sniff(body[:HEAD_BYTES])
        if found and len(body) <= MOST_BYTES:
            by_format.setdefault(found, []).append(body)
    fewest = min(max(len(files) for files in by_format.values()), FILES_OF_A_FORMAT)
    return [body for files in by_format.values() for body in (files * fewest)[:fewest]]


def variant(good: list[bytes], seed: int, number: int) -> tuple[str, bytes]:
    """A good file made bad, and how to make it again."""
    return f"--seed {seed}, number {number}", mutated(good, random.Random(f"{seed}/{number}"))
