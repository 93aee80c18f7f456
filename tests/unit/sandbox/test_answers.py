"""No lie of a sandbox gets past: what is stored is numbers in their range, boxes inside the page, text that is text."""

import copy
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_platform.errors import (
    DocumentError,
    DocumentTooLarge,
    EngineMissing,
    PageError,
    PageTimeout,
    ScratchFull,
    classes_by_code,
)
from ocr_platform.models import PageResult, PdfLoss, Word, WordSource
from ocr_platform.sandbox import answers
from ocr_platform.sandbox.answers import LieError
from tests.unit.ocr.support import limits

LIMITS = limits(max_pages=10, max_pixels=1_000_000)
WORD = {
    "text": "Lorem",
    "left": 10,
    "top": 20,
    "width": 30,
    "height": 40,
    "confidence": 90.5,
    "block": 1,
    "paragraph": 2,
    "line": 3,
    "source": "text",
    "rotation": 270,
}
PAGE = {
    "width": 1000,
    "height": 500,
    "dpi": 300,
    "text": "Lorem\n",
    "words": [WORD],
    "rotation": 90,
    "skew": -1.5,
    "languages": ["eng", "script/Latin"],
    "blank": False,
    "disputed": 0.25,
}
OWN = {"number": 7, "seconds": 9, "error": "x"}  # also said by an honest sandbox, and never listened to
NO_INTEGER: list[object] = [
    None,
    "1",
    "",
    1.0,
    0.5,
    True,
    False,
    math.nan,
    math.inf,
    -math.inf,
    [],
    [1],
    {},
    -1,
    10**40,
]
NO_TEXT: list[object] = [None, 1, True, [], {}, ["a"], "half a pair: \ud800", "\udfff", "a\0b", "\0"]


def page(item: object) -> PageResult:
    return answers.page({"page": item}, 2, LIMITS, 1.23456)


def with_page(**changed: object) -> dict[str, object]:
    return copy.deepcopy(PAGE | OWN) | changed


def with_word(**changed: object) -> dict[str, object]:
    return with_page(words=[WORD | changed])


def test_honest_page_is_taken_as_it_is() -> None:
    assert page(PAGE | OWN) == PageResult(
        number=2,
        width=1000,
        height=500,
        dpi=300,
        text="Lorem\n",
        words=(Word("Lorem", 10, 20, 30, 40, 90.5, 1, 2, 3, WordSource.TEXT, 270),),
        seconds=1.235,
        rotation=90,
        skew=-1.5,
        disputed=0.25,
        languages=("eng", "script/Latin"),
    )


def test_number_time_and_error_are_the_workers_own() -> None:
    found = page(with_page(number=1, seconds=1e9, error="storage_denied"))

    assert (found.number, found.seconds, found.error) == (2, 1.235, None)


def test_what_is_not_asked_for_is_not_taken() -> None:
    assert page(with_page(pages=5) | {"__class__": "x"}) == page(PAGE)


@pytest.mark.parametrize("item", [None, [], "page", 1, {}, True])
def test_answer_without_a_page_is_a_lie(item: object) -> None:
    with pytest.raises(LieError):
        page(item)
    with pytest.raises(LieError):
        answers.page({}, 1, LIMITS, 0)


@pytest.mark.parametrize("name", PAGE)
def test_page_without_one_of_its_values_is_a_lie(name: str) -> None:
    item = with_page()
    del item[name]

    with pytest.raises(LieError):
        page(item)


@pytest.mark.parametrize("name", WORD)
def test_word_without_one_of_its_values_is_a_lie(name: str) -> None:
    word = {key: value for key, value in WORD.items() if key != name}

    with pytest.raises(LieError):
        page(with_page(words=[word]))


@pytest.mark.parametrize("value", [*NO_INTEGER, 1, 45, 360, 89.9])
def test_rotation_that_is_no_quarter_of_a_turn_is_a_lie(value: object) -> None:
    for item in (with_page(rotation=value), with_word(rotation=value)):
        with pytest.raises(LieError):
            page(item)


@pytest.mark.parametrize("value", ["", "guess", None, 1, [], ["ocr"], {}])
def test_word_from_an_unknown_source_is_a_lie(value: object) -> None:
    with pytest.raises(LieError):
        page(with_word(source=value))


@pytest.mark.parametrize("value", [None, "1", 45.1, -45.1, math.nan, math.inf, [], True])
def test_skew_that_is_no_angle_is_a_lie(value: object) -> None:
    with pytest.raises(LieError):
        page(with_page(skew=value))


def test_part_of_a_page_is_text() -> None:
    assert answers.sample({"text": "Lorem"}) == "Lorem"


@pytest.mark.parametrize("answer", [{}, {"text": None}, {"text": 1}, {"text": "a\0b"}, {"text": "\ud800"}])
def test_part_of_a_page_that_is_no_text_is_a_lie(answer: dict[str, object]) -> None:
    with pytest.raises(LieError):
        answers.sample(answer)


@pytest.mark.parametrize("value", [None, "eng", ["../eng"], [1], ["eng"] * 17, {"eng": 1}])
def test_languages_that_are_no_names_of_models_are_a_lie(value: object) -> None:
    with pytest.raises(LieError):
        page(with_page(languages=value))


@pytest.mark.parametrize(("value", "words", "blank"), [(True, [], True), (True, [WORD], False), (1, [], False)])
def test_page_is_blank_when_it_says_so_and_has_no_word(value: object, words: list[object], blank: bool) -> None:
    assert page(with_page(blank=value, words=words, text="")).blank is blank


@pytest.mark.parametrize("name", ["width", "height", "dpi"])
@pytest.mark.parametrize("value", NO_INTEGER)
def test_size_that_is_no_number_of_pixels_is_a_lie(name: str, value: object) -> None:
    with pytest.raises(LieError):
        page(with_page(**{name: value}))


@pytest.mark.parametrize("name", ["left", "top", "width", "height", "block", "paragraph", "line"])
@pytest.mark.parametrize("value", NO_INTEGER)
def test_place_that_is_no_number_of_pixels_is_a_lie(name: str, value: object) -> None:
    with pytest.raises(LieError):
        page(with_word(**{name: value}))


@pytest.mark.parametrize("name", ["width", "height"])
def test_page_without_a_side_is_a_lie(name: str) -> None:
    with pytest.raises(LieError):
        page(with_page(words=[], **{name: 0}))


@pytest.mark.parametrize("size", [(1001, 1000), (1_000_001, 1), (1, 40_000), (10**9, 10**9)])
def test_page_over_the_limit_that_it_was_to_keep_is_a_lie(size: tuple[int, int]) -> None:
    with pytest.raises(LieError):
        page(with_page(words=[], width=size[0], height=size[1]))


def test_page_as_large_as_allowed_is_taken() -> None:
    assert page(with_page(words=[], width=1000, height=1000)).width == 1000


@pytest.mark.parametrize("dpi", [0, 70, 2400])
def test_resolution_that_a_decoder_gives_is_taken(dpi: int) -> None:
    assert page(with_page(dpi=dpi)).dpi == dpi


def test_resolution_that_no_decoder_gives_is_a_lie() -> None:
    with pytest.raises(LieError):
        page(with_page(dpi=2401))


@pytest.mark.parametrize(
    "box",
    [
        {"left": 971},
        {"top": 461},
        {"width": 991},
        {"height": 481},
        {"left": 1001, "width": 0},
        {"top": 501, "height": 0},
        {"left": 2**31, "width": 2**31},
    ],
)
def test_box_outside_of_the_page_is_a_lie(box: dict[str, int]) -> None:
    with pytest.raises(LieError):
        page(with_word(**box))


@pytest.mark.parametrize("box", [{"left": 970}, {"top": 460}, {"width": 990}, {"height": 480}, {"width": 0}])
def test_box_up_to_the_edge_of_the_page_is_taken(box: dict[str, int]) -> None:
    (word,) = page(with_word(**box)).words

    assert {name: getattr(word, name) for name in box} == box


@pytest.mark.parametrize(
    "value", [None, "90", True, False, math.nan, math.inf, -math.inf, -0.01, 100.01, [], {}, 10**40]
)
def test_confidence_that_is_no_percentage_is_a_lie(value: object) -> None:
    with pytest.raises(LieError):
        page(with_word(confidence=value))


@pytest.mark.parametrize("value", [0, 100, 0.0, 100.0, 50])
def test_confidence_becomes_a_float(value: float) -> None:
    (word,) = page(with_word(confidence=value)).words

    assert (type(word.confidence), word.confidence) == (float, value)


@pytest.mark.parametrize("text", NO_TEXT)
def test_text_that_cannot_be_stored_is_a_lie(text: object) -> None:
    with pytest.raises(LieError):
        page(with_page(text=text))
    with pytest.raises(LieError):
        page(with_word(text=text))


def test_text_of_any_language_is_taken() -> None:
    text = "Grüße 你好 \U0001f600 \u2028\u200b"

    assert page(with_page(text=text)).text == text


@pytest.mark.parametrize("count", [100_001, 200_000])
def test_more_words_than_any_page_has_are_a_lie(count: int) -> None:
    with pytest.raises(LieError):
        page(with_page(words=[WORD] * count))


@pytest.mark.parametrize("words", [None, "words", {}, 5, [None], [[]], ["Lorem"], [WORD, None]])
def test_words_that_are_none_are_a_lie(words: object) -> None:
    with pytest.raises(LieError):
        page(with_page(words=words))


def test_text_longer_than_any_page_has_is_a_lie() -> None:
    with pytest.raises(LieError):
        page(with_page(text="x" * 2_000_001))
    with pytest.raises(LieError):
        page(with_word(text="x" * 10_001))


@pytest.mark.parametrize("value", [*NO_INTEGER, 0, 11])
def test_number_of_pages_that_cannot_be_is_a_lie(value: object) -> None:
    with pytest.raises(LieError):
        answers.pages({"pages": value}, LIMITS)


@pytest.mark.parametrize("value", [1, 10])
def test_number_of_pages_within_the_limit_is_taken(value: int) -> None:
    assert answers.pages({"pages": value}, LIMITS) == value


def test_answer_without_a_number_of_pages_is_a_lie() -> None:
    with pytest.raises(LieError):
        answers.pages({}, LIMITS)


@pytest.mark.parametrize(
    "code",
    ["nonsense", None, 7, True, ["a"], {}, "storage_unavailable", "settings_invalid", "worker_lost", "claim_lost"],
)
def test_code_that_no_sandbox_can_mean_is_a_crash(code: object) -> None:
    found = answers.error(code)

    if isinstance(found, PageError):
        assert found.code == "decoder_crash"
    else:
        # A document's error of another stage: it can fail its own document alone
        assert isinstance(found, DocumentError)


@pytest.mark.parametrize("kind", [PageTimeout, DocumentTooLarge, EngineMissing, ScratchFull])
def test_error_has_our_own_words(kind: type[PageTimeout]) -> None:
    found = answers.error(kind.code)

    assert type(found) is kind
    assert found.message == kind.default_message


@given(st.sampled_from(sorted(classes_by_code())) | st.text() | st.integers() | st.none())
def test_no_code_makes_the_installation_look_at_fault(code: object) -> None:
    # Apart from the two that a sandbox can truly meet: others would make the worker retry or stop
    found = answers.error(code)

    assert isinstance(found, DocumentError | EngineMissing | ScratchFull)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=[])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_page = st.fixed_dictionaries(
    {name: st.just(value) | _json for name, value in PAGE.items() if name != "words"}
    | {"words": st.lists(st.fixed_dictionaries({k: st.just(v) | _json for k, v in WORD.items()}), max_size=3) | _json}
)


@given(_page | _json)
def test_whatever_is_said_it_is_a_sound_page_or_a_lie(item: Any) -> None:
    try:
        found = page(item)
    except LieError:
        return
    assert 0 < found.width * found.height <= LIMITS.max_pixels
    for word in found.words:
        assert 0 <= word.left <= word.left + word.width <= found.width
        assert 0 <= word.top <= word.top + word.height <= found.height
        assert 0 <= word.confidence <= 100
    stored = json.dumps([found.text, *(word.text for word in found.words)], ensure_ascii=False, allow_nan=False)
    assert "\0" not in stored
    stored.encode()


@pytest.mark.parametrize("value", [None, "0", -0.1, 1.1, math.nan, math.inf, [], True])
def test_a_disputed_share_that_is_none_is_a_lie(value: object) -> None:
    with pytest.raises(LieError):
        page(with_page(disputed=value))


@pytest.mark.parametrize(
    "answer",
    [{}, {"done": False}, {"done": 1, "more": 2}, {"done": True, "bytes": 3}, {"done": "True"}, {"done": None}],
)
def test_done_is_said_by_nothing_else(answer: dict[str, Any]) -> None:
    with pytest.raises(LieError):
        answers.done(answer)


def test_done_is_done() -> None:
    answers.done({"done": True})


@pytest.mark.parametrize("size", [*NO_INTEGER, 0, -1, 1001, 10**30])
def test_size_of_an_output_is_within_what_it_may_have(size: object) -> None:
    with pytest.raises(LieError):
        answers.output({"bytes": size, "lost": []}, 1000)


def test_size_of_an_output_is_believed_within_its_bounds() -> None:
    assert answers.output({"bytes": 1000, "lost": []}, 1000) == (1000, ())


@pytest.mark.parametrize(
    "lost", [None, "forms", {"forms": 1}, ["pages"], [None], [["forms"]], ["forms", 1], ["forms"] * 100, ["Roe, Jane"]]
)
def test_what_an_output_lost_is_told_in_words_of_ours(lost: object) -> None:
    with pytest.raises(LieError):
        answers.output({"bytes": 1000, "lost": lost}, 1000)


def test_what_an_output_lost_is_told_once_and_in_order() -> None:
    lost = ["tags", "forms", "forms"]

    assert answers.output({"bytes": 1000, "lost": lost}, 1000)[1] == (PdfLoss.FORMS, PdfLoss.TAGS)
