import math

import pytest

from ocr_platform.models import Word
from ocr_platform.outputs.pdf.lines import placed
from tests.unit.outputs.pdf.support import word

HEIGHT = 500


def _leaning(angle: float, count: int = 6) -> list[Word]:
    """Words of 80 by 20 pixels on a line that rises by so many degrees, in upright boxes."""
    turn = math.radians(angle)
    wide = 80 * math.cos(turn) + 20 * abs(math.sin(turn))
    high = 80 * abs(math.sin(turn)) + 20 * math.cos(turn)
    words = []
    for number in range(count):
        x, y = 100 + 100 * number * math.cos(turn), 250 - 100 * number * math.sin(turn)
        words.append(word("HxH", (round(x - wide / 2), round(y - high / 2), round(wide), round(high))))
    return words


def test_words_with_and_without_tails_share_a_baseline_and_a_size() -> None:
    # Letters of 100 units: capitals reach 73 above the baseline, tails 22 below it, an x 50 above
    words = [word("Hand", (0, 127, 90, 73)), word("nose", (100, 150, 90, 50)), word("page", (200, 150, 90, 72))]

    line = placed(words, HEIGHT, 0.0)

    assert {round(each.baseline) for each in line.words} == {HEIGHT - 200}
    assert [each.size for each in line.words] == [pytest.approx(100, rel=0.02)] * 3
    assert [each.along for each in line.words] == [0, 100, 200]


def test_dash_takes_the_place_and_the_size_of_its_line() -> None:
    words = [word("Hand", (0, 127, 90, 73)), word("-", (100, 165, 20, 6)), word("Hand", (130, 127, 90, 73))]

    line = placed(words, HEIGHT, 0.0)

    assert line.words[1].size == line.words[0].size


def test_initial_keeps_its_own_size() -> None:
    words = [word("D", (0, 100, 200, 219)), word("Hand", (210, 127, 90, 73)), word("Hand", (310, 127, 90, 73))]

    line = placed(words, HEIGHT, 0.0)

    assert line.words[0].size == pytest.approx(300, rel=0.02)
    assert line.words[1].size == pytest.approx(100, rel=0.02)


@pytest.mark.parametrize("angle", [-8.0, -2.0, -0.8, 0.8, 3.0, 10.0])
def test_line_leans_as_its_words_do_when_nobody_measured_it(angle: float) -> None:
    line = placed(_leaning(angle), HEIGHT, 0.0)

    assert line.angle == pytest.approx(angle, abs=0.3)


@pytest.mark.parametrize("angle", [-12.0, -3.0, 1.0, 7.0])
def test_words_of_a_leaning_page_have_the_length_and_the_size_that_they_have_on_paper(angle: float) -> None:
    line = placed(_leaning(angle), HEIGHT, angle)

    assert line.angle == pytest.approx(angle, abs=0.35)
    assert all(each.length == pytest.approx(80, rel=0.06) for each in line.words)
    assert all(each.size == pytest.approx(20 / 0.73, rel=0.15) for each in line.words)


def test_box_that_is_too_flat_for_the_slope_keeps_half_of_what_it_has() -> None:
    (only,) = placed([word("flat", (0, 0, 400, 10))], HEIGHT, 20.0).words

    assert only.length >= 200
    assert only.size > 0


@pytest.mark.parametrize(
    ("boxes", "angle"),
    [
        ([(100, 50, 20, 80), (100, 150, 20, 80)], 270),  # downwards
        ([(100, 350, 20, 80), (100, 250, 20, 80)], 90),  # upwards
        ([(400, 50, 80, 20), (300, 50, 80, 20), (200, 50, 80, 20), (100, 50, 80, 20)], 180),
        ([(100, 50, 80, 20), (200, 50, 80, 20)], 0),
    ],
)
def test_line_that_stands_otherwise_than_its_page_is_told_by_its_boxes(
    boxes: list[tuple[int, int, int, int]], angle: int
) -> None:
    assert placed([word("HanH", box) for box in boxes], HEIGHT, 0.0).angle == angle


def test_line_of_a_script_from_the_right_is_not_taken_to_stand_on_its_head() -> None:
    words = [word("שלום", (left, 50, 80, 20)) for left in (400, 300, 200, 100)]

    assert placed(words, HEIGHT, 0.0).angle == 0
