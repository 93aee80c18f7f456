"""Text from words: for where several readings were put together, and for tables."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import attrgetter

from ocr_platform.layout.tables import Region, regions
from ocr_platform.layout.tree import tree_of
from ocr_platform.models import Word


def text_of(words: Iterable[Word]) -> str:
    """Words as text, in the form of Tesseract's: a line a line, and an empty line behind each paragraph.

    Words come in the order of the blocks, paragraphs and lines that they name. Blocks that are the columns of a table
    are read by its rows, columns of running text one after the other.
    """
    return "".join(map(_region_text, regions(tree_of(words))))


def plain_text(words: Iterable[Word]) -> str:
    """The same without a look for tables: what stands in whose line is believed."""
    parts = []
    for _paragraph, of_one in groupby(words, attrgetter("block", "paragraph")):
        lines = groupby(of_one, attrgetter("line"))
        parts.append("".join(" ".join(word.text for word in line) + "\n" for _line, line in lines) + "\n")
    return "".join(parts)


def with_rows(text: str, words: Sequence[Word]) -> str:
    """The recogniser's own text of these words, unless there are tables that it has read by their columns."""
    found = tuple(regions(tree_of(words)))
    return "".join(map(_region_text, found)) if any(region.columns > 1 for region in found) else text


def _region_text(region: Region) -> str:
    if region.columns > 1:
        rows = (" ".join(cell.text for cell in row.cells) for row in region.rows)
        return "".join(f"{row}\n" for row in rows) + "\n"
    paragraphs = region.blocks[0].paragraphs
    return "".join("".join(f"{line.text}\n" for line in paragraph.lines) + "\n" for paragraph in paragraphs)
