"""A long document as word processors make them: a heading, two columns or one, a table, a page number."""

import random
from collections.abc import Iterator

from tests.data.born_digital import Page, pdf, text
from tests.data.pages import wrap
from tests.data.texts import CONTRACT, LETTER, MINUTES

_WORDS = " ".join((*CONTRACT, *LETTER, *MINUTES)).split()
_COLUMN_LETTERS = 46


def document(pages: int) -> bytes:
    """So many pages of some 500 words, the same for the same number."""
    chance = random.Random(7)  # noqa: S311  no secret
    return pdf([_page(number, chance) for number in range(1, pages + 1)])


def _page(number: int, chance: random.Random) -> Page:
    start = chance.randrange(len(_WORDS))
    words = (_WORDS * 3)[start : start + 560]
    content = text([f"Section {number}"], size=16, top=790, font="Sound")
    if number % 2:
        content += text(wrap(" ".join(words))[:48], top=760, font="Serif")
    else:
        lines = list(_narrow(words))
        content += text(lines[:40], 72, 760, font="Serif", size=10) + text(
            lines[40:80], 320, 760, font="Serif", size=10
        )
    content += b"".join(_row(number, row, 72 + 14 * row) for row in range(3))
    return Page(content + text([str(number)], 295, 40, size=9))


def _narrow(words: list[str]) -> Iterator[str]:
    line = ""
    for word in words:
        if len(line) + len(word) >= _COLUMN_LETTERS:
            yield line
            line = word
        else:
            line = f"{line} {word}".strip()
    yield line


def _row(number: int, row: int, bottom: float) -> bytes:
    cells = (f"Item {row + 1}", f"{number * (row + 3)}.00", f"{number * (row + 5)}.50", "open")
    return b"".join(text([cell], 72 + 120 * column, bottom) for column, cell in enumerate(cells))
