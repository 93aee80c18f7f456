"""What is checked of a searchable PDF against the pages that it was made from."""

import difflib
import io
import shutil
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pypdfium2 as pdfium

from benchmarks.pdf_check.extracted import Found, drawn, words_of
from ocr_platform.models import PageResult, Word

_INK_SHARE = 0.9  # of a word's dark pixels: so much must lie where a viewer marks it
_DARK = 0.5  # of the way from the page's darkest to its lightest level
_LARGEST_SIDE = 1200  # of the pictures to look at


@dataclass(frozen=True, slots=True)
class Verdict:
    """Figures of one document; shares from 0 to 1, `order` and `raw` are similarities of sequences of words.

    `found` words are there with their text; `over_ink` of those have their ink under their box. `problems` is what
    qpdf's checks say. `order` compares the text with `pdftotext`, `raw` with its order of content; None without it.
    """

    words: int
    found: float
    over_ink: float
    order: float | None
    raw: float | None
    problems: int


def verdict_on(body: bytes, pages: Sequence[PageResult], pictures: Path | None = None) -> Verdict:
    """Check a PDF; with `pictures` its pages are drawn there with the boxes of their words."""
    with pikepdf.Pdf.open(io.BytesIO(body)) as opened:
        problems = len(opened.check_pdf_syntax())
    document = pdfium.PdfDocument(body)
    words = found = over = 0
    for page in pages:
        if not page.width:
            continue
        shown = document[page.number - 1]
        extracted = words_of(shown, page.width, page.height)
        matched = _matched(page.words, extracted)
        words += len(page.words)
        found += len(matched)
        over += _over_ink(shown, page, matched)
        if pictures is not None:
            scale = min(1.0, _LARGEST_SIDE / max(page.width, page.height))
            size = round(page.width * scale), round(page.height * scale)
            drawn(shown, *size, words_of(shown, *size)).save(pictures / f"{page.number}.png")
    text = " ".join(page.text for page in pages).split()
    return Verdict(
        words,
        found / words if words else 1.0,
        over / found if found else 1.0,
        _similarity(text, _pdftotext(body, len(pages))),
        _similarity(text, _pdftotext(body, len(pages), "-raw")),
        problems,
    )


def _matched(words: Sequence[Word], extracted: Sequence[Found]) -> list[tuple[Word, Found]]:
    """Each word with the nearest that has its text."""
    by_text: dict[str, list[Found]] = defaultdict(list)
    for each in extracted:
        by_text[each.text].append(each)
    pairs = []
    for word in words:
        candidates = by_text.get(word.text)
        if candidates:
            nearest = min(candidates, key=lambda each: abs(each.box[0] - word.left) + abs(each.box[1] - word.top))
            pairs.append((word, nearest))
    return pairs


def _over_ink(shown: Any, page: PageResult, pairs: Sequence[tuple[Word, Found]]) -> int:
    """How many words have most of the ink of their own box within the box that was extracted."""
    image = shown.render(scale=page.width / shown.get_width(), grayscale=True).to_pil().convert("L")
    grey = np.asarray(image.resize((page.width, page.height)), dtype=np.int16)
    over = 0
    for word, found in pairs:
        own = grey[word.top : word.top + word.height, word.left : word.left + word.width]
        if not own.size:
            continue
        middle = int(own.min()) + (int(own.max()) - int(own.min())) * _DARK
        ink = own <= middle if np.median(own) > middle else own >= middle  # the lesser part: also white on black
        left, top = max(0, found.box[0] - word.left), max(0, found.box[1] - word.top)
        right, bottom = max(0, found.box[2] - word.left + 1), max(0, found.box[3] - word.top + 1)
        total = int(ink.sum())
        over += total == 0 or int(ink[top:bottom, left:right].sum()) >= _INK_SHARE * total
    return over


def _pdftotext(body: bytes, pages: int, *options: str) -> list[str] | None:
    """What poppler's command finds; None where it is not installed."""
    command = shutil.which("pdftotext")
    if command is None:
        return None
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(body)
        file.flush()
        done = subprocess.run(  # noqa: S603  a program of the machine's own
            [command, *options, "-l", str(pages), file.name, "-"], capture_output=True, check=True
        )
    return done.stdout.decode(errors="replace").split()


def _similarity(one: list[str], other: list[str] | None) -> float | None:
    return None if other is None else difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()
