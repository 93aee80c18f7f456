import pytest

from ocr_platform.layout import runs_from_right, turned_box

WIDTH, HEIGHT = 100, 60


@pytest.mark.parametrize(
    ("rotation", "expected"),
    [(0, (10, 5, 30, 15)), (90, (45, 10, 55, 30)), (180, (70, 45, 90, 55)), (270, (5, 70, 15, 90))],
)
def test_box_is_where_its_page_takes_it(rotation: int, expected: tuple[int, int, int, int]) -> None:
    assert turned_box(10, 5, 30, 15, rotation, WIDTH, HEIGHT) == expected


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_box_is_back_when_its_page_is_turned_the_rest_of_the_way(rotation: int) -> None:
    size = (HEIGHT, WIDTH) if rotation % 180 else (WIDTH, HEIGHT)

    assert turned_box(*turned_box(10, 5, 30, 15, rotation, WIDTH, HEIGHT), 360 - rotation, *size) == (10, 5, 30, 15)


def test_line_runs_from_where_most_of_its_letters_do() -> None:
    assert runs_from_right(["שלום", "PDF"])
    assert not runs_from_right(["see", "page", "אב"])
    assert not runs_from_right(["12", "."])
