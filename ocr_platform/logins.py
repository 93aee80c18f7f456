"""Names and passwords that change while the platform runs: read when needed, kept in memory, read again."""

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ocr_platform.errors import CredentialsUnavailable, PlatformError
from ocr_platform.monitoring.redaction import learn
from ocr_platform.private_files import read_secret
from ocr_platform.restraint import Restraint

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Login:
    """Who logs in, and by which password."""

    user: str
    password: str = field(repr=False)


class LoginSource:
    """A login from somewhere. Safe for threads.

    `read` gets it, and may raise a PlatformError. A login that is older than `keep_seconds` is read again before it is
    used, and goes on being used when that fails; without `keep_seconds` it is kept until a server refuses it. `refused`
    is told of that before the login is read again.
    """

    def __init__(
        self,
        name: str,
        read: Callable[[], Login],
        keep_seconds: float | None = None,
        refused: Callable[[Login], object] = lambda _login: None,
    ) -> None:
        self._name = name
        self._read = read
        self._refused = refused
        self._keep = keep_seconds
        self._lock = threading.Lock()
        self._login: Login | None = None
        self._read_at = -math.inf
        self._restraint = Restraint()

    def current(self) -> Login:
        """The login to use now. Raises a PlatformError when there never was one."""
        with self._lock:
            if self._login is None:
                self._renew()
            elif self._keep is not None and time.monotonic() - self._read_at > self._keep:
                self._try_to_renew()
            if self._login is None:
                raise CredentialsUnavailable
            return self._login

    def another(self, refused: Login) -> Login | None:
        """What to try after a server has refused a login; None when nothing else is known."""
        with self._lock:
            if self._login is None or self._login != refused:
                return self._login
            if not self._restraint.allows():
                return None
            self._refused(refused)
            self._try_to_renew()
            changed = self._login != refused
            self._restraint.answered(new=changed)
            return self._login if changed else None

    def _renew(self) -> None:
        # Also when it fails: a source that is away must not keep each connection waiting.
        self._read_at = time.monotonic()
        self._login = self._read()
        learn(f"login: {self._name}", self._login.password)

    def _try_to_renew(self) -> None:
        before = self._login
        try:
            self._renew()
        except PlatformError as exc:
            _log.warning("login_not_renewed", extra={"login": self._name, "code": exc.code})
            return
        if self._login != before:
            _log.info("login_renewed", extra={"login": self._name})


def login_in_file(variable: str, user: str, path: Path) -> Callable[[], Login]:
    """A reader of a login whose password is in a file, named by `variable`."""

    def read() -> Login:
        try:
            password = read_secret(path)
        except (OSError, UnicodeDecodeError):
            raise CredentialsUnavailable(f"{variable}: cannot read {path}") from None
        if not password:
            raise CredentialsUnavailable(f"{variable}: {path} is empty")
        return Login(user, password)

    return read
