"""kombu's Redis transport, with a login that is looked up for each connection instead of being part of a URL."""

from itertools import count
from typing import Any

from kombu.transport import redis
from redis.credentials import CredentialProvider

from ocr_platform.logins import LoginSource

_numbers = count(1)  # and no address: whoever may ask a worker need not learn where its memory is
OPTION = "login"  # in Celery's broker_transport_options


class BrokerLogin(CredentialProvider):
    """A LoginSource as redis-py asks for it.

    Its text shows no login, since Celery lists its settings to whoever asks, but tells one login from another: by it
    kombu decides which connections may be shared.
    """

    def __init__(self, logins: LoginSource) -> None:
        self._logins = logins
        self._number = next(_numbers)

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        """Name and password, or the password of Redis' default user."""
        login = self._logins.current()
        return (login.user, login.password) if login.user else (login.password,)

    def __repr__(self) -> str:
        return f"BrokerLogin({self._number})"

    def __json__(self) -> str:
        """What kombu writes of it into an answer to `inspect stats`."""
        return repr(self)


class Channel(redis.Channel):
    """Connects with the login of the transport's options, if there is one."""

    def _connparams(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        transport: Any = self.connection
        params: dict[str, Any] = super()._connparams(*args, **kwargs)  # type: ignore[misc]
        login = transport.client.transport_options.get(OPTION)
        if login is not None:
            params["credential_provider"] = login
            # redis-py takes one or the other.
            params.pop("username", None)
            params.pop("password", None)
        return params


class Transport(redis.Transport):
    """kombu's, with that channel."""

    Channel = Channel
