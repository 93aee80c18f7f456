"""Structured logs: one JSON object a line, a fixed event name plus fields.

Tracebacks are kept to where and what kind: an exception's text may quote what it met. What is a secret of this process
is taken out of every line, whoever logged it: see `redaction`.
"""

import json
import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO
from uuid import UUID

from ocr_platform.errors import PlatformError
from ocr_platform.monitoring.crashes import show_warnings_by_kind
from ocr_platform.monitoring.messages import fields, kind_of, told
from ocr_platform.monitoring.redaction import knows, redact

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
            "event": told(record),
            **(_context.get() or {}),
            **fields(record, _STANDARD),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = _chain(record.exc_info[1])
        text = json.dumps(line, ensure_ascii=False, default=str)
        # In most lines there is nothing, which the whole line tells at once. Taken out are values, not parts of JSON.
        return json.dumps(_redacted(line), ensure_ascii=False, default=str) if knows(text) else text


def _redacted(value: Any) -> Any:
    match value:
        case str():
            return redact(value)
        case dict():
            return {name: _redacted(each) for name, each in value.items()}
        case list():
            return [_redacted(each) for each in value]
    return value


def _chain(error: BaseException | None) -> list[dict[str, Any]]:
    """The error and its causes: kind and place; the text only of the platform's own, which quotes nothing."""
    links: list[dict[str, Any]] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        link: dict[str, Any] = {"kind": kind_of(error)}
        if isinstance(error, PlatformError):
            link["text"] = error.message
        frames = traceback.extract_tb(error.__traceback__)[-5:]
        link["at"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        links.append(link)
        error = error.__cause__ or error.__context__
    return links


class _StderrHandler(logging.StreamHandler[TextIO]):
    """Standard error; a line that cannot be formatted is told of by its kind; logging's own would print it all."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  logging's
        """Write what kind of error it was, and whose line."""
        error = sys.exc_info()[1]
        line = {"event": "line_not_logged", "logger": record.name, "kind": kind_of(error) if error else None}
        with suppress(OSError, ValueError):
            self.stream.write(json.dumps(line) + self.terminator)


def configure_logging(level: str) -> None:
    """Send every logger's lines, and warnings, to standard error in this format."""
    handler = _StderrHandler(getattr(sys.stderr, "unredacted", sys.stderr))
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    show_warnings_by_kind()
    # These say at INFO what happens with every message, arguments included.
    for chatty in ("celery.worker.strategy", "celery.app.trace", "botocore", "boto3", "urllib3", "alembic"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    # Of each renewal that fails it tells the whole way there; `aws.credentials` tells that it failed, and what goes on.
    logging.getLogger("botocore.credentials").setLevel(logging.CRITICAL)
