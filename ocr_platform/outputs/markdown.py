"""Markdown (CommonMark, tables of GitHub's): headings, paragraphs, lists and tables, only where the page shows them.

Nothing is invented: what is not surely a heading, a list or a table is a paragraph, and a word that a line's end has
divided stays divided where it may be two.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from ocr_platform.layout import Paragraph, joined, tree_of
from ocr_platform.layout.grid import Grid, grid_of
from ocr_platform.layout.tables import Region, regions
from ocr_platform.models import Job, PageResult
from ocr_platform.outputs.headings import Headings
from ocr_platform.outputs.hyphens import Hyphens
from ocr_platform.outputs.lists import Item, items_of
from ocr_platform.outputs.markdown_text import escaped, escaped_cell, escaped_line

_HARD_BREAK = "\\\n"


def build_markdown(job: Job, pages: Sequence[PageResult]) -> bytes:
    """All pages, each behind a comment with its number. A page that failed has its error's code there, and no text."""
    hyphens = Hyphens(page.text for page in pages)
    return b"".join("".join(_page(page, hyphens)).encode() for page in pages)


def _page(page: PageResult, hyphens: Hyphens) -> Iterator[str]:
    if page.number > 1:
        yield "\n"
    if page.error is not None:
        yield f"<!-- page {page.number}: {page.error} -->\n"
        return
    yield f"<!-- page {page.number} -->\n"
    blocks = tree_of(page.words)
    headings = Headings(blocks)
    for region in regions(blocks):
        for part in _parts(region, headings, hyphens):
            yield f"\n{part}\n"


def _parts(region: Region, headings: Headings, hyphens: Hyphens) -> Iterator[str]:
    """What a region is made of, each part without an end of line."""
    grid = grid_of(region)
    if grid is not None:
        yield _table(grid)
    elif region.columns > 1:
        rows = (" ".join(cell.text for cell in row.cells) for row in region.rows)
        yield _HARD_BREAK.join(map(escaped_line, rows))
    else:
        yield from _text_parts(region.blocks[0].paragraphs, headings, hyphens)


def _text_parts(paragraphs: Sequence[Paragraph], headings: Headings, hyphens: Hyphens) -> Iterator[str]:
    for item in items_of(paragraphs):
        if isinstance(item, Item):
            yield _list(item, hyphens)
            continue
        level = headings.level(item)
        text = _joined([line.text for line in item.lines], hyphens)
        yield f"{'#' * level} {escaped(_in_one_line(text))}" if level else escaped_line(text)


def _list(item: Item, hyphens: Hyphens) -> str:
    """One list; what goes on in a further line is indented as CommonMark wants it."""
    entries = []
    for marker, lines in item.entries:
        text = _joined(lines, hyphens).replace("\n", f"\n{' ' * (len(marker) + 1)}")
        entries.append(f"{marker} {escaped_line(text)}")
    return "\n".join(entries)


def _joined(lines: Sequence[str], hyphens: Hyphens) -> str:
    """Lines as one; a word that stays divided keeps its hyphen and the end of its line."""
    if not lines:
        return ""
    text = lines[0]
    for before, after in pairwise(lines):
        end, beginning = before.rpartition(" ")[2], after.partition(" ")[0]
        whole = hyphens.whole(end, beginning)
        if whole is not None:
            text = text.removesuffix(end) + whole + after.removeprefix(beginning)
        elif end.endswith(("-", "\u2010", "\u00ad")):
            text += f"\n{after}"
        else:
            text = joined([text, after])
    return text


def _in_one_line(text: str) -> str:
    return " ".join(text.split("\n"))


def _table(grid: Grid) -> str:
    """A table. Its first row is a head only where it alone has no figures; else the head that GitHub wants is empty."""
    head: Sequence[str] = [""] * len(grid[0])
    body: Sequence[Sequence[str]] = grid
    if not _figures(grid[0]) and all(map(_figures, grid[1:])):
        head, *body = grid
    rule = "|" + "---|" * len(grid[0])
    return "\n".join((_table_row(head), rule, *map(_table_row, body)))


def _table_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(map(escaped_cell, cells)) + " |"


def _figures(cells: Sequence[str]) -> bool:
    return any(letter.isdigit() for cell in cells for letter in cell)
