"""Two readings of one page become one, word by word; each place gets the word that is more likely right."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from ocr_platform.layout import plain_text
from ocr_platform.models import Word, WordSource
from ocr_platform.ocr.alignment import Match, align, on_lines
from ocr_platform.ocr.confidence import Basis, likelihood, percent
from ocr_platform.ocr.engines.lines import SeenLine, SeenWord
from ocr_platform.ocr.rows import Row, insert_row, numbered, rows_of

_PERCENT = 100
# Signs that one recogniser writes as printers do and another as typewriters do.
_SIGNS = {
    **dict.fromkeys((0x2018, 0x2019, 0x201A, 0x201B, 0x60, 0xB4), "'"),
    **dict.fromkeys((0x201C, 0x201D, 0x201E, 0x201F), '"'),
    **dict.fromkeys((0x2013, 0x2014), "-"),
}
# A number that goes on behind a space, which no number has there; digits in groups may be parted by one.
_BROKEN = re.compile(r"\d[.,:/-]$")
# A word that the second reading alone has is left out below this likelihood.
_LEAST_NEW = 0.5
# What a word costs that turns out to be wrong: F1 gains by every word that is likelier to be right than half of F1
# itself, 0.9 here. So a reading that has broken a word into pieces is not preferred for having more of them.
_COST = 0.45


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of two readings. `text` is None where the first reading's own still holds.

    `disputed` is the share of letters of the first reading where the second has others.
    """

    words: tuple[Word, ...]
    text: str | None
    disputed: float


def merge(first: Sequence[Word], lines: Sequence[SeenLine]) -> Merged:
    """Merge lines that were read a second time into a first reading, whose structure and order are kept.

    Confidences of `first` are scores as the recogniser gives them (0-100); those of the result are calibrated.
    """
    matches = align(first, lines)
    replaced = {
        index: [_rated(word, Basis.FIRST_ONLY if seen else Basis.ALONE)]
        for index, (word, seen) in enumerate(zip(first, on_lines(first, lines), strict=True))
    }
    added: list[Match] = []
    changed = False
    disputed = 0
    for match in matches:
        if not match.first:
            added.append(match)
            continue
        old = [first[index] for index in match.first]
        new = _decided(old, match.second)
        changed = changed or [word.text for word in new] != [word.text for word in old]
        disputed += 0 if same_text(old, match.second) else sum(len(word.text) for word in old)
        for index in match.first:
            replaced[index] = []
        replaced[match.first[0]] = new
    rows = rows_of(first)
    changed = _put_in(rows, first, replaced, matches, added) or changed
    words = tuple(numbered(rows))
    letters = sum(len(word.text) for word in first)
    return Merged(words, plain_text(words) if changed else None, disputed / letters if letters else 0.0)


def alone(words: Iterable[Word]) -> tuple[Word, ...]:
    """Words of one reading with calibrated confidences; what the document brought along stays as it is."""
    return tuple(_rated(word, Basis.ALONE) for word in words)


def same_text(old: Sequence[Word], new: Sequence[SeenWord]) -> bool:
    """Whether two readings have the same characters, whichever quotes they use and however they part the words."""
    return _plain(old) == _plain(new)


def _plain(words: Sequence[Word | SeenWord]) -> str:
    return "".join(word.text for word in words).translate(_SIGNS)


def _decided(old: list[Word], new: Sequence[SeenWord]) -> list[Word]:
    """What stands where both readings have something."""
    if any(word.source is WordSource.TEXT for word in old):
        return old  # what the document says of itself is not for recognisers to change
    if not new:
        return [_rated(word, Basis.FIRST_ONLY) for word in old]
    if same_text(old, new):
        return _unbroken([_rated(word, Basis.AGREED) for word in old], new)
    if _without_marks(old) == _plain(new):
        return [_rated(word, Basis.FIRST) for word in old]  # accents are what the second reading overlooks
    # How many right words to expect of either, less what its wrong ones cost.
    ours = sum(likelihood(Basis.FIRST, word.confidence / _PERCENT) - _COST for word in old)
    theirs = sum(likelihood(Basis.SECOND, word.score) - _COST for word in new)
    if ours >= theirs:
        return [_rated(word, Basis.FIRST) for word in old]
    return [_seen(word, Basis.SECOND, old[0]) for word in new]


def _unbroken(words: list[Word], seen: Sequence[SeenWord]) -> list[Word]:
    """Words with their numbers in one piece: those that are broken behind a point, and whole in the second reading."""
    ends = set(accumulate(len(word.text) for word in seen))
    found = words[:1]
    at = len(words[0].text)
    for word in words[1:]:
        if at not in ends and _BROKEN.search(found[-1].text) and word.text[0].isdigit():
            found[-1] = _together(found[-1], word)
        else:
            found.append(word)
        at += len(word.text)
    return found


def _together(one: Word, other: Word) -> Word:
    left, top = min(one.left, other.left), min(one.top, other.top)
    right, bottom = (
        max(one.left + one.width, other.left + other.width),
        max(one.top + one.height, other.top + other.height),
    )
    return replace(
        one,
        text=one.text + other.text,
        left=left,
        top=top,
        width=right - left,
        height=bottom - top,
        confidence=min(one.confidence, other.confidence),
    )


def _put_in(
    rows: list[Row], first: Sequence[Word], replaced: dict[int, list[Word]], matches: list[Match], added: list[Match]
) -> bool:
    """Fill the rows with what was decided, and put in what the second reading alone has; whether there was any."""
    row_of: dict[int, Row] = {}
    index = 0
    for row in rows:
        kept: list[Word] = []
        for _word in row.words:
            row_of[index] = row
            kept.extend(replaced[index])
            index += 1
        row.words = kept
    homes = {match.line: row_of[match.first[0]] for match in matches if match.first}
    strays: dict[int, list[Word]] = {}
    some = False
    for match in added:
        likely = [word for word in match.second if likelihood(Basis.SECOND_ONLY, word.score) >= _LEAST_NEW]
        words = [_seen(word, Basis.SECOND_ONLY, None) for word in likely]
        some = some or bool(words)
        if match.line in homes:
            homes[match.line].add(words)
        elif words:
            strays.setdefault(match.line, []).extend(words)
    filled = [row for row in rows if row.words]
    rows[:] = filled
    for words in sorted(strays.values(), key=lambda each: min(word.top for word in each)):
        insert_row(rows, words)
    return some


def _rated(word: Word, basis: Basis) -> Word:
    if word.source is WordSource.TEXT:
        return word
    return replace(word, confidence=percent(basis, word.confidence / _PERCENT))


def _seen(word: SeenWord, basis: Basis, place: Word | None) -> Word:
    """A word of the second reading, in the line of a word of the first."""
    left, top, right, bottom = word.box
    block, paragraph, line = (place.block, place.paragraph, place.line) if place else (0, 0, 0)
    confidence = percent(basis, word.score)
    return Word(word.text, left, top, right - left, bottom - top, confidence, block, paragraph, line, WordSource.SECOND)


def _without_marks(words: Sequence[Word]) -> str:
    text = unicodedata.normalize("NFD", _plain(words))
    return "".join(character for character in text if not unicodedata.combining(character))
