"""The credentials of a role in STS's answers."""

import re
from datetime import UTC, datetime
from html import unescape

from tests.credentials.keys import Key

_FIELDS = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
_EXPIRATION = re.compile(rb"(?<=<Expiration>)[^<]*(?=</Expiration>)")


def told(moment: datetime) -> str:
    """As AWS writes it: whole seconds, and never later than it is."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def credentials_in(body: bytes) -> Key | None:
    """The key that an answer hands out, if it hands one out."""
    text = body.decode()
    found = [re.search(f"<{field}>([^<]*)</{field}>", text) for field in _FIELDS]
    values = [unescape(each[1]).strip() for each in found if each is not None]
    if len(values) < len(_FIELDS):
        return None
    access_key, secret_key, token, expiration = values
    return Key(access_key, secret_key, token, datetime.fromisoformat(expiration))


def with_expiration(body: bytes, expires: datetime) -> bytes:
    return _EXPIRATION.sub(told(expires).encode(), body)
