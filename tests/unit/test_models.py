import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_platform.errors import UsageError
from ocr_platform.models import (
    JobOptions,
    JobState,
    JobStatus,
    OutputFormat,
    PageResult,
    Stage,
    Word,
    checked_tenant,
)


def _word(text: str, confidence: float) -> Word:
    return Word(text, 0, 0, 10, 10, confidence, 1, 1, 1)


@pytest.mark.parametrize(
    ("written", "languages"),
    [
        ("eng", ("eng",)),
        ("eng+deu", ("eng", "deu")),
        (" eng + deu\n", ("eng", "deu")),
        (["eng", "deu"], ("eng", "deu")),
        ("eng+deu+eng", ("eng", "deu")),
        ("chi_sim", ("chi_sim",)),
        ("script/Latin", ("script/Latin",)),
        ("auto", ("auto",)),
    ],
)
def test_languages_are_read_as_people_write_them(written: str | list[str], languages: tuple[str, ...]) -> None:
    assert JobOptions.of(written, "text").languages == languages


@pytest.mark.parametrize(
    "written",
    [
        "",
        "+",
        "eng+",
        "e",
        "auto+eng",
        "eng+auto",
        "eng deu",
        "eng;reboot",
        "-l",
        "--psm",
        "../eng",
        "/etc/passwd",
        "a/b/c",
        "eng\x00",
        "ünï",
        "e" * 33,
        "+".join(f"la{n}" for n in range(9)),
        [],
        [""],
    ],
)
def test_languages_that_are_no_names_of_models_are_refused(written: str | list[str]) -> None:
    with pytest.raises(UsageError, match="languages"):
        JobOptions.of(written, "text")


def test_eight_languages_are_the_most() -> None:
    assert len(JobOptions.of("+".join(f"la{n}" for n in range(8)), "text").languages) == 8


@pytest.mark.parametrize("languages", [("eng\n",), ("eng+deu",), ()])
def test_options_made_directly_are_checked_too(languages: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        JobOptions(languages)


@pytest.mark.parametrize(
    ("written", "formats"),
    [
        ("text", (OutputFormat.TEXT,)),
        ("json,text", (OutputFormat.JSON, OutputFormat.TEXT)),
        (" text , json ", (OutputFormat.TEXT, OutputFormat.JSON)),
        ("text,text", (OutputFormat.TEXT,)),
        ((OutputFormat.JSON,), (OutputFormat.JSON,)),
    ],
)
def test_formats_are_read_as_people_write_them(written: str, formats: tuple[OutputFormat, ...]) -> None:
    assert JobOptions.of("eng", written).formats == formats


@pytest.mark.parametrize("written", ["", "docx", "text,", "TEXT", []])
def test_unknown_formats_are_refused_with_those_that_exist(written: str | list[str]) -> None:
    with pytest.raises(UsageError, match=r"formats: .*text, json"):
        JobOptions.of("eng", written)


def test_stored_options_read_back_as_the_same_options() -> None:
    options = JobOptions.of("eng+deu", "json")
    stored = options.as_dict()

    assert stored == {"languages": ["eng", "deu"], "formats": ["json"]}
    assert JobOptions.of(stored["languages"], stored["formats"]) == options


def test_options_that_are_as_usual_are_stored_as_ever() -> None:
    # What is stored tells one request from another: a token of last year must still mean the same request.
    assert JobOptions.of("eng", "text").as_dict() == {"languages": ["eng"], "formats": ["text"]}
    assert JobOptions.from_dict({"languages": ["eng"], "formats": ["text"]}) == JobOptions.of("eng", "text")


def test_how_pages_are_to_be_read_is_stored_and_read_back() -> None:
    arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:ocr-platform/passwords/default/letter-AbCdEf"
    options = JobOptions.of("eng", "text", ocr="force", quality="best", password_secret=arn)

    usual = {"languages": ["eng"], "formats": ["text"]}
    assert options.as_dict() == {**usual, "ocr": "force", "quality": "best", "password_secret": arn}
    assert JobOptions.from_dict(options.as_dict()) == options


@pytest.mark.parametrize(
    "given",
    ["", "hunter2-itself", "arn:aws:s3:::bucket/key", "arn:aws:secretsmanager:eu-west-1:1:secret:x", "ocr-platform/x"],
)
def test_password_itself_is_refused_and_not_quoted(given: str) -> None:
    with pytest.raises(UsageError, match="password_secret: give the ARN") as raised:
        JobOptions.of("eng", "text", password_secret=given)
    assert "hunter2" not in raised.value.message


@pytest.mark.parametrize("asked", [{"ocr": "always"}, {"ocr": ""}, {"quality": "perfect"}, {"quality": ""}])
def test_a_way_of_reading_that_does_not_exist_is_refused(asked: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=f"{next(iter(asked))}: allowed are"):
        JobOptions.of("eng", "text", ocr=asked.get("ocr", "auto"), quality=asked.get("quality"))


@pytest.mark.parametrize("name", ["a", "0", "clinic-7", "under_score", "a" * 63])
def test_tenants_that_can_stand_in_a_key_are_taken(name: str) -> None:
    assert checked_tenant(name) == name


@pytest.mark.parametrize("name", ["", "-a", "_a", "A", "a/b", "..", "a.b", "a b", "a\n", "ä", "a" * 64])
def test_tenants_that_cannot_stand_in_a_key_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="tenant"):
        checked_tenant(name)


@pytest.mark.parametrize("state", JobState)
def test_only_queued_and_running_are_not_the_end(state: JobState) -> None:
    assert state.terminal is (state not in {JobState.QUEUED, JobState.RUNNING})


def test_states_and_stages_are_stored_by_their_public_names() -> None:
    assert [str(state) for state in JobState] == ["queued", "running", "succeeded", "partial", "failed", "cancelled"]
    assert [str(stage) for stage in Stage] == ["fetch_decrypt", "ocr", "encrypt_upload", "persist"]


def test_confidence_of_a_page_weighs_words_by_their_letters() -> None:
    page = PageResult(1, words=(_word("a", 10.0), _word("abc", 90.0)))

    assert page.letters == 4
    assert page.confidence == pytest.approx((10 + 3 * 90) / 4)


def test_confidence_of_a_page_without_words_is_zero() -> None:
    assert PageResult(1).confidence == 0.0


@given(st.lists(st.tuples(st.text(min_size=1, max_size=5), st.floats(0, 100)), min_size=1, max_size=20))
def test_confidence_stays_between_its_words(words: list[tuple[str, float]]) -> None:
    page = PageResult(1, words=tuple(_word(text, confidence) for text, confidence in words))
    figures = [confidence for _, confidence in words]

    assert min(figures) - 1e-6 <= page.confidence <= max(figures) + 1e-6


@pytest.mark.parametrize(("took", "seconds"), [(timedelta(seconds=2.5), 2.5), (None, None)])
def test_seconds_of_a_job_run_from_submission_to_the_end(took: timedelta | None, seconds: float | None) -> None:
    created = datetime(2025, 1, 1, tzinfo=UTC)
    status = JobStatus(
        job_id=uuid4(),
        tenant="default",
        state=JobState.RUNNING if took is None else JobState.SUCCEEDED,
        stage=None,
        error=None,
        pages=None,
        pages_done=0,
        pages_failed={},
        attempts=1,
        held_code=None,
        confidence=None,
        created_at=created,
        started_at=None,
        finished_at=created + took if took else None,
    )

    assert status.seconds == seconds


def test_a_page_as_a_dictionary_has_every_field_of_a_page_and_of_its_words() -> None:
    word = Word("one", 1, 2, 3, 4, 95.5, 1, 2, 3)
    page = PageResult(3, 100, 200, 300, "one", (word,), 0.5)

    assert page.as_dict() == json.loads(json.dumps(asdict(page)))
