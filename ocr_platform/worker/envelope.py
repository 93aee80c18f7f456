"""What a worker believes of a message.

Whoever can write to Redis can write what he likes there, and Celery trusts what it reads: one header of the wrong type
ends a worker. So a message is checked and written anew before Celery sees it. What it may say is which task is meant
for which job; limits, callbacks, chains and answers are not for a message to ask for.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ocr_platform.workflow import ASSIST_TASK, PROTOCOL_HEADER, TASK_NAMES, WAKE_HEADER

_TASKS = frozenset({*TASK_NAMES.values(), ASSIST_TASK})
_MAX_BODY = 10_000  # characters; a job's id has 36
_MAX_NAME = 255
_MAX_RETRIES = 100
# Celery itself waits a second or so before it repeats a task whose process was lost.
_LONGEST_DELAY = timedelta(minutes=1)
_NO_CALLBACKS = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}


class MalformedMessageError(ValueError):
    """A message that no version of the platform would have sent; its text names the part, and quotes nothing."""


def checked(message: object, queue: str) -> dict[str, Any]:
    """The message as kombu's virtual transports carry it, made of checked parts. Raises MalformedMessageError.

    `queue` is where it was found, and where it goes back to.
    """
    whole = _mapping(message, "message")
    headers, properties = _mapping(whole.get("headers"), "headers"), _mapping(whole.get("properties"), "properties")
    identifier = _name(headers.get("id"), "id")
    if whole.get("content-type") != "application/json" or whole.get("content-encoding") != "utf-8":
        raise MalformedMessageError("content")
    args, kwargs = _arguments(whole.get("body"), properties.get("body_encoding"))
    return {
        "body": b64encode(json.dumps([args, kwargs, _NO_CALLBACKS]).encode()).decode(),
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": _headers(headers, identifier) | {"argsrepr": repr(args)[:_MAX_NAME], "kwargsrepr": ""},
        "properties": {
            "correlation_id": identifier,
            "delivery_mode": 2,
            # Straight to the queue: an exchange is looked up in Redis.
            "delivery_info": {"exchange": "", "routing_key": queue},
            "delivery_tag": _name(properties.get("delivery_tag"), "delivery_tag"),
            "priority": 0,
            "body_encoding": "base64",
        },
    }


def _headers(headers: Mapping[str, Any], identifier: str) -> dict[str, Any]:
    task, retries = headers.get("task"), headers.get("retries")
    if not isinstance(task, str) or task not in _TASKS:
        raise MalformedMessageError("task")
    kept = {name: headers[name] for name in (PROTOCOL_HEADER, WAKE_HEADER) if name in headers}
    root = headers.get("root_id")
    return {
        **kept,
        "lang": "py",
        "task": task,
        "id": identifier,
        "root_id": root if isinstance(root, str) and len(root) <= _MAX_NAME else identifier,
        "retries": retries if type(retries) is int and 0 <= retries <= _MAX_RETRIES else 0,
        "eta": _moment(headers.get("eta"), latest=datetime.now(UTC) + _LONGEST_DELAY),
        "expires": _moment(headers.get("expires")),
    }


def _arguments(body: object, encoding: object) -> tuple[list[Any], dict[str, Any]]:
    """Positional and named arguments, and nothing of what would be called or sent afterwards."""
    if not isinstance(body, str) or encoding != "base64" or len(body) > _MAX_BODY:
        raise MalformedMessageError("body")
    try:
        args, kwargs, _ = json.loads(b64decode(body, validate=True))
    except (ValueError, TypeError, RecursionError) as exc:
        raise MalformedMessageError("body") from exc
    if not isinstance(args, list) or not isinstance(kwargs, dict):
        raise MalformedMessageError("arguments")
    return args, kwargs


def _moment(text: object, latest: datetime | None = None) -> str | None:
    """A moment that was given with its zone, and is not after `latest`; what else it may be is as if it were not."""
    try:
        given = datetime.fromisoformat(text) if isinstance(text, str) else None
        if given is None or given.tzinfo is None:
            return None
        moment = given.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment.isoformat() if latest is None or moment <= latest else None


def _mapping(value: object, part: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise MalformedMessageError(part)
    return value


def _name(value: object, part: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_NAME:
        raise MalformedMessageError(part)
    return value
