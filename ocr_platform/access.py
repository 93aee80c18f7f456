"""Who logs in to Postgres and Redis, by the way that the settings choose."""

import os
from collections.abc import Callable

import boto3

from ocr_platform.aws.credentials import KnownKeys
from ocr_platform.aws.database_token import database_token, token_refused
from ocr_platform.aws.session import make_session, secrets_manager
from ocr_platform.logins import Login, LoginSource, login_in_file
from ocr_platform.monitoring.redaction import learn
from ocr_platform.settings import Settings

Session = Callable[[], boto3.session.Session]

# A token is good for a quarter of an hour. Connections that are opened in the same moment share one.
_TOKEN_SECONDS = 1.0
# Redis tells that it refuses a login where nobody could ask for another: so the login is looked up before it is used.
_BROKER_SECONDS = 10.0


class Access:
    """Who the platform is, for one process and those that it forks: they inherit what is known, and no connection."""

    def __init__(self, settings: Settings) -> None:
        learn("settings", *settings.secrets)
        self._settings = settings
        self._known = KnownKeys()
        self._own: tuple[int, boto3.session.Session] | None = None
        self.database = _database_logins(settings, self.session)
        self.broker = _broker_logins(settings, self.session)

    def session(self) -> boto3.session.Session:
        """This process's session, whose credentials all its clients share: they are fetched, and renewed, once."""
        if self._own is None or self._own[0] != os.getpid():
            self._own = (os.getpid(), make_session(self._settings, self._known))
        return self._own[1]


def _database_logins(settings: Settings, session: Session) -> LoginSource | None:
    """The login of DB_SECRET_ARN, DB_IAM_AUTH or DB_PASSWORD_FILE; None where the settings have all there is."""
    user = settings.db_user
    if settings.db_secret_arn is not None:
        return LoginSource("database", _in_secret("DB_SECRET_ARN", settings.db_secret_arn, user, settings, session))
    if settings.db_iam_auth:

        def token() -> Login:
            place = (settings.db_host, settings.db_port)
            return Login(user, database_token(session(), *place, user, settings.aws_region))

        return LoginSource(
            "database", token, _TOKEN_SECONDS, refused=lambda login: token_refused(session(), login.password)
        )
    if settings.db_password_file is not None:
        return LoginSource("database", login_in_file("DB_PASSWORD_FILE", user, settings.db_password_file))
    return None


def _broker_logins(settings: Settings, session: Session) -> LoginSource | None:
    """The login of REDIS_SECRET_ARN or REDIS_PASSWORD_FILE; None where the settings have all there is."""
    user = settings.redis_username or ""
    if settings.redis_secret_arn is not None:
        read = _in_secret("REDIS_SECRET_ARN", settings.redis_secret_arn, user, settings, session)
        return LoginSource("redis", read, _BROKER_SECONDS)
    if settings.redis_password_file is not None:
        read = login_in_file("REDIS_PASSWORD_FILE", user, settings.redis_password_file)
        return LoginSource("redis", read, keep_seconds=0.0)
    return None


def _in_secret(variable: str, arn: str, user: str, settings: Settings, session: Session) -> Callable[[], Login]:
    """The form that RDS and ElastiCache give their secrets: username (else `user`) and password."""

    def read() -> Login:
        fields = secrets_manager(settings, session()).read(variable, arn, ("password",))
        return Login(str(fields.get("username") or user), fields["password"])

    return read
