from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from ocr_platform.models import PageResult, Word
from ocr_platform.staging import pack, results_key, staging_key, staging_prefix, unpack

JOB = UUID("00000000-0000-4000-8000-000000000001")

_integers = st.integers(-(2**31), 2**31)
_figures = st.floats(allow_nan=False, allow_infinity=False)
# UTF-8 knows no lone surrogates, and neither a recogniser nor Postgres can make one.
_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
_words = st.builds(Word, _texts, _integers, _integers, _integers, _integers, _figures, _integers, _integers, _integers)
_pages = st.builds(
    PageResult,
    number=st.integers(1, 100_000),
    width=_integers,
    height=_integers,
    dpi=_integers,
    text=_texts,
    words=st.lists(_words, max_size=5).map(tuple),
    seconds=_figures,
    error=st.none() | st.sampled_from(["page_damaged", "page_timeout"]),
)


@given(st.lists(_pages, max_size=5))
def test_what_was_staged_is_read_back_unchanged(pages: list[PageResult]) -> None:
    assert unpack(pack(pages)) == pages


def test_line_separators_controls_and_other_scripts_survive() -> None:
    text = 'a\u2028b\u0085c\x00d\te\f"\\ \N{GRINNING FACE} אבג e\u0301'
    page = PageResult(1, text=text, words=(Word(text, 0, 0, 1, 1, 99.5, 1, 1, 1),))

    assert unpack(pack([page])) == [page]


def test_each_batch_gets_a_key_of_its_own_under_the_jobs_prefix() -> None:
    keys = {staging_key(JOB) for _ in range(100)}

    assert len(keys) == 100
    assert all(key.startswith(staging_prefix(JOB)) for key in keys)


def test_no_jobs_prefix_is_the_start_of_anothers() -> None:
    assert staging_prefix(JOB) == f"work/{JOB}/"


def test_output_key_is_the_same_for_every_try() -> None:
    assert results_key("clinic", JOB, "text.txt") == f"results/clinic/{JOB}/text.txt"
