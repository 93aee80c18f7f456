"""What stands between words, taken from the page's own text: some scripts part words by nothing."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from ocr_platform.models import Word

# A word is looked for this far on at most: one that the text does not have must not skip all that follows.
_FURTHER = 200


def spaces_after(text: str, words: Sequence[Word]) -> list[bool]:
    """For each word of a page, in the text's order, whether a space or a line's end follows it in the text."""
    places = list(_places(text, words))
    followed = [place is None or following is None or following[0] > place[1] for place, following in pairwise(places)]
    return [*followed, True] if words else []


def _places(text: str, words: Sequence[Word]) -> Iterator[tuple[int, int] | None]:
    """Where each word begins and ends in the text; None for one that is not where it should be."""
    at = 0
    for word in words:
        start = text.find(word.text, at, at + len(word.text) + _FURTHER) if word.text else -1
        if start < 0:
            yield None
        else:
            at = start + len(word.text)
            yield start, at
