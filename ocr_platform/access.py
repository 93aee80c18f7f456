"""Who logs in to Postgres and Redis, by the way that the settings choose."""

from collections.abc import Callable

import boto3

from ocr_platform.aws.database_token import database_token, token_refused
from ocr_platform.aws.session import secrets_manager
from ocr_platform.logins import Login, LoginSource, login_in_file
from ocr_platform.settings import Settings

Session = Callable[[], boto3.session.Session]

# A token is good for a quarter of an hour. Connections that are opened in the same moment share one.
_TOKEN_SECONDS = 1.0
# Redis tells that it refuses a login where nobody could ask for another: so the login is looked up before it is used.
_BROKER_SECONDS = 10.0


def database_logins(settings: Settings, session: Session) -> LoginSource | None:
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


def broker_logins(settings: Settings, session: Session) -> LoginSource | None:
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
