"""Text that Markdown is to show as it is."""

import re
from html import unescape

# CommonMark 0.31, 2.4: what a backslash makes literal; of these, what can begin something within a line.
_WITHIN = re.compile(r"[\\`*_\[\]<>~|]")
# What can begin something at the start of a line: headings, rules, quotes, lists, tables' rules, setext underlines.
_NUMBERED = re.compile(r"(\d{1,9})([.)])(?=\s|$)")
_AT_START = re.compile(r"(?:[-+*=#>:]|~~~|```)")
_ENTITY = re.compile(r"&(?=#|[A-Za-z])")


def escaped(text: str) -> str:
    """Text within a line."""
    shown = _WITHIN.sub(r"\\\g<0>", text)
    # An ampersand needs none, unless it begins what a reader takes for a character's name.
    return _ENTITY.sub("&amp;", shown) if "&" in shown and unescape(text) != text else shown


def escaped_line(text: str) -> str:
    """Text that begins a line, and whose further lines do."""
    return "\n".join(_line(line.lstrip()) for line in text.split("\n"))


def escaped_cell(text: str) -> str:
    """Text in a cell of a table."""
    return escaped(" ".join(text.split()))


def _line(text: str) -> str:
    shown = escaped(text)
    numbered = _NUMBERED.match(shown)
    if numbered:
        return f"{numbered[1]}\\{shown[numbered.end(1) :]}"
    return f"\\{shown}" if _AT_START.match(shown) else shown
