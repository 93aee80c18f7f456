"""Which of the installed models a page should be read with, by the words that a first reading of a part of it gives.

No statistics are brought along: what is installed for recognition has the words of each language (`dictionary`). These
lists have each other's common words, too, so that a word counts for a language by how few others have it.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ocr_platform.ocr.dictionary import Dictionary, folded

# Chosen on pages with known languages (docs/languages.md): garbage has a third of its words in some dictionary,
# the worst of old prints half.
_LEAST_KNOWN = 0.45
_LEAST_WORDS = 6
_LEAST_CHARACTERS = 20
_MOST_WORDS = 80
_WORD_LETTERS = 3  # shorter words are in every dictionary
# Beside the first language another one counts when it knows so many of all words, and the first does not.
_SECOND = 0.2
_MOST_LANGUAGES = 3
# Of a page that was read in one language, to read it again in another; and not to look for another script.
_BETTER_KNOWN, _SURELY_KNOWN = 0.5, 0.6
_TIMES_NEXT = 1.3  # the main language beside the next one
# English among equals: its weight beside the best one's, and the share of words that it has then.
_AMONG_THE_BEST, _FULLY_KNOWN = 0.9, 0.85
# After some words, only those languages are looked up that have a chance: an installation may have a hundred.
_FIRST_WORDS, _CHANCES = 25, 6
_WORDS = re.compile(r"[^\W\d_]+")
# These are written without spaces between words: each character counts as a word.
_WITHOUT_SPACES = frozenset({"Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar"})
_FIRST_WITHOUT_SPACES = "\u0e00"  # Thai; their models know the letters before it, too
# Models that share their words with another one, or have none: which print they are for cannot be told from text.
_NOT_TOLD = re.compile(r"osd|equ|frk|snum|script/.*|.*_(?:vert|old|frak|latf)|auto")
_USUAL = "eng"


def worth_a_look(text: str) -> bool:
    """Whether a part of a page that was read in a wrong script may have text in it: that looks like letters, too."""
    return sum(map(str.isalnum, text)) >= _LEAST_CHARACTERS


@dataclass(frozen=True, slots=True)
class FirstReader:
    """A model that reads a part of a page for its language, of those written in one script."""

    script: str
    model: str


class Languages:
    """The installed languages; dictionaries are opened at the first question, once."""

    def __init__(self, directory: Path, installed: Iterable[str]) -> None:
        self._dictionaries: dict[str, Dictionary] = {}
        for name in sorted(installed):
            if _NOT_TOLD.fullmatch(name):
                continue
            try:
                self._dictionaries[name] = Dictionary(directory / f"{name}.traineddata")
            except (OSError, ValueError, ArithmeticError):
                continue  # a model of another form reads pages all the same, and is not told from others

    def first_readers(self) -> tuple[FirstReader, ...]:
        """One for each script, that of most languages first."""
        scripts = Counter(dictionary.script for dictionary in self._dictionaries.values())
        return tuple(FirstReader(script, self._reader_of(script)) for script, _count in scripts.most_common())

    def of(self, text: str, script: str) -> tuple[str, ...]:
        """The models of the languages that a text in a script is in, the main one first; none when nothing suits."""
        words = _units(text, script)
        known = self._known(words, self._of_script(script))
        main = _clear(known, words)
        if main is None or len(words) < _LEAST_WORDS or _rate(known, main, words) < _LEAST_KNOWN:
            return ()
        found = [main]
        while len(found) < _MOST_LANGUAGES:
            left = {word: names for word, names in known.items() if not set(names) & set(found)}
            further = _best(left)
            if further is None or sum(further in names for names in left.values()) < _SECOND * len(words):
                break
            found.append(further)
        return tuple(found)

    def suits(self, text: str, models: Sequence[str]) -> bool:
        """Whether a text has the words of the models that read it; True when nobody can tell."""
        used = [name for name in models if name in self._dictionaries]
        if not used or not worth_a_look(text):
            return True
        words = _units(text, self._dictionaries[used[0]].script)
        known = sum(any(self._has(name, word) for name in used) for word in words)
        return known >= _SURELY_KNOWN * len(words) and len(words) >= _LEAST_WORDS

    def better(self, text: str, models: Sequence[str]) -> tuple[str, ...]:
        """Models that a page should be read again with, when its text is surely in a language of none that read it."""
        used = [self._dictionaries[name] for name in models if name in self._dictionaries]
        if not used:
            return ()
        script = used[0].script
        words = _units(text, script)
        known = self._known(words, self._of_script(script))
        main = _best(known)
        if main is None or main in models or len(words) < _LEAST_WORDS:
            return ()
        weights = _weights(known)
        surer = weights[main] >= _TIMES_NEXT * max(weights[name] for name in models)
        return (main,) if surer and _rate(known, main, words) >= _BETTER_KNOWN else ()

    def _reader_of(self, script: str) -> str:
        """The usual model where it is of this script, otherwise the one that knows most characters."""
        names = self._of_script(script)
        return _USUAL if _USUAL in names else max(names, key=lambda name: len(self._dictionaries[name].alphabet))

    def _of_script(self, script: str) -> list[str]:
        return [name for name, dictionary in self._dictionaries.items() if dictionary.script == script]

    def _known(self, words: Sequence[str], names: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Words by the languages that have them, without those that no language has."""
        known: dict[str, tuple[str, ...]] = {}
        for at, word in enumerate(words):
            if at == _FIRST_WORDS and len(names) > _CHANCES:
                names = [name for name, _weight in _weights(known).most_common(_CHANCES)]
            having = tuple(name for name in names if self._has(name, word))
            if having:
                known[word] = having
        return known

    def _has(self, name: str, word: str) -> bool:
        dictionary = self._dictionaries[name]
        if dictionary.script in _WITHOUT_SPACES:
            return word in dictionary.alphabet
        # Lists of other scripts have words in Latin letters, too.
        return unicodedata.name(word[0], "").startswith(dictionary.script.upper()) and dictionary.knows(word)


def _units(text: str, script: str) -> list[str]:
    """What is looked up of a text, each once: words in folded letters, or characters where there are no spaces."""
    if script in _WITHOUT_SPACES:
        letters = (letter for letter in text if letter.isalpha() and letter >= _FIRST_WITHOUT_SPACES)
        return list(dict.fromkeys(letters))[:_MOST_WORDS]
    words = (folded(word) for word in _WORDS.findall(text) if len(word) >= _WORD_LETTERS)
    return list(dict.fromkeys(words))[:_MOST_WORDS]


def _weights(known: dict[str, tuple[str, ...]]) -> Counter[str]:
    """For each language its words by their length, each the less the more languages have it."""
    weights: Counter[str] = Counter()
    for word, names in known.items():
        for name in names:
            weights[name] += len(word) / len(names) ** 2  # type: ignore[assignment]  # a Counter adds any numbers
    return weights


def _best(known: dict[str, tuple[str, ...]]) -> str | None:
    weights = _weights(known)
    return max(sorted(weights), key=weights.__getitem__) if weights else None


def _clear(known: dict[str, tuple[str, ...]], words: Sequence[str]) -> str | None:
    """The best one, if the next is well behind; English if it is among the best and has nearly every word.

    Every language's list has English words, from the web, while the English one has few of others.
    """
    weights = _weights(known)
    ranks = weights.most_common(2)
    if not ranks or len(ranks) == 1 or ranks[0][1] >= _TIMES_NEXT * ranks[1][1]:
        return ranks[0][0] if ranks else None
    among = weights[_USUAL] >= _AMONG_THE_BEST * ranks[0][1]
    return _USUAL if among and _rate(known, _USUAL, words) >= _FULLY_KNOWN else None


def _rate(known: dict[str, tuple[str, ...]], name: str, words: Sequence[str]) -> float:
    """The share of all words that a language has."""
    return sum(name in names for names in known.values()) / len(words)
