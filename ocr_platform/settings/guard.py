"""What production refuses: each with a name, by which OCR_ALLOW_INSECURE can let it pass, and a remedy."""

import hashlib
import re
import resource
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ocr_platform.settings.kinds import AppEnv, AwsCredentials, Insecurity, LogLevel, SslMode
from ocr_platform.settings.model import Settings

Found = tuple[Insecurity, str]

# Passwords that stand in the guide this platform was built after: whoever has read it knows them. Only their SHA-256
# is here, and the form of its placeholders.
_EXAMPLES = frozenset({"204847ed47f1d6ff03ab925b3d6994e58c005d2f7569b56e3d2b118c1ef9b433"})
_PLACEHOLDER = re.compile(r"YOUR_\w*HERE|<[^>]*>|change-?me", re.IGNORECASE)

_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_PASSWORDS = ("DB_PASSWORD", "REDIS_PASSWORD", "OCR_FLOWER_PASSWORD")
# Celery reads these by itself, before what a program tells it.
_BROKERS = ("CELERY_BROKER_URL", "CELERY_BROKER_READ_URL", "CELERY_BROKER_WRITE_URL")
_SWITCHES = ("DEBUG", "FLASK_DEBUG", "PYTHONDEVMODE")
_OFF = frozenset({"", "0", "false", "no", "off"})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is around a process: where it stands, where its program lies, whether it may leave core dumps.

    `unused` is what cannot be insecure since this process does not use it: Flower has no database.
    """

    directories: tuple[Path, ...]
    core_dumps: bool
    unused: frozenset[Insecurity] = frozenset()

    @classmethod
    def of_this_process(cls, *unused: Insecurity) -> Self:
        """Those of this process."""
        beside = Path(sys.argv[0] or ".").absolute().parent
        package = Path(__file__).parents[2]
        places = tuple(dict.fromkeys((Path.cwd(), beside, package)))
        return cls(places, core_dumps=resource.getrlimit(resource.RLIMIT_CORE)[0] != 0, unused=frozenset(unused))


def insecurities(settings: Settings, environ: Mapping[str, str], surroundings: Surroundings | None) -> list[Found]:
    """All that production refuses of these settings, allowed or not; nothing in development."""
    if settings.app_env is not AppEnv.PRODUCTION:
        return []
    found = [*_credentials(settings, environ), *_connections(settings, environ), *_debugging(settings, environ)]
    if surroundings is None:
        return found
    return [(name, line) for name, line in (*found, *_around(surroundings)) if name not in surroundings.unused]


def is_example(secret: str) -> bool:
    """True for a password that was copied from an example, or a place that was to be filled in."""
    return hashlib.sha256(secret.encode()).hexdigest() in _EXAMPLES or bool(_PLACEHOLDER.fullmatch(secret))


def _credentials(settings: Settings, environ: Mapping[str, str]) -> Iterator[Found]:
    for name in _KEYS:
        if environ.get(name) or environ.get(f"{name}_FILE"):
            remedy = "not allowed in production; use an IAM role or AWS_SECRET_ARN"
            yield Insecurity.AWS_KEYS, f"{name}: {remedy}"
    if settings.ocr_aws_credentials is AwsCredentials.ENVIRONMENT:
        yield Insecurity.AWS_KEYS, "OCR_AWS_CREDENTIALS: environment is for development; set role or secret"
    for name in _PASSWORDS:
        if environ.get(name):
            remedy = "in the environment every child and every crash report can see it; use " + _elsewhere(name)
            yield Insecurity.PLAIN_PASSWORDS, f"{name}: {remedy}"
    for name in (*_KEYS, *_PASSWORDS):
        secret = getattr(settings, name.lower())
        if secret is not None and is_example(secret.get_secret_value()):
            given = name if environ.get(name) else f"{name}_FILE"
            yield Insecurity.EXAMPLE_SECRETS, f"{given}: holds a password from an example; make a new one"


def _elsewhere(name: str) -> str:
    arn = {"DB_PASSWORD": ", DB_SECRET_ARN or DB_IAM_AUTH", "REDIS_PASSWORD": " or REDIS_SECRET_ARN"}.get(name, "")
    return f"{name}_FILE{arn}"


def _connections(settings: Settings, environ: Mapping[str, str]) -> Iterator[Found]:
    for name in sorted(environ):
        # botocore has one for each service, too.
        if name.startswith("AWS_ENDPOINT_URL") and environ[name].lower().startswith("http://"):
            yield Insecurity.AWS_ENDPOINT, f"{name}: must be https:// in production"
    if settings.resolved_sslmode is not SslMode.VERIFY_FULL:
        found = settings.resolved_sslmode
        yield (
            Insecurity.DB_SSLMODE,
            f"DB_SSLMODE: {found} does not prove who the server is; set verify-full and DB_SSLROOTCERT",
        )
    if not settings.redis_tls:
        yield Insecurity.REDIS_TLS, "REDIS_TLS: Redis without TLS; set REDIS_TLS=true and REDIS_CA_FILE"
    for name in _BROKERS:
        if environ.get(name):
            yield Insecurity.REDIS_TLS, f"{name}: Celery would connect there, past all REDIS_ settings; remove it"
    if settings.redis_password is None and settings.redis_secret_arn is None:
        yield Insecurity.REDIS_PASSWORD, "REDIS_PASSWORD_FILE: Redis without a password; set it, or REDIS_SECRET_ARN"


def _debugging(settings: Settings, environ: Mapping[str, str]) -> Iterator[Found]:
    for name in _SWITCHES:
        if environ.get(name, "").lower() not in _OFF:
            yield Insecurity.DEBUG, f"{name}: is on; remove it in production"
    if settings.ocr_log_level is LogLevel.DEBUG:
        yield Insecurity.DEBUG, "OCR_LOG_LEVEL: DEBUG is for development; set INFO"


def _around(surroundings: Surroundings) -> Iterator[Found]:
    for directory in surroundings.directories:
        if (directory / ".env").exists():
            yield Insecurity.DOTENV, f".env: {directory / '.env'} lies beside the program; remove it from this machine"
    if surroundings.core_dumps:
        remedy = "would write plaintext and keys to disk; set LimitCORE=0, `ulimits: core: 0` or `ulimit -c 0`"
        yield Insecurity.CORE_DUMPS, f"RLIMIT_CORE: core dumps are on and {remedy}"
