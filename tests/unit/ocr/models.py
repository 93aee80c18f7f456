"""Models of a few words, in the form that Tesseract's have: characters and a dictionary, and nothing to read with."""

import struct
from collections.abc import Iterable
from pathlib import Path

_NONE = -1
_COMPONENTS, _DAWG, _CHARACTERS = 24, 19, 21
_LAST, _END = 1, 4


def model(path: Path, words: Iterable[str], script: str = "Latin") -> Path:
    """Write a model that knows these words."""
    words = sorted(set(words))
    letters = sorted({letter for word in words for letter in word})
    parts = {_CHARACTERS: _unicharset(letters, script), _DAWG: _dawg(words, letters)}
    offsets, body = [_NONE] * _COMPONENTS, b""
    start = 4 + 8 * _COMPONENTS
    for kind, part in sorted(parts.items()):
        offsets[kind] = start + len(body)
        body += part
    path.write_bytes(struct.pack(f"<i{_COMPONENTS}q", _COMPONENTS, *offsets) + body)
    return path


def _unicharset(letters: list[str], script: str) -> bytes:
    special = ["NULL 0 Common 0", "Joined 7 0,255,0,255,0,0,0,0,0,0 Latin 1 0 1 Joined", "|Broken|0|1 f 0,255 Common 2"]
    known = [
        f"{letter} 3 0,255,0,255,0,0,0,0,0,0 {script} {at} 0 {at} {letter}" for at, letter in enumerate(letters, 3)
    ]
    return "\n".join([str(len(known) + 3), *special, *known]).encode()


def _dawg(words: list[str], letters: list[str]) -> bytes:
    """A graph of edges, the nodes one behind the other: that of all first letters, then what follows each."""
    bits = (len(letters) + 3).bit_length()
    nodes: list[str] = [""]
    for word in words:
        nodes += [start for at in range(1, len(word)) if (start := word[:at]) not in nodes]
    following = {
        node: sorted({word[len(node)] for word in words if word.startswith(node) and word != node}) for node in nodes
    }
    first: dict[str, int] = {}
    for node in nodes:
        first[node] = sum(len(following[other]) for other in first)
    edges = []
    for node in nodes:
        for letter in following[node]:
            flags = (_LAST if letter == following[node][-1] else 0) | (_END if node + letter in words else 0)
            goes_on = first.get(node + letter, 0)
            edges.append(letters.index(letter) + 3 | flags << bits | goes_on << bits + 3)
    return struct.pack(f"<hii{len(edges)}Q", 42, len(letters) + 3, len(edges), *edges)
