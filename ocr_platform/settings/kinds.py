"""What a setting may be, where it is one of a few."""

from enum import StrEnum


class AppEnv(StrEnum):
    """Where the platform runs; production refuses what only development may do."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class AwsCredentials(StrEnum):
    """Where AWS credentials come from."""

    AUTO = "auto"
    ROLE = "role"
    SECRET = "secret"  # noqa: S105  a kind, no password
    ENVIRONMENT = "environment"


class Insecurity(StrEnum):
    """What production refuses, by the name under which OCR_ALLOW_INSECURE lets it pass."""

    AWS_KEYS = "aws_keys"
    AWS_ENDPOINT = "aws_endpoint"
    PLAIN_PASSWORDS = "plain_passwords"
    EXAMPLE_SECRETS = "example_secrets"
    DB_SSLMODE = "db_sslmode"
    REDIS_TLS = "redis_tls"
    REDIS_PASSWORD = "redis_password"  # noqa: S105  a name
    DOTENV = "dotenv"
    CORE_DUMPS = "core_dumps"
    DEBUG = "debug"


class LogLevel(StrEnum):
    """The least severe level that is logged."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class SslMode(StrEnum):
    """How a connection to Postgres is protected, as libpq understands it."""

    DISABLE = "disable"
    REQUIRE = "require"
    VERIFY_CA = "verify-ca"
    VERIFY_FULL = "verify-full"
