"""Forged messages, by what is wrong with each: some are no messages, some lie about what they are."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from ocr_platform.models import Stage
from ocr_platform.workflow import ASSIST_TASK, PROTOCOL_HEADER, PROTOCOL_VERSION, TASK_NAMES
from tests.faults.messages import wire

_OCR = TASK_NAMES[Stage.OCR]
_MEGABYTE = 1_000_000
_EMBED: dict[str, Any] = {}


def malformed(job_id: str) -> dict[str, bytes]:
    """Messages whose form is wrong; where they name a job, it is this one."""
    return _of_no_form() | _of_wrong_parts(job_id) | _of_wrong_headers(job_id) | _of_wrong_arguments(job_id)


def _of_no_form() -> dict[str, bytes]:
    return {
        "bytes": b"\x00\xff\xfe garbage",
        "nothing": b"",
        "a number": b"12",
        "a list": b"[]",
        "an empty object": b"{}",
        "a deep list": b"[" * 20_000 + b"]" * 20_000,
        "no properties": json.dumps({"body": "x", "headers": {}}).encode(),
    }


def _of_wrong_parts(job_id: str) -> dict[str, bytes]:
    good = json.loads(wire(_OCR, [job_id]))
    parts: dict[str, dict[str, Any]] = {
        "body no base64": {"body": "%%%"},
        "body no JSON": {"body": base64.b64encode(b"\xff\xfe").decode()},
        "headers a list": {"headers": []},
        "headers null": {"headers": None},
        "headers a string": {"headers": "x"},
        "properties a list": {"properties": []},
        "pickled": {"content-type": "application/x-python-serialize"},
        "content type a number": {"content-type": 5},
        "encoding unknown": {"content-encoding": "rubbish"},
    }
    properties: dict[str, dict[str, Any]] = {
        "delivery tag a number": {"delivery_tag": 5},
        "delivery tag an object": {"delivery_tag": {}},
        "delivery info a string": {"delivery_info": "x"},
        "delivery info empty": {"delivery_info": {}},
        "answer wanted": {"reply_to": "elsewhere"},
    }
    bodies: dict[str, Any] = {
        "body a number": 5,
        "body null": None,
        "body too short": [[job_id]],
        "arguments an object": [{"a": 1}, [], {}],
        "embedded a string": [[job_id], {}, "x"],
        "embedded chain": [[job_id], {}, {"chain": [{"task": "x"}], "callbacks": [5], "chord": "x"}],
    }
    return (
        {name: json.dumps(good | part).encode() for name, part in parts.items()}
        | {
            name: json.dumps(good | {"properties": good["properties"] | part}).encode()
            for name, part in properties.items()
        }
        | {name: wire(_OCR, body=body) for name, body in bodies.items()}
    )


def _of_wrong_headers(job_id: str) -> dict[str, bytes]:
    headers: dict[str, Mapping[str, Any]] = {
        "no id": {"id": None},
        "id a number": {"id": 5},
        "id an object": {"id": {}},
        "root an object": {"root_id": {}},
        "retries a word": {"retries": "many"},
        "retries negative": {"retries": -5},
        "retries used up": {"retries": 10**9},
        "time limit a number": {"timelimit": 5},
        "time limits words": {"timelimit": ["a", "b"]},
        "eta a word": {"eta": "soon"},
        "eta in 8000 years": {"eta": "9999-12-31T23:59:59+00:00"},
        "expires a word": {"expires": "soon"},
        "expires an object": {"expires": {}},
        "expired": {"expires": "2000-01-01T00:00:00+00:00"},
        "stamped with a number": {"stamped_headers": 5},
        "shadow an object": {"shadow": {"a": 1}},
        "compressed": {"compression": "rubbish"},
        "protocol newer": {PROTOCOL_HEADER: PROTOCOL_VERSION + 1},
        "protocol negative": {PROTOCOL_HEADER: -1},
        "protocol a word": {PROTOCOL_HEADER: "abc"},
        "protocol an object": {PROTOCOL_HEADER: {}},
    }
    tasks: dict[str, object] = {
        "task a list": ["x"],
        "task an object": {"x": 1},
        "task a number": 5,
        "task unknown": "os.system",
        "task of Celery's, map": "celery.map",
        "task of Celery's, unlock": "celery.chord_unlock",
        "task of Celery's, cleanup": "celery.backend_cleanup",
    }
    return {name: wire(_OCR, [job_id], header) for name, header in headers.items()} | {
        name: wire(task, [job_id]) for name, task in tasks.items()
    }


def _of_wrong_arguments(job_id: str) -> dict[str, bytes]:
    arguments: dict[str, list[object]] = {
        "no argument": [],
        "three arguments": [job_id] * 3,
        "a number": [5],
        "null": [None],
        "an object": [{"a": {"b": [1, {"c": None}]}}],
        "a megabyte": ["x" * _MEGABYTE],
        "SQL": ["'; DROP TABLE jobs; --"],
        "SQL after an id": [f"{job_id}' OR '1'='1"],
        "a path": ["../../etc/passwd"],
        "an empty string": [""],
    }
    named: dict[str, dict[str, object]] = {"by name": {"job_id": job_id}, "by a wrong name": {"job": job_id}}
    found = {
        f"{name} for {task}": wire(task, values) for task in (_OCR, ASSIST_TASK) for name, values in arguments.items()
    }
    return found | {name: wire(_OCR, body=[[], values, _EMBED]) for name, values in named.items()}


def hurting(job_id: str) -> list[tuple[str, bytes]]:
    """Well-formed messages for a job, with their tasks: for each stage, with time limits and delays that would hurt."""
    headers: list[dict[str, Any]] = [
        {},
        {"timelimit": [0.001, 0.001]},
        {"timelimit": [0.001, None]},
        {"eta": "9999-12-31T23:59:59+00:00"},
        {"retries": 10**9},
        {PROTOCOL_HEADER: PROTOCOL_VERSION + 1},
        {PROTOCOL_HEADER: -1},
    ]
    tasks = [*TASK_NAMES.values(), ASSIST_TASK]
    return [(task, wire(task, [job_id], header)) for header in headers for task in tasks]
