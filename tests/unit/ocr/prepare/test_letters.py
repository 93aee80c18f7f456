"""Connected pieces of ink, beside a plain flood fill."""

import numpy as np
import pytest

from ocr_platform.ocr.prepare import letters as module
from ocr_platform.ocr.prepare.ink import Mask
from ocr_platform.ocr.prepare.letters import components, dark_bands, letters, turned

Box = tuple[int, int, int, int, int]


def filled(ink: Mask) -> list[Box]:
    """Left, top, right, bottom and pixels of each piece, one pixel after the other."""
    left = {(int(row), int(column)) for row, column in zip(*np.nonzero(ink), strict=True)}
    found = []
    while left:
        piece, edge = set(), [left.pop()]
        while edge:
            row, column = edge.pop()
            piece.add((row, column))
            near = {(row + down, column + across) for down in (-1, 0, 1) for across in (-1, 0, 1)} & left
            left -= near
            edge.extend(near)
        rows, columns = [row for row, _ in piece], [column for _, column in piece]
        found.append((min(columns), min(rows), max(columns) + 1, max(rows) + 1, len(piece)))
    return sorted(found)


def as_boxes(ink: Mask) -> list[Box]:
    boxes, pixels = components(ink)
    return sorted((*box, many) for box, many in zip(boxes.tolist(), pixels.tolist(), strict=True))


@pytest.mark.parametrize("share", [0.02, 0.2, 0.45, 0.8])
@pytest.mark.parametrize("seed", range(5))
def test_pieces_are_those_of_a_flood_fill(share: float, seed: int) -> None:
    ink = np.random.default_rng(seed).random((37, 53)) < share

    assert as_boxes(ink) == filled(ink)


def test_a_spiral_and_a_comb_are_one_piece_each() -> None:
    comb = np.zeros((40, 41), bool)
    comb[::1, ::2] = True
    comb[-1] = True
    assert len(as_boxes(comb)) == 1

    spiral = np.zeros((21, 21), bool)
    for ring in range(0, 10, 2):
        spiral[ring, ring : 21 - ring] = spiral[20 - ring, ring : 21 - ring] = True
        spiral[ring : 21 - ring, 20 - ring] = spiral[ring + 2 : 21 - ring, ring] = True
        spiral[ring + 2, ring : ring + 3] = True
    assert as_boxes(spiral) == filled(spiral)


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1)])
@pytest.mark.parametrize("full", [False, True])
def test_pages_without_ink_and_without_paper(shape: tuple[int, int], *, full: bool) -> None:
    assert len(as_boxes(np.full(shape, full))) == int(full)


def test_noise_without_end_is_not_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_RUNS", 100)

    assert as_boxes(np.random.default_rng(0).random((50, 50)) < 0.5) == []


def test_letters_are_told_from_specks_rules_and_pictures() -> None:
    # Given ten letters of 8 by 12, a speck, a rule and a picture
    ink = np.zeros((300, 400), bool)
    for place in range(10):
        ink[50:62, 20 + 15 * place : 28 + 15 * place] = True
    ink[100, 100] = True
    ink[150:152, 10:390] = True
    ink[170:290, 10:390] = True

    found, height = letters(*components(ink))

    assert len(found) == 10
    assert height in (11, 12, 13)
    assert found[:, 1].tolist() == [50] * 10


def test_dark_bands_are_wide_and_full() -> None:
    page = np.zeros((300, 400), bool)
    page[10:22, 10:18] = True
    page[100:102, 10:390] = True
    boxes, pixels = components(page)
    assert not dark_bands(boxes, pixels, 12)

    page[200:240, 10:390] = True
    page[210:222, 50:300:2] = False
    boxes, pixels = components(page)
    assert dark_bands(boxes, pixels, 12)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_turned_boxes_are_those_of_the_turned_page(turn: int) -> None:
    ink = np.zeros((60, 80), bool)
    ink[10:20, 30:35] = True
    ink[40:45, 60:75] = True

    moved = turned(components(ink)[0], turn)
    expected = components(np.rot90(ink, -turn // 90).copy())[0]

    shift = expected[:, :2].min(axis=0) - moved[:, :2].min(axis=0)
    assert sorted((moved + np.tile(shift, 2)).tolist()) == sorted(expected.tolist())
