"""Structured logs: one JSON object a line, a fixed event name plus fields.

Tracebacks are kept to where and what kind: an exception's text may quote what it met.
"""

import json
import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from ocr_platform.errors import PlatformError

_context: ContextVar[dict[str, str] | None] = ContextVar("job", default=None)
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


@contextmanager
def job_context(job_id: UUID, stage: str) -> Iterator[None]:
    """Put a job's id and stage on every line that is logged inside."""
    token = _context.set({"job_id": str(job_id), "stage": str(stage)})
    try:
        yield
    finally:
        _context.reset(token)


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Time (UTC), level, logger, event, the job's context, the record's own fields."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
            **(_context.get() or {}),
            **{name: _plain(value) for name, value in vars(record).items() if name not in _STANDARD},
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = _chain(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _chain(error: BaseException | None) -> list[dict[str, Any]]:
    """The error and its causes: kind and place; the text only of the platform's own, which quotes nothing."""
    links: list[dict[str, Any]] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        link: dict[str, Any] = {"kind": f"{type(error).__module__}.{type(error).__qualname__}"}
        if isinstance(error, PlatformError):
            link["text"] = error.message
        frames = traceback.extract_tb(error.__traceback__)[-5:]
        link["at"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        links.append(link)
        error = error.__cause__ or error.__context__
    return links


def configure_logging(level: str) -> None:
    """Send every logger's lines to standard error in this format."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    # These say at INFO what happens with every message, arguments included.
    for chatty in ("celery.worker.strategy", "celery.app.trace", "botocore", "boto3", "urllib3", "alembic"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    # Of each renewal that fails it tells the whole way there; `aws.credentials` tells that it failed, and what goes on.
    logging.getLogger("botocore.credentials").setLevel(logging.CRITICAL)
