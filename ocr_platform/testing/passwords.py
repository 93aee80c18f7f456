"""Passwords of documents without Secrets Manager."""

from ocr_platform.errors import PasswordUnavailable
from ocr_platform.testing.faults import Faulty


class InMemoryPasswords(Faulty):
    """Implements `ports.PasswordStore`: by tenant and ARN. `asked` are the ARNs that were asked for, in order."""

    def __init__(self, known: dict[tuple[str, str], str] | None = None) -> None:
        super().__init__()
        self.known = dict(known or {})
        self.asked: list[str] = []

    def password(self, secret: str, tenant: str) -> str:
        """The password in a tenant's secret. Raises PasswordUnavailable."""
        self._meet("password")
        self.asked.append(secret)
        try:
            return self.known[tenant, secret]
        except KeyError:
            raise PasswordUnavailable from None
