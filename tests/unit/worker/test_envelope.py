"""What is believed of a message: nothing that Celery could stumble over, and nothing that a message may not ask for."""

import json
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_platform.worker.envelope import MalformedMessageError, checked
from ocr_platform.workflow import ASSIST_TASK, PROTOCOL_HEADER, TASK_NAMES, WAKE_HEADER

TASK = TASK_NAMES["ocr"]  # type: ignore[index]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def body(*parts: Any) -> str:
    return b64encode(json.dumps(parts or [["job"], {}, {}]).encode()).decode()


def message(header: dict[str, Any] | None = None, /, **changed: Any) -> dict[str, Any]:
    """A message as kombu carries it."""
    return {
        "body": body(),
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": {"task": TASK, "id": "one", "root_id": "two", PROTOCOL_HEADER: 1, WAKE_HEADER: 3} | (header or {}),
        "properties": {"delivery_tag": "tag", "body_encoding": "base64", "reply_to": "elsewhere", "priority": 9},
    } | changed


def arguments(whole: dict[str, Any]) -> Any:
    return json.loads(b64decode(whole["body"]))


def test_a_message_keeps_its_task_its_job_and_what_it_knows_of_it() -> None:
    whole = checked(message(), "ocr.cpu")

    assert arguments(whole)[:2] == [["job"], {}]
    assert {"task": TASK, "id": "one", "root_id": "two", PROTOCOL_HEADER: 1, WAKE_HEADER: 3}.items() <= whole[
        "headers"
    ].items()
    assert whole["headers"]["argsrepr"] == "['job']"
    assert whole["properties"]["delivery_tag"] == "tag"


def test_it_goes_back_to_where_it_was_found() -> None:
    changed = message()
    changed["properties"]["delivery_info"] = {"exchange": "x", "routing_key": "elsewhere"}

    properties = checked(changed, "ocr.io")["properties"]

    assert properties["delivery_info"] == {"exchange": "", "routing_key": "ocr.io"}
    assert "reply_to" not in properties


def test_nothing_is_called_or_sent_afterwards() -> None:
    embedded = {"callbacks": [5], "errbacks": ["x"], "chain": [{"task": "x"}], "chord": "x"}

    whole = checked(message(body=body(["job"], {}, embedded)), "ocr.cpu")

    assert arguments(whole)[2] == dict.fromkeys(embedded)


@pytest.mark.parametrize(
    ("eta", "kept"),
    [
        (timedelta(seconds=1), True),
        (timedelta(seconds=50), True),
        (timedelta(seconds=90), False),
        (timedelta(days=999_999), False),
    ],
)
def test_a_delay_is_short_or_none(eta: timedelta, kept: bool) -> None:
    moment = (datetime.now(UTC) + eta).isoformat()

    assert checked(message({"eta": moment}), "ocr.cpu")["headers"]["eta"] == (moment if kept else None)


@pytest.mark.parametrize("value", ["soon", "2030-01-01T00:00:00", "9999-12-31T23:59:59.999999-23:59", 5, {}, [], None])
@pytest.mark.parametrize("name", ["eta", "expires"])
def test_what_is_no_moment_is_as_if_it_were_not_there(name: str, value: object) -> None:
    headers = checked(message({name: value}), "ocr.cpu")["headers"]

    assert headers[name] is None


@pytest.mark.parametrize(
    ("retries", "becomes"), [(0, 0), (3, 3), (-1, 0), (10**9, 0), (True, 0), ("many", 0), (1.5, 0), (None, 0)]
)
def test_retries_are_a_small_number(retries: object, becomes: int) -> None:
    assert checked(message({"retries": retries}), "ocr.cpu")["headers"]["retries"] == becomes


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        ({"headers": None}, "headers"),
        ({"headers": {"task": TASK}}, "id"),
        ({"headers": {"task": TASK, "id": "x" * 256}}, "id"),
        ({"headers": {"task": "os.system", "id": "x"}}, "task"),
        ({"headers": {"task": [TASK], "id": "x"}}, "task"),
        ({"headers": {"task": "celery.chord_unlock", "id": "x"}}, "task"),
        ({"properties": []}, "properties"),
        ({"properties": {"body_encoding": "base64"}}, "delivery_tag"),
        ({"properties": {"delivery_tag": 5, "body_encoding": "base64"}}, "delivery_tag"),
        ({"properties": {"delivery_tag": "tag"}}, "body"),
        ({"content-type": "application/x-python-serialize"}, "content"),
        ({"content-encoding": "rubbish"}, "content"),
        ({"body": None}, "body"),
        ({"body": "==="}, "body"),
        ({"body": body({"a": 1}, [], {})}, "arguments"),
        ({"body": body(["job"])}, "body"),
        ({"body": b64encode(b"[" * 5000).decode()}, "body"),
        ({"body": body(["x" * 100_000], {}, {})}, "body"),
    ],
)
def test_what_is_wrong_is_named_and_not_quoted(changed: dict[str, Any], part: str) -> None:
    with pytest.raises(MalformedMessageError) as caught:
        checked(message(**changed), "ocr.cpu")

    assert str(caught.value) == part


@given(JSON)
def test_whatever_it_is_it_is_taken_or_named(value: Any) -> None:
    with pytest.raises(MalformedMessageError):
        checked(value, "ocr.cpu")


@given(
    st.dictionaries(st.sampled_from(["eta", "expires", "retries", "root_id", "timelimit", "stamps"]) | st.text(), JSON)
)
def test_any_other_header_is_of_a_form_that_celery_knows(headers: dict[str, Any]) -> None:
    kept = checked(message(headers | {"task": ASSIST_TASK, "id": "x"}), "ocr.assist")["headers"]

    assert not kept.keys() & {"timelimit", "stamps", "group", "shadow"}
    assert isinstance(kept["root_id"], str)
    assert type(kept["retries"]) is int
    assert all(kept[name] is None or datetime.fromisoformat(kept[name]) for name in ("eta", "expires"))
