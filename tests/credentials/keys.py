"""The keys that AWS knows, and what it says to a request that is signed with one."""

import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum, auto

from tests.credentials.sigv4 import Claim


class Refusal(Enum):
    """Why a request is not served."""

    UNSIGNED = auto()
    UNKNOWN_KEY = auto()
    WRONG_TOKEN = auto()
    EXPIRED = auto()
    WRONG_SIGNATURE = auto()
    DENIED = auto()
    UNAVAILABLE = auto()


@dataclass(frozen=True, slots=True)
class Key:
    """A long-lived key has no token and does not expire."""

    access_key: str
    secret_key: str
    token: str | None = None
    expires: datetime | None = None
    revoked: bool = False


class KeyBook:
    """May be used from any thread."""

    def __init__(self) -> None:
        self._keys: dict[str, Key] = {}
        self._lock = threading.Lock()

    def issue(self, key: Key) -> None:
        """Add it, or put it in the place of one with the same access key."""
        with self._lock:
            self._keys[key.access_key] = key

    def revoke(self, access_key: str) -> None:
        """Refuse it from now on; a key that is unknown is an error of the test."""
        with self._lock:
            self._keys[access_key] = replace(self._keys[access_key], revoked=True)

    def get(self, access_key: str) -> Key | None:
        with self._lock:
            return self._keys.get(access_key)

    @property
    def issued(self) -> list[Key]:
        """All that were ever issued."""
        with self._lock:
            return list(self._keys.values())

    def judge(self, claim: Claim | None) -> Refusal | None:
        """None when the claim is good. A token is opened first: with it AWS learns the secret and the end."""
        if claim is None:
            return Refusal.UNSIGNED
        key = self.get(claim.access_key)
        # To AWS the access key of a role is unknown when it comes without its token.
        if key is None or key.revoked or (key.token is not None and claim.token is None):
            return Refusal.UNKNOWN_KEY
        if claim.token != key.token:
            return Refusal.WRONG_TOKEN
        if key.expires is not None and datetime.now(UTC) >= key.expires:
            return Refusal.EXPIRED
        return None if claim.signed_with(key.secret_key) else Refusal.WRONG_SIGNATURE
