"""Makes the table of `ocr_platform.ocr.letters` from lists of words: Debian's packages wamerican, wngerman, …"""

import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

from ocr_platform.ocr.letters import ALPHABET, folded

LISTS = (
    "american-english",
    "bokmaal",
    "catalan",
    "danish",
    "dutch",
    "french",
    "italian",
    "ngerman",
    "polish",
    "portuguese",
    "spanish",
    "swedish",
)
_FOLDER = Path("/usr/share/dict")
_WORDS = 40_000
_RARE = 1e-6
_LATIN = re.compile(r"[a-z]{2,}")


def table() -> list[str]:
    """A row for each letter and the edge of a word, a digit for each that may follow. Raises FileNotFoundError."""
    chance = random.Random(1)  # noqa: S311  no secret
    shares: defaultdict[str, float] = defaultdict(float)
    for name in LISTS:
        pairs = _pairs((_FOLDER / name).read_text(encoding="utf-8", errors="replace").split("\n"), chance)
        for pair, count in pairs.items():
            shares[pair] += count / pairs.total() / len(LISTS)
    return ["".join(_surprise(shares, first, second) for second in ALPHABET) for first in ALPHABET]


def _pairs(words: list[str], chance: random.Random) -> Counter[str]:
    found: Counter[str] = Counter()
    for word in map(folded, (word.lower() for word in chance.sample(words, min(_WORDS, len(words))))):
        if _LATIN.fullmatch(word):
            found.update(map(str.__add__, f" {word}", f"{word} "))
    return found


def _surprise(shares: Mapping[str, float], first: str, second: str) -> str:
    row = sum(shares[first + each] for each in ALPHABET)
    share = (shares[first + second] + _RARE) / (row + len(ALPHABET) * _RARE)
    return str(min(9, max(0, round(-math.log2(share)))))
