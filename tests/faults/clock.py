"""A wall clock that is wrong, in this process and in those that are forked from it.

Shifted are `time` and `datetime`; the monotonic clock, the kernel's and the database's are right, as on a machine whose
clock was set wrongly. Modules that took `time.time` by name before the shift keep the right one: shift first.
"""

import datetime as dt
import time
from typing import Any


def shift(seconds: float) -> None:
    """Have this process believe that it is so many seconds later."""
    right, right_ns = time.time, time.time_ns
    localtime, gmtime = time.localtime, time.gmtime
    time.time = lambda: right() + seconds
    time.time_ns = lambda: right_ns() + int(seconds * 1e9)
    time.localtime = lambda when=None: localtime(time.time() if when is None else when)
    time.gmtime = lambda when=None: gmtime(time.time() if when is None else when)
    dt.datetime = _shifted(dt.datetime)  # type: ignore[misc]


def _shifted(right: type[dt.datetime]) -> type[dt.datetime]:
    """A stand-in for the class that makes instances of the right one: what C code makes and takes fits all along."""

    class Kind(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, right)

        def __subclasscheck__(cls, subclass: type) -> bool:
            return issubclass(subclass, right)

    class Shifted(right, metaclass=Kind):  # type: ignore[misc, valid-type]
        def __new__(cls, *args: Any, **named: Any) -> Any:
            return right(*args, **named)

        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:
            return right.fromtimestamp(time.time(), tz)

        @classmethod
        def utcnow(cls) -> dt.datetime:
            return right.fromtimestamp(time.time(), dt.UTC).replace(tzinfo=None)

        @classmethod
        def today(cls) -> dt.datetime:
            return right.fromtimestamp(time.time())

    return Shifted
