"""What is shown of a record that some library logged: it may carry objects, and errors that quote what they met."""

import logging
from collections.abc import Mapping
from datetime import date, timedelta
from enum import Enum
from pathlib import PurePath
from uuid import UUID

_OWN = "ocr_platform"
# They quote addresses and commands, which say why Redis cannot be reached; never what a document says.
_ABOUT_CONNECTIONS = ("redis.", "kombu.", "amqp.", "billiard.")
_MOST_CHARACTERS = 300
# What `celery.app.trace` says of a task: all of its arguments, its result, and an error with all that caused it.
_OF_A_TASK = frozenset({"exc", "traceback", "args", "kwargs", "return_value"})
_LEFT_OUT = "..."
_PLAIN = (str, int, float, bool, UUID, date, timedelta, PurePath, Enum)


def told(record: logging.LogRecord) -> str:
    """The message, with an error's kind in the place of its text, and an object's kind in the place of the object."""
    message, arguments = record.msg, record.args
    if not isinstance(message, str):
        return str(shown(message))
    if record.name == "asyncio":
        return message.partition("\n")[0]  # what follows is the future with its error, as text
    if not arguments:
        return message
    if isinstance(arguments, Mapping):
        # Celery gives the fields of a sentence so; logging also takes a single dictionary apart that was to be quoted.
        if "%(" not in message:
            return _filled(message, (shown(arguments),))
        return _filled(
            message, {name: _LEFT_OUT if name in _OF_A_TASK else shown(arguments[name]) for name in arguments}
        )
    return _filled(message, tuple(map(shown, arguments)))


def fields(record: logging.LogRecord, standard: frozenset[str]) -> dict[str, object]:
    """The record's own fields. Of a library's only what is plain: Celery adds what a task was called with."""
    own = record.name.partition(".")[0] == _OWN
    found = {name: value for name, value in vars(record).items() if name not in standard}
    if own:
        return {
            name: value if isinstance(value, str | int | float | None) else str(value) for name, value in found.items()
        }
    return {name: shown(value) for name, value in found.items() if not isinstance(value, Mapping)}


def kind_of(error: BaseException | type[BaseException]) -> str:
    """An error's class."""
    cls = error if isinstance(error, type) else type(error)
    return f"{cls.__module__}.{cls.__qualname__}"


def shown(value: object) -> object:
    """A plain value as it is; of anything else its kind, and of an error about a connection what it says."""
    if value is None or type(value) in (str, int, float, bool):
        return value
    if isinstance(value, BaseException):
        kind = kind_of(value)
        if isinstance(value, OSError) or kind.startswith(_ABOUT_CONNECTIONS):
            return f"{kind}: {value}"[:_MOST_CHARACTERS]
        return kind
    if isinstance(value, _PLAIN):
        return str(value)
    return f"<{value.__name__ if isinstance(value, type) else type(value).__name__}>"


def _filled(message: str, arguments: object) -> str:
    try:
        return message % arguments
    except (TypeError, ValueError, KeyError):
        return message  # a figure was expected where an object was, or a line of somebody's with a mistake in it
