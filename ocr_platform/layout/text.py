"""Text from words, for where words of several readings were put together and no recogniser has the text."""

from collections.abc import Iterable

from ocr_platform.layout.tables import Region, regions
from ocr_platform.layout.tree import joined, tree_of
from ocr_platform.models import Word


def text_of(words: Iterable[Word]) -> str:
    """Words as text, in the form of Tesseract's: a line a line, and an empty line behind each paragraph.

    Words come in the order of the blocks, paragraphs and lines that they name. Blocks that are the columns of a table
    are read by its rows, columns of running text one after the other.
    """
    return "".join(map(_region_text, regions(tree_of(words))))


def _region_text(region: Region) -> str:
    if region.columns > 1:
        rows = (" ".join(joined([word.text for word in cell.words]) for cell in row.cells) for row in region.rows)
        return "".join(f"{row}\n" for row in rows) + "\n"
    paragraphs = region.blocks[0].paragraphs
    return "".join("".join(f"{line.text}\n" for line in paragraph.lines) + "\n" for paragraph in paragraphs)
