"""Which words of two readings of one page stand on the same ink."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr_platform.models import Word
from ocr_platform.ocr.engines.lines import SeenLine, SeenWord

# Boxes of the second reading are only as exact as the steps of its network: this share of the smaller of two boxes,
# along the line and across it, makes them the same place.
_ALONG, _ACROSS = 0.35, 0.5

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Match:
    """Words that stand in the same place: indices of the first reading's, and the second's themselves; one may be none.

    `line` is the index of the second reading's line.
    """

    first: tuple[int, ...]
    second: tuple[SeenWord, ...]
    line: int


def align(first: Sequence[Word], lines: Sequence[SeenLine]) -> list[Match]:
    """Matches for every word of the second reading, and for those of the first that stand where it has any.

    Each match is as small as the texts allow: words at its ends that both readings have alike are matches of their own.
    """
    overlapping = _overlaps(first, [word for line in lines for word in line.words])
    matches: list[Match] = []
    taken: set[int] = set()
    start = 0
    for number, line in enumerate(lines):
        spots = [
            [int(index) for index in np.flatnonzero(overlapping[:, start + offset]) if int(index) not in taken]
            for offset in range(len(line.words))
        ]
        start += len(line.words)
        taken.update(index for spot in spots for index in spot)
        for indices, words in _groups(spots, line.words):
            matches.extend(_split(first, sorted(indices, key=lambda index: first[index].left), words, number))
    return matches


def on_lines(first: Sequence[Word], lines: Sequence[SeenLine]) -> list[bool]:
    """For each word of the first reading, whether the second read the line that it stands on."""
    if not lines:
        return [False] * len(first)
    ours = np.array([(w.left, w.top, w.left + w.width, w.top + w.height) for w in first], float).reshape(-1, 4)
    theirs = np.array([line.box for line in lines], float)
    along = _share(ours[:, [0, 2]], theirs[:, [0, 2]])
    across = _share(ours[:, [1, 3]], theirs[:, [1, 3]])
    found: list[bool] = np.any((along >= _ALONG) & (across >= _ACROSS), axis=1).tolist()
    return found


def _overlaps(first: Sequence[Word], second: Sequence[SeenWord]) -> NDArray[np.bool_]:
    """For each word of the one and of the other, whether they stand in the same place."""
    ours = np.array([(w.left, w.top, w.left + w.width, w.top + w.height) for w in first], float).reshape(-1, 4)
    theirs = np.array([w.box for w in second], float).reshape(-1, 4)
    along = _share(ours[:, [0, 2]], theirs[:, [0, 2]])
    across = _share(ours[:, [1, 3]], theirs[:, [1, 3]])
    same: NDArray[np.bool_] = (along >= _ALONG) & (across >= _ACROSS)
    return same


def _share(ours: Floats, theirs: Floats) -> Floats:
    """What two stretches have in common, as a share of the shorter."""
    common = np.minimum(ours[:, None, 1], theirs[None, :, 1]) - np.maximum(ours[:, None, 0], theirs[None, :, 0])
    lengths = np.minimum((ours[:, 1] - ours[:, 0])[:, None], (theirs[:, 1] - theirs[:, 0])[None, :])
    share: Floats = common / np.maximum(lengths, 1)
    return share


def _groups(spots: list[list[int]], words: Sequence[SeenWord]) -> list[tuple[set[int], list[SeenWord]]]:
    """Neighbours of the second reading that share a word of the first belong together."""
    groups: list[tuple[set[int], list[SeenWord]]] = []
    for spot, word in zip(spots, words, strict=True):
        if groups and groups[-1][0].intersection(spot):
            groups[-1][0].update(spot)
            groups[-1][1].append(word)
        else:
            groups.append((set(spot), [word]))
    return groups


def _split(first: Sequence[Word], indices: list[int], words: list[SeenWord], line: int) -> list[Match]:
    """Part a group at words that both have, from its front and from its end."""
    front: list[Match] = []
    back: list[Match] = []
    while indices and words and len(indices) + len(words) > 2 and first[indices[0]].text == words[0].text:  # noqa: PLR2004
        front.append(Match((indices.pop(0),), (words.pop(0),), line))
    while indices and words and len(indices) + len(words) > 2 and first[indices[-1]].text == words[-1].text:  # noqa: PLR2004
        back.append(Match((indices.pop(),), (words.pop(),), line))
    middle = [Match(tuple(indices), tuple(words), line)] if words or indices else []
    return [*front, *middle, *reversed(back)]
