import pytest

from ocr_platform.layout import Box, box_of, tree_of, upright
from tests.unit.layout.support import column, line, turned


def test_words_come_as_blocks_paragraphs_and_lines_with_boxes_around() -> None:
    words = column(["one two", "three"], 10, 20, block=4) + line("five", 300, 20, block=7, paragraph=2, number=3)

    first, second = tree_of(words)

    assert (first.number, first.box) == (4, Box(10, 20, 150, 95))
    assert [text.text for text in first.lines] == ["one two", "three"]
    assert (second.number, second.paragraphs[0].number, second.lines[0].number) == (7, 2, 3)
    assert second.lines[0].box == second.box == Box(300, 20, 380, 50)


def test_no_word_is_lost_when_blocks_take_turns() -> None:
    words = line("a b", 0, 0) + line("c", 500, 0, block=2) + line("d", 200, 0)

    assert [block.lines[0].text for block in tree_of(words)] == ["a b d", "c"]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_boxes_of_a_turned_page_lie_to_each_other_as_upright_ones_do(rotation: int) -> None:
    words = line("left right", 100, 200)
    boxes = [upright(box_of([word]), rotation) for word in turned(words, rotation, 1000, 1400)]

    assert boxes[0].right < boxes[1].left
    assert (boxes[0].top, boxes[0].bottom) == (boxes[1].top, boxes[1].bottom)
    assert (boxes[0].width, boxes[0].height) == (80, 30)
