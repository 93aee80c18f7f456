"""How a process says that it, or a thread of it, ends by an error: one line as any other, instead of a traceback."""

import logging
import sys
import threading
import traceback
import warnings
from types import TracebackType
from typing import TextIO

from ocr_platform.monitoring.messages import kind_of
from ocr_platform.monitoring.redaction import redact

_log = logging.getLogger(__name__)


class RedactedStream:
    """A text stream without secrets, for what some library prints without logging it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def unredacted(self) -> TextIO:
        """The stream itself, for what takes secrets out on its own."""
        return self._stream

    def write(self, text: str) -> int:
        """Write it, redacted; the length of what was given."""
        self._stream.write(redact(text))
        return len(text)

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


def log_crashes() -> None:
    """From now on what nobody catches is logged; call `configure_logging` before."""
    sys.excepthook = _crashed
    threading.excepthook = _thread_crashed
    sys.unraisablehook = _unraisable
    if not isinstance(sys.stderr, RedactedStream):
        sys.stderr = RedactedStream(sys.stderr)


def redact_crashes() -> None:
    """For commands that people use: the usual traceback, without secrets."""
    sys.excepthook = _print_crash


def log_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """`warnings.showwarning`, by kind and place: Celery warns with the text of whole tracebacks."""
    _log.warning("warning", extra={"kind": kind_of(category), "at": f"{filename}:{lineno}"})


def show_warnings_by_kind() -> None:
    """From now on warnings are logged."""
    warnings.showwarning = log_warning


def _crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    _log.critical("process_crashed", exc_info=(kind, error, trace))


def _thread_crashed(args: threading.ExceptHookArgs) -> None:
    if args.exc_type is SystemExit or args.exc_value is None:
        return  # as Python's own does
    thread = args.thread.name if args.thread is not None else None
    _log.critical(
        "thread_crashed", exc_info=(args.exc_type, args.exc_value, args.exc_traceback), extra={"in_thread": thread}
    )


def _unraisable(args: "sys.UnraisableHookArgs") -> None:
    error = args.exc_value or args.exc_type()
    _log.error("error_ignored", exc_info=(args.exc_type, error, args.exc_traceback))


def _print_crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sys.stderr.write(redact("".join(traceback.format_exception(kind, error, trace))))
