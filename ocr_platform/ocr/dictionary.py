"""The words of a language, as its model has them: what is installed for recognition also tells languages apart.

A model of Tesseract's (`*.traineddata`) is a file of components (ccutil/tessdatamanager.h): a count, then as many
offsets, then the components. Two are used here: the characters that the model knows (`lstm-unicharset`, a line each
with the script among its fields) and its dictionary (`lstm-word-dawg`, dict/dawg.h: a graph of letters in which each
path from the first node is the beginning of a word). The file is mapped into memory: what is not looked at is free.
"""

import mmap
import struct
import unicodedata
from collections import Counter
from functools import cached_property
from pathlib import Path

_COUNT = struct.Struct("<i")
_DAWG_HEADER = struct.Struct("<hii")
_DAWG_MAGIC = 42
_DAWG, _CHARACTERS = 19, 21  # TESSDATA_LSTM_SYSTEM_DAWG, TESSDATA_LSTM_UNICHARSET
_MOST_COMPONENTS = 1000  # TessdataManager::kMaxNumTessdataEntries
_SPECIAL_CHARACTERS = 3  # space, and two that stand for joined and for broken ones
_LAST_OF_NODE, _END_OF_WORD, _FLAG_BITS = 1, 4, 3
# The letters of an edge as they are folded, whether a word ends with them, and the node that follows.
_Edge = tuple[str, bool, int]
_MOST_NODES = 10_000
_MOST_STEPS = 400  # edges looked at for a word: a hundred times the usual


class Dictionary:
    """One model's words and script. Raises ValueError for a file that is no model with both."""

    def __init__(self, model: Path) -> None:
        with model.open("rb") as file:
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        parts = self._components()
        start, end = parts.get(_CHARACTERS, (0, 0))
        lines = self._bytes[start:end].decode("utf-8", "replace").split("\n")[1:]
        start, end = parts.get(_DAWG, (0, 0))
        if end - start < _DAWG_HEADER.size or len(lines) <= _SPECIAL_CHARACTERS:
            raise ValueError("a model without words or characters")
        magic, characters, edges = _DAWG_HEADER.unpack_from(self._bytes, start)
        first = start + _DAWG_HEADER.size
        if magic != _DAWG_MAGIC or edges < 1 or first + 8 * edges > end:
            raise ValueError("a dictionary of another form")
        self._edge = struct.Struct("<Q").unpack_from
        self._first, self._edges = first, edges
        self._letter_bits = characters.bit_length()
        self._letters = _folded_letters(lines)
        self._nodes: dict[int, dict[str, list[_Edge]]] = {}
        self.script = _script(lines)

    def _components(self) -> dict[int, tuple[int, int]]:
        """Where each component begins and ends."""
        (count,) = _COUNT.unpack_from(self._bytes)
        if not 0 < count <= _MOST_COMPONENTS:
            raise ValueError("no model")
        offsets = struct.unpack_from(f"<{count}q", self._bytes, _COUNT.size)
        starts = sorted((offset, kind) for kind, offset in enumerate(offsets) if offset >= 0)
        ends = [offset for offset, _kind in starts[1:]] + [len(self._bytes)]
        return {kind: (start, end) for (start, kind), end in zip(starts, ends, strict=True)}

    def knows(self, word: str) -> bool:
        """Whether a word, given as `folded` gives it, is one of this language's, whatever its accents and case."""
        waiting, steps = [(0, 0)] if word else [], 0  # nodes that were reached, with how many letters
        while waiting and steps < _MOST_STEPS:
            node, at = waiting.pop()
            for letters, ends, following in self._node(node).get(word[at], ()):
                if not word.startswith(letters, at):
                    continue
                steps += 1
                goes_on = at + len(letters)
                if goes_on == len(word):
                    if ends:
                        return True
                elif following:
                    waiting.append((following, goes_on))
        return False

    def _node(self, node: int) -> dict[str, list[_Edge]]:
        """The edges of a node by the first of their folded letters."""
        known = self._nodes.get(node)
        if known is not None:
            return known
        found: dict[str, list[_Edge]] = {}
        bits = self._letter_bits
        for at in range(node, self._edges):
            (edge,) = self._edge(self._bytes, self._first + 8 * at)
            flags = edge >> bits
            letters = self._letters.get(edge & ((1 << bits) - 1))
            if letters:
                follows = edge >> (bits + _FLAG_BITS)
                found.setdefault(letters[0], []).append((letters, bool(flags & _END_OF_WORD), follows))
            if flags & _LAST_OF_NODE:
                break
        if len(self._nodes) >= _MOST_NODES:
            self._nodes.clear()  # a worker lives for weeks, and a whole dictionary would be tens of megabytes
        self._nodes[node] = found
        return found

    @cached_property
    def alphabet(self) -> frozenset[str]:
        """The folded letters that its words are made of."""
        return frozenset("".join(self._letters.values()))


def folded(word: str) -> str:
    """Small letters without accents: what a model of another language reads, too."""
    apart = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _folded_letters(lines: list[str]) -> dict[int, str]:
    characters = enumerate(line.partition(" ")[0] for line in lines)
    return {number: folded(text) for number, text in characters if number >= _SPECIAL_CHARACTERS and text}


def _script(lines: list[str]) -> str:
    """The script that most of a model's letters are of, by its name in Unicode, such as Latin or Cyrillic."""
    scripts = Counter(
        name
        for line in lines[_SPECIAL_CHARACTERS:]
        for name in line.split(" ")[2:5]
        if name.isalpha() and name not in ("Common", "Inherited")
    )
    if not scripts:
        raise ValueError("a model without letters")
    return scripts.most_common(1)[0][0]
