import struct
from pathlib import Path

import pytest

from ocr_platform.ocr.dictionary import Dictionary, folded
from tests.unit.ocr.models import model

WORDS = ["haus", "hausboot", "größe", "straße", "über", "a"]


@pytest.fixture
def dictionary(tmp_path: Path) -> Dictionary:
    return Dictionary(model(tmp_path / "deu.traineddata", WORDS))


@pytest.mark.parametrize("word", WORDS)
def test_a_word_of_the_model_is_known(dictionary: Dictionary, word: str) -> None:
    assert dictionary.knows(folded(word))


@pytest.mark.parametrize("word", ["", "hau", "hausb", "hausboote", "maus", "z", "ü"])
def test_what_is_no_word_of_the_model_is_not(dictionary: Dictionary, word: str) -> None:
    assert not dictionary.knows(folded(word))


@pytest.mark.parametrize("word", ["Grosse", "GRÖSSE", "strasse", "uber", "ÜBER"])
def test_case_and_accents_do_not_matter_since_another_languages_model_reads_none(
    dictionary: Dictionary, word: str
) -> None:
    assert dictionary.knows(folded(word))


def test_what_is_remembered_of_a_dictionary_has_a_bound(
    dictionary: Dictionary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ocr_platform.ocr.dictionary._MOST_NODES", 3)

    assert all(dictionary.knows(folded(word)) for word in WORDS * 2)
    assert len(dictionary._nodes) <= 3


@pytest.mark.parametrize("script", ["Latin", "Cyrillic", "Han"])
def test_the_script_is_that_of_most_letters(tmp_path: Path, script: str) -> None:
    assert Dictionary(model(tmp_path / "xyz.traineddata", WORDS, script)).script == script


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00",
        b"not a model at all, but some text that goes on for a while",
        struct.pack("<i", 24),
        struct.pack("<i24q", 24, *[-1] * 24),
        struct.pack("<i24q", 24, *[2**40] * 24),
    ],
)
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "eng.traineddata"
    path.write_bytes(body)

    with pytest.raises((ValueError, struct.error)):
        Dictionary(path)


def test_a_dictionary_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    path = model(tmp_path / "deu.traineddata", WORDS)
    body = path.read_bytes()
    path.write_bytes(body.replace(struct.pack("<h", 42), struct.pack("<h", 43), 1))

    with pytest.raises(ValueError, match="another form"):
        Dictionary(path)


def test_a_graph_that_leads_nowhere_ends_the_search(tmp_path: Path) -> None:
    # The second node of a damaged file leads on to itself: letter 3, last of its node, node 1.
    path = model(tmp_path / "xxx.traineddata", ["aa"])
    body = path.read_bytes()
    second = body.index(struct.pack("<hii", 42, 4, 2)) + 10 + 8
    path.write_bytes(body[:second] + struct.pack("<Q", 3 | 1 << 3 | 1 << 6) + body[second + 8 :])

    assert not Dictionary(path).knows("a" * 100_000)
