"""Of what libraries log, errors and objects are shown by their kind."""

import json
import logging
from typing import Any

import pytest

from ocr_platform.monitoring.logging import JsonFormatter

LETTER = "Dear Ms Roe, your diagnosis"


def _line(name: str, message: object, *args: Any, extra: dict[str, Any] | None = None) -> dict[str, Any]:
    record = logging.getLogger(name).makeRecord(name, logging.ERROR, __file__, 1, message, args, None, extra=extra)
    line: dict[str, Any] = json.loads(JsonFormatter().format(record))
    assert "Roe" not in str(line)
    return line


def test_error_in_a_message_is_shown_by_its_kind() -> None:
    # As billiard, Celery and kombu do
    line = _line("celery.worker", "Unrecoverable error: %r", ValueError(LETTER))

    assert line["event"] == "Unrecoverable error: 'builtins.ValueError'"


def test_error_in_the_place_of_a_message_is_shown_by_its_kind() -> None:
    assert _line("flower.views.workers", ValueError(LETTER))["event"] == "builtins.ValueError"


def test_error_about_a_connection_says_why_there_is_none() -> None:
    line = _line("celery.worker.consumer", "Cannot connect: %s.", ConnectionRefusedError(111, "Connection refused"))

    assert line["event"] == "Cannot connect: builtins.ConnectionRefusedError: [Errno 111] Connection refused."


def test_single_dictionary_is_shown_by_its_kind() -> None:
    # kombu's own: logging takes a single dictionary for the fields of the message, and prints all of it
    assert _line("kombu.transport.redis", "Could not restore: %r", {"body": LETTER})["event"] == (
        "Could not restore: '<dict>'"
    )


def test_task_that_fails_is_named_without_arguments_result_and_error() -> None:
    # celery.app.trace
    context = {"name": "ocr_platform.ocr", "id": "17", "description": "raised", "exc": f"ValueError('{LETTER}')"}
    context |= {"args": f"['{LETTER}']", "kwargs": "{}", "traceback": LETTER, "return_value": LETTER}

    line = _line("celery.app.trace", "Task %(name)s[%(id)s] %(description)s: %(exc)s", context, extra={"data": context})

    assert line["event"] == "Task ocr_platform.ocr[17] raised: ..."
    assert "data" not in line


def test_future_that_nobody_waited_for_is_not_shown() -> None:
    message = f"Task exception was never retrieved\nfuture: <Task exception=ValueError('{LETTER}')>"

    assert _line("asyncio", message)["event"] == "Task exception was never retrieved"


def test_figures_names_and_ids_are_shown() -> None:
    assert _line("celery", "%s ready, %d of %.1f", "celery@host", 1, 2.0)["event"] == "celery@host ready, 1 of 2.0"


@pytest.mark.parametrize("thing", [[LETTER], {LETTER: 1, "a": 2}, object(), LETTER.encode()])
def test_other_things_are_shown_by_their_kind(thing: object) -> None:
    assert _line("library", "met %s and %d", thing, 1)["event"] == f"met <{type(thing).__name__}> and 1"


def test_arguments_that_do_not_fit_are_left_out() -> None:
    assert _line("library", "took %d", LETTER)["event"] == "took %d"


def test_fields_of_a_library_are_plain_or_shown_by_their_kind() -> None:
    line = _line("library", "event", extra={"request": [LETTER], "status": 200})

    assert (line["request"], line["status"]) == ("<list>", 200)
