"""From words to lines, tables and text: pure functions of words and their boxes."""

from ocr_platform.layout.markers import with_markers
from ocr_platform.layout.text import plain_text, text_of, with_rows
from ocr_platform.layout.tree import Block, Box, Line, Paragraph, box_of, joined, tree_of, upright

__all__ = [
    "Block",
    "Box",
    "Line",
    "Paragraph",
    "box_of",
    "joined",
    "plain_text",
    "text_of",
    "tree_of",
    "upright",
    "with_markers",
    "with_rows",
]
