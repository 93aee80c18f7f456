"""How a page lies, by its letters alone: the sides on which they stand in rows tell where it is up, and how it leans.

Letters of Latin, Greek, Cyrillic and Armenian print stand on a line; their tops differ. So the row of bottoms is the
sharpest of the four sides. Where letters hang from a line (Devanagari and its neighbours) it is the row of tops.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ocr_platform.ocr.prepare.letters import Boxes, turned

Points = npt.NDArray[np.float32]

_MOST_SKEW = 15.5
_COARSE, _FINE = 0.5, 0.05
# Fewer letters than these say nothing of a page.
_ENOUGH = 40
# A row of letters may be so uneven, as a share of their height.
_ROW = 1 / 6
_MOST_LETTERS = 2000
# Rows of text are so many times sharper than what the same letters give at most other angles; noise has no rows.
_PROMINENT = 2.0
# Rows that are sharper than this share of the sharpest may be those of the page as it stands upright.
_NEARLY = 0.75


@dataclass(frozen=True, slots=True)
class Lie:
    """How sharp the rows are that letters make, by how many degrees clockwise the page would be turned first.

    `skew` is by how many degrees clockwise it has to be turned after that, for each of the same four.
    """

    sharpness: dict[int, float]
    skew: dict[int, float]

    @property
    def rotation(self) -> int:
        """The turn that gives the sharpest rows."""
        return max(self.sharpness, key=lambda turn: self.sharpness[turn])

    def likely(self, besides: int) -> list[int]:
        """Other turns that give rows nearly as sharp as the sharpest, and none at all, the sharpest first."""
        most = max(self.sharpness.values())
        others = sorted(self.sharpness, key=lambda turn: -self.sharpness[turn])
        return [turn for turn in others if turn != besides and (not turn or self.sharpness[turn] >= most * _NEARLY)]

    def beats(self, turn: int, other: int) -> float:
        """By how many times the rows of one turn are sharper than those of another."""
        return self.sharpness[turn] / max(self.sharpness[other], 1e-9)


def lie_of(letters: Boxes, height: int) -> Lie | None:
    """How the letters of a page lie, of this height in pixels; None when they are too few to say, or in no rows."""
    if len(letters) < _ENOUGH:
        return None
    step = -(-len(letters) // _MOST_LETTERS)
    row = max(1.0, height * _ROW)
    found = {turn: _sharpest(turned(letters[::step], turn).astype(np.float32), row) for turn in (0, 90, 180, 270)}
    if max(each[2] for each in found.values()) < _PROMINENT:
        return None
    return Lie({turn: each[0] for turn, each in found.items()}, {turn: each[1] for turn, each in found.items()})


def _sharpest(letters: Points, row: float) -> tuple[float, float, float]:
    """The greatest sharpness of the rows, the turn in degrees clockwise that gives it, and how far it stands out."""
    across, down = (letters[:, 0] + letters[:, 2]) * np.float32(0.5), letters[:, 3]
    coarse = np.arange(-_MOST_SKEW, _MOST_SKEW + _COARSE / 2, _COARSE)
    rough = _sharpness(across, down, coarse, row)
    near = coarse[int(np.argmax(rough))]
    fine = np.arange(near - _COARSE, near + _COARSE + _FINE / 2, _FINE)
    found = _sharpness(across, down, fine, row)
    # Several neighbours are alike on short lines: their middle.
    best = fine[found >= found.max() * 0.995]
    return float(found.max()), -round(float(best.mean()), 2), float(found.max() / np.median(rough))


def _sharpness(across: Points, down: Points, angles: npt.NDArray[np.float64], row: float) -> npt.NDArray[np.float64]:
    """How many letters share their row with a letter, on average, when lines fall to the right by these degrees."""
    slopes = np.tan(np.radians(angles)).astype(np.float32) / np.float32(row)
    places = down / np.float32(row) - np.outer(slopes, across)
    rows = (places - places.min(axis=1, keepdims=True)).astype(np.int32)
    most = int(rows.max()) + 1
    rows += np.arange(len(angles), dtype=np.int32)[:, None] * most  # rows of one angle behind those of the one before
    counts = np.bincount(rows.ravel(), minlength=len(angles) * most).reshape(len(angles), most)
    shared: npt.NDArray[np.float64] = np.einsum("ij,ij->i", counts, counts) / len(across)
    return shared
