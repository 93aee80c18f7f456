"""Which lines are entries of a list: at least two that follow each other with the same kind of mark."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ocr_platform.layout import Line, Paragraph
from ocr_platform.layout.tree import around

_BULLET = re.compile(r"([\u2022\u2023\u25aa\u25ab\u25cf\u25cb\u25e6\u2043\u00b7*])\s*(?=\S)|(-)\s+(?=\S)")
_NUMBER = re.compile(r"(\d{1,3})([.)])\s+(?=\S)")
_LEAST_ENTRIES = 2
_HYPHEN = "-"
_ENDS_OF_SENTENCES = (".", "!", "?", "\u2026", "\u00bb", '"')


@dataclass(frozen=True, slots=True)
class Item:
    """A list: each entry with the mark that Markdown gives it, and the texts of its lines without the page's mark."""

    entries: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class _Mark:
    kind: str  # the bullet, or what follows the number
    number: int | None
    text: str

    @property
    def written(self) -> str:
        return (_HYPHEN if self.kind == _HYPHEN else "*") if self.number is None else f"{self.number}{self.kind}"

    def follows(self, before: "_Mark") -> bool:
        """Whether this may be the next entry: the same bullet, or the next number."""
        return (
            self.kind == before.kind
            and (before.number is None) == (self.number is None)
            and (self.number is None or before.number is None or self.number == before.number + 1)
        )


def items_of(paragraphs: Sequence[Paragraph]) -> Iterator[Paragraph | Item]:
    """Paragraphs and lists in their order; a paragraph that has a list in it is given in parts."""
    lines = [(paragraph, line) for paragraph in paragraphs for line in paragraph.lines]
    marks = [_mark(line.text) for _paragraph, line in lines]
    at = 0
    while at < len(lines):
        found, end = _entries(lines, marks, at)
        if _is_list(found):
            yield Item(tuple(found))
        else:
            end = _end_of_text(lines, marks, at)
            yield _part(lines[at:end])
        at = end


def _entries(
    lines: Sequence[tuple[Paragraph, Line]], marks: Sequence[_Mark | None], at: int
) -> tuple[list[tuple[str, tuple[str, ...]]], int]:
    """The entries of a list that begins at a line, and the first line behind it.

    A line without a mark goes on with an entry where it is of the same paragraph.
    """
    found: list[tuple[str, tuple[str, ...]]] = []
    last: _Mark | None = None
    while at < len(lines):
        mark = marks[at]
        if mark is not None and (last is None or mark.follows(last)):
            found.append((mark.written, (mark.text,)))
            last = mark
        elif found and mark is None and lines[at][0] is lines[at - 1][0]:
            found[-1] = (found[-1][0], (*found[-1][1], lines[at][1].text))
        else:
            break
        at += 1
    return found, at


def _is_list(entries: Sequence[tuple[str, tuple[str, ...]]]) -> bool:
    """Two entries or more; behind hyphens, sentences are what people say to each other."""
    if len(entries) < _LEAST_ENTRIES:
        return False
    sentences = sum(lines[-1].endswith(_ENDS_OF_SENTENCES) for _mark, lines in entries)
    return entries[0][0] != _HYPHEN or 2 * sentences < len(entries)


def _end_of_text(lines: Sequence[tuple[Paragraph, Line]], marks: Sequence[_Mark | None], at: int) -> int:
    """The first line behind a line that begins no list: of another paragraph, or that begins one."""
    end = at + 1
    while end < len(lines) and lines[end][0] is lines[at][0]:
        if marks[end] is not None and _is_list(_entries(lines, marks, end)[0]):
            break
        end += 1
    return end


def _part(lines: Sequence[tuple[Paragraph, Line]]) -> Paragraph:
    kept = tuple(line for _paragraph, line in lines)
    return replace(lines[0][0], lines=kept, box=around([line.box for line in kept]))


def _mark(text: str) -> _Mark | None:
    number = _NUMBER.match(text)
    if number:
        return _Mark(number[2], int(number[1]), text[number.end() :])
    bullet = _BULLET.match(text)
    return _Mark(bullet[1] or bullet[2], None, text[bullet.end() :]) if bullet else None
