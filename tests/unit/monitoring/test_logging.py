import io
import json
import logging
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from ocr_platform.errors import DocumentDamaged, StorageUnavailable
from ocr_platform.monitoring.logging import JsonFormatter, configure_logging, job_context

JOB = UUID("00000000-0000-4000-8000-000000000001")


class Lines:
    """A logger with the platform's format, and what it wrote."""

    def __init__(self) -> None:
        self._written = io.StringIO()
        handler = logging.StreamHandler(self._written)
        handler.setFormatter(JsonFormatter())
        self.log = logging.Logger("ocr_platform.test")  # noqa: LOG001  not in the tree: no other handler sees it
        self.log.addHandler(handler)

    @property
    def raw(self) -> str:
        return self._written.getvalue()

    @property
    def read(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.raw.split("\n") if line]


@pytest.fixture
def lines() -> Lines:
    return Lines()


@pytest.fixture
def root_untouched() -> Iterator[None]:
    """The root logger, its levels and the capture of warnings as they were."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    logging.captureWarnings(False)


def test_line_has_time_level_logger_event_and_fields(lines: Lines) -> None:
    lines.log.warning("stage_retried", extra={"code": "storage_unavailable", "tried": 2})

    (line,) = lines.read
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "WARNING",
        "logger": "ocr_platform.test",
        "event": "stage_retried",
        "code": "storage_unavailable",
        "tried": 2,
    }


def test_job_and_stage_stand_on_each_line_inside_and_on_none_outside(lines: Lines) -> None:
    lines.log.info("before")
    with job_context(JOB, "ocr"):
        lines.log.info("first")
        lines.log.info("second")
    lines.log.info("after")

    assert [(line.get("job_id"), line.get("stage")) for line in lines.read] == [
        (None, None),
        (str(JOB), "ocr"),
        (str(JOB), "ocr"),
        (None, None),
    ]


def test_context_ends_with_an_error_too(lines: Lines) -> None:
    with pytest.raises(DocumentDamaged), job_context(JOB, "ocr"):
        raise DocumentDamaged

    lines.log.info("after")
    assert "job_id" not in lines.read[0]


def test_context_of_a_job_inside_another_gives_way_again(lines: Lines) -> None:
    other = uuid4()
    with job_context(JOB, "ocr"):
        with job_context(other, "persist"):
            lines.log.info("inner")
        lines.log.info("outer")

    assert [line["job_id"] for line in lines.read] == [str(other), str(JOB)]


def test_text_of_foreign_exceptions_is_not_shown(lines: Lines) -> None:
    try:
        raise ValueError("Dear Ms Roe, your diagnosis")
    except ValueError:
        lines.log.exception("stage_crashed")

    assert "Roe" not in lines.raw
    (link,) = lines.read[0]["error"]
    assert link["kind"] == "builtins.ValueError"
    assert "test_logging.py" in link["at"][-1]
    assert "text" not in link


def test_text_of_the_platforms_own_errors_is_shown_and_their_causes_text_is_not(lines: Lines) -> None:
    try:
        try:
            raise OSError("s3://documents/uploads/patient-roe.pdf")
        except OSError as exc:
            raise StorageUnavailable from exc
    except StorageUnavailable:
        lines.log.exception("stage_failed")

    own, cause = lines.read[0]["error"]
    assert own["text"] == StorageUnavailable.default_message
    assert cause["kind"] == "builtins.OSError"
    assert "roe" not in lines.raw


def test_source_lines_of_a_traceback_are_not_shown(lines: Lines) -> None:
    try:
        {"other": 1}.pop("Dear Ms Roe")
    except KeyError:
        lines.log.exception("stage_crashed")

    assert "Roe" not in lines.raw


def test_record_is_one_line_whatever_is_in_it(lines: Lines) -> None:
    lines.log.info("two\nlines", extra={"field": "a\nb\r\u2028\x85c"})

    assert lines.raw.count("\n") == 1
    assert lines.raw.endswith("\n")
    assert lines.read[0]["event"] == "two\nlines"


def test_objects_become_text(lines: Lines) -> None:
    lines.log.info("event", extra={"job": JOB, "none": None, "flag": True})

    line = lines.read[0]
    assert (line["job"], line["none"], line["flag"]) == (str(JOB), None, True)


@pytest.mark.timeout(2)
def test_errors_that_cause_each_other_are_logged_once_and_not_for_ever(lines: Lines) -> None:
    # Python itself lets causes run in a circle, and guards its own tracebacks against it.
    first, second = StorageUnavailable(), OSError()
    first.__cause__, second.__cause__ = second, first

    lines.log.error("stage_failed", exc_info=first)

    assert len(lines.read[0]["error"]) == 2


def test_error_raised_again_from_what_went_wrong_while_handling_it_is_logged_once(lines: Lines) -> None:
    # Given such an error, whose cause was met in its context: each leads to the other
    try:
        try:
            raise StorageUnavailable
        except StorageUnavailable as first:
            try:
                raise OSError
            except OSError as second:
                raise first from second
    except StorageUnavailable:
        lines.log.exception("stage_failed")

    assert [link["kind"] for link in lines.read[0]["error"]] == [
        "ocr_platform.errors.StorageUnavailable",
        "builtins.OSError",
    ]


@pytest.mark.usefixtures("root_untouched")
def test_configured_logging_goes_to_standard_error_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO")

    logging.getLogger("any.library").info("hello")
    logging.getLogger("any.library").debug("unheard")

    captured = capsys.readouterr()
    assert captured.out == ""
    assert [json.loads(line)["event"] for line in captured.err.splitlines()] == ["hello"]


@pytest.mark.usefixtures("root_untouched")
@pytest.mark.parametrize("name", ["celery.app.trace", "celery.worker.strategy", "botocore", "urllib3"])
@pytest.mark.parametrize("level", ["DEBUG", "INFO", "ERROR"])
def test_loggers_that_show_messages_stay_quiet_at_every_level(
    name: str, level: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging(level)

    logging.getLogger(f"{name}").info("Task received: args=['secret']")

    assert capsys.readouterr().err == ""
