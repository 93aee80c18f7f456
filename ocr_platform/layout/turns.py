"""Boxes on pages that lie on their side."""

from typing import TypeVar

Number = TypeVar("Number", int, float)


def turned_box(
    left: Number, top: Number, right: Number, bottom: Number, rotation: int, width: Number, height: Number
) -> tuple[Number, Number, Number, Number]:
    """Left, top, right and bottom of a box when its page of `width` and `height` is turned clockwise by `rotation`.

    Quarters of a turn: 0, 90, 180 or 270 degrees. With no width and height the origin is the page's corner that was
    its origin before, so that coordinates can be negative: good for comparing boxes.
    """
    match rotation:
        case 90:
            return height - bottom, left, height - top, right
        case 180:
            return width - right, height - bottom, width - left, height - top
        case 270:
            return top, width - right, bottom, width - left
        case _:
            return left, top, right, bottom
