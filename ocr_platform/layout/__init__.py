"""From words to lines, tables and text: pure functions of words and their boxes."""

from ocr_platform.layout.direction import FROM_RIGHT, runs_from_right
from ocr_platform.layout.markers import with_markers
from ocr_platform.layout.text import plain_text, text_of, with_rows
from ocr_platform.layout.tree import Block, Box, Line, Paragraph, box_of, joined, tree_of, upright
from ocr_platform.layout.turns import turned_box

__all__ = [
    "FROM_RIGHT",
    "Block",
    "Box",
    "Line",
    "Paragraph",
    "box_of",
    "joined",
    "plain_text",
    "runs_from_right",
    "text_of",
    "tree_of",
    "turned_box",
    "upright",
    "with_markers",
    "with_rows",
]
