"""The secret values that this process has loaded, and how they are taken out of whatever it says.

The memory belongs to the process, as logging does: whoever loads a secret says so here, and what is forked inherits it.
"""

import base64
import json
import logging
import os
import re
import threading
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

SHOWN = "[secret]"
# What is shorter would be taken out of ordinary words; nobody's password should be, and docs/secrecy.md says so.
SHORTEST = 6
# Of each source: some generations of AWS keys, which are three values each, and all else that is there at once.
KEPT = 24

# Good for a quarter of an hour, and a new one for each connection: what a presigned URL, or a login to RDS, is worth.
# And a password in a URL, which may be one that nobody told of.
_SIGNED = re.compile(r"(X-Amz-(?:Signature|Security-Token|Credential)=)[^&\s\"']+")
_IN_URL = re.compile(r"(://[^\s/@:\"']*:)[^\s/@\"']+(?=@)")


class Secrets:
    """Values by where they come from, and the forms in which each may be met. Safe for threads and forks.

    Reading takes no lock: a change puts a new tuple in the place of the last one.
    """

    def __init__(self) -> None:
        self._values: dict[str, dict[str, tuple[str, ...]]] = {}
        self._forms: tuple[str, ...] = ()
        self._lock = threading.Lock()
        # A fork in the midst of `learn`, by another thread, must not leave the lock held for ever.
        os.register_at_fork(after_in_child=self._unlock)

    def learn(self, source: str, values: Iterable[str | None]) -> None:
        """Take these out from now on. Of one source the latest are kept, so that what is renewed does not pile up."""
        with self._lock:
            known = self._values.setdefault(source, {})
            for value in values:
                if value is not None and len(value) >= SHORTEST:
                    known[value] = known.pop(value, ()) or _forms(value)  # the latest is the last
            for oldest in list(known)[:-KEPT]:
                del known[oldest]
            every = {form for source in self._values.values() for forms in source.values() for form in forms}
            # The longest first: a secret may be part of another one.
            self._forms = tuple(sorted(every, key=lambda form: (-len(form), form)))

    def knows(self, text: str) -> bool:
        """True when the text holds one of them, or something that is a secret wherever it stands."""
        return any(form in text for form in self._forms) or "X-Amz-" in text or "://" in text

    def redact(self, text: str) -> str:
        """The text without them."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, SHOWN)
        if "X-Amz-" in text:
            text = _SIGNED.sub(rf"\g<1>{SHOWN}", text)
        if "://" in text:
            text = _IN_URL.sub(rf"\g<1>{SHOWN}", text)
        return text

    def _unlock(self) -> None:
        self._lock = threading.Lock()


def _forms(value: str) -> tuple[str, ...]:
    """As it is, as JSON and Python write it in quotes, as a part of a URL, and inside of longer base64."""
    plain = {
        value,
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        repr(value)[1:-1],
        quote(value),
        quote(value, safe=""),
        quote_plus(value),
    }
    plain |= {json.dumps(form, ensure_ascii=False)[1:-1] for form in plain}  # each, in a line of JSON
    return tuple(form for form in plain | set(_in_base64(value.encode())) if len(form) >= SHORTEST)


def _in_base64(value: bytes) -> Iterable[str]:
    """What of it does not depend on its neighbours, whether it begins with a group's first, second or third byte."""
    for pad in range(3):
        before = -(-pad * 8 // 6)  # characters that the padding has a part in
        within = (pad + len(value)) * 8 // 6
        encoded = base64.b64encode(b"\0" * pad + value).decode()[before:within]
        yield encoded
        yield encoded.replace("+", "-").replace("/", "_")


_secrets = Secrets()
knows = _secrets.knows
redact = _secrets.redact


def learn(source: str, *values: str | None) -> None:
    """Take these values out of whatever this process logs; `source` says where they come from, and is no secret."""
    _secrets.learn(source, values)


class SecretsFilter(logging.Filter):
    """Takes them out of the lines of an application's own handler, whatever its format."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Every record passes: as text, with the text of its traceback."""
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):
            message = str(record.msg)  # arguments that do not fit; they are left out
        record.msg, record.args = redact(message), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        return True
