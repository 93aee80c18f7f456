"""Rising tables from scores to shares of right words, and how far off they are."""

from collections.abc import Sequence
from typing import Protocol

Table = tuple[tuple[float, float], ...]
Pool = tuple[float, float, int]  # sum of scores, of right words, number

_LEAST_WORDS, _STEPS = 25, 200  # words of a step: fewer say little
_MOST_PAIRS = 10
_PRIOR = 1.0  # as if so many words more had been seen, half of them right: no share is 0 or 1
_BINS = 15


class Marked(Protocol):
    """A score (0-1) and whether the word was right."""

    @property
    def score(self) -> float:
        """As the recogniser gives it."""
        ...

    @property
    def right(self) -> bool:
        """Whether the page says it."""
        ...


def fit(words: Sequence[Marked]) -> Table:
    """Isotonic regression by pooling adjacent violators (Ayer et al. 1955), of equally filled steps.

    Pairs of a pool's mean score and its share of right words, both rising; a pair of halves when there are no words.
    Pools that differ least are joined until few are left (Ward's criterion).
    """
    ordered = sorted(words, key=lambda word: word.score)
    size = max(_LEAST_WORDS, len(ordered) // _STEPS)
    pools: list[Pool] = []
    for start in range(0, len(ordered), size):
        step = ordered[start : start + size]
        pools.append((sum(each.score for each in step), sum(each.right for each in step), len(step)))
        while len(pools) > 1 and _share(pools[-2]) >= _share(pools[-1]):
            last, before = pools.pop(), pools.pop()
            pools.append(_joined(before, last))
    while len(pools) > _MOST_PAIRS:
        at = min(range(len(pools) - 1), key=lambda index: _loss(pools[index], pools[index + 1]))
        pools[at : at + 2] = [_joined(pools[at], pools[at + 1])]
    if not pools:
        return ((0.5, 0.5),)
    return tuple((round(pool[0] / pool[2], 4), round(_share(pool), 4)) for pool in pools)


def expected_error(pairs: Sequence[tuple[float, bool]]) -> float:
    """Expected calibration error (Naeini et al. 2015): |said - right| of equally wide bins, weighted by their words."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for said, right in pairs:
        bins.setdefault(min(_BINS - 1, int(said * _BINS)), []).append((said, right))
    return sum(abs(sum(s for s, _ in each) - sum(r for _, r in each)) for each in bins.values()) / max(1, len(pairs))


def _joined(one: Pool, other: Pool) -> Pool:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


def _loss(one: Pool, other: Pool) -> float:
    """What the squared error grows by when two pools become one."""
    return one[2] * other[2] / (one[2] + other[2]) * (_share(one) - _share(other)) ** 2


def _share(pool: Pool) -> float:
    return (pool[1] + _PRIOR / 2) / (pool[2] + _PRIOR)
