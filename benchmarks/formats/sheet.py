"""A sheet of pages to look at: whether they stand upright, and are black on white."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from benchmarks.formats.facts import Facts, Page

_CELL, _CAPTION, _COLUMNS = 250, 34, 8
_PAPER, _INK, _FRAME = 225, 0, 120
_CAPTION_CHARACTERS = 38


def write_sheet(all_facts: Sequence[Facts], path: Path) -> None:
    """One cell a page; a page that failed has its code."""
    cells = [(facts, number, page) for facts in all_facts for number, page in enumerate(facts.found, 1)]
    rows = -(-len(cells) // _COLUMNS)
    sheet = Image.new("L", (_COLUMNS * _CELL, rows * (_CELL + _CAPTION)), _PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(11)
    for place, (facts, number, page) in enumerate(cells):
        left, top = place % _COLUMNS * _CELL, place // _COLUMNS * (_CELL + _CAPTION)
        draw.rectangle((left, top, left + _CELL - 1, top + _CELL + _CAPTION - 1), outline=_FRAME)
        name = facts.name if len(facts.found) == 1 else f"{facts.name} {number}"
        draw.text((left + 4, top + 3), name[-_CAPTION_CHARACTERS:], _INK, font)
        if isinstance(page, Page):
            draw.text((left + 4, top + 18), f"{page.width}x{page.height} {page.dpi or '?'} dpi", _INK, font)
            sheet.paste(page.picture, (left + 5, top + _CAPTION))
        else:
            draw.text((left + 4, top + 18), page, _INK, font)
    sheet.save(path)
