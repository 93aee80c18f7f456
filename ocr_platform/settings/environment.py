"""Settings from the environment, which is read here and nowhere else.

Every secret may come as `NAME_FILE`, the path of a file that holds it. A wrong or missing value is one readable line
that names the variable; the value of a secret is never shown.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ocr_platform.errors import SettingsError
from ocr_platform.private_files import read_secret
from ocr_platform.settings.guard import Found, Surroundings, insecurities
from ocr_platform.settings.model import Settings

SECRETS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "DB_PASSWORD",
    "REDIS_PASSWORD",
    "OCR_FLOWER_PASSWORD",
)


def load_settings(environ: Mapping[str, str] | None = None, surroundings: Surroundings | None = None) -> Settings:
    """Read settings from `environ` (the process's own by default). Raises SettingsError with a line per fault.

    In production what is insecure is a fault; with `surroundings` also what is insecure about the process itself.
    """
    source = os.environ if environ is None else environ
    values, faults = _values(source)
    try:
        settings = Settings(**values)
    except SettingsError as exc:
        faults.extend(exc.faults)
    except ValidationError as exc:
        # A secret whose file could not be read has its line already.
        named = {line.partition(":")[0].removesuffix("_FILE") for line in faults}
        faults.extend(_fault(error) for error in exc.errors() if _variable(error) not in named)
    else:
        found = insecurities(settings, source, surroundings)
        faults.extend(line for name, line in found if name not in settings.ocr_allow_insecure)
    if faults:
        raise SettingsError(faults)
    return settings


def allowed_insecurities(settings: Settings, surroundings: Surroundings | None = None) -> list[Found]:
    """What OCR_ALLOW_INSECURE lets pass in this process."""
    return insecurities(settings, os.environ, surroundings)


def _values(source: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Values by field name, secrets read from their files; an empty variable counts as not set."""
    names = {field.upper() for field in Settings.model_fields}
    values: dict[str, Any] = {name.lower(): source[name] for name in names if source.get(name)}
    faults = []
    for name in SECRETS:
        path = source.get(f"{name}_FILE")
        if not path:
            continue
        if name.lower() in values:
            faults.append(f"{name}: give {name} or {name}_FILE, not both")
            continue
        try:
            secret = read_secret(Path(path))
        except (OSError, UnicodeDecodeError) as exc:
            reason = exc.strerror if isinstance(exc, OSError) else "not UTF-8 text"
            faults.append(f"{name}_FILE: cannot read {path}: {reason}")
            continue
        if not secret:
            faults.append(f"{name}_FILE: {path} is empty")
        values[name.lower()] = secret
    return values, faults


def _variable(error: Any) -> str:
    return str(error["loc"][0]).upper()


def _fault(error: Any) -> str:
    """One line for one pydantic error; its text never carries the input (hide_input_in_errors)."""
    name = _variable(error)
    if error["type"] == "missing":
        return f"{name}: missing; set it"
    if name == "KMS_KEY_ID":
        return f"{name}: must be the key's full ARN, arn:aws:kms:REGION:ACCOUNT:key/ID"
    if name == "OCR_FORMER_KMS_KEYS":
        return f"{name}: must be full ARNs of keys, arn:aws:kms:REGION:ACCOUNT:key/ID, joined by commas"
    if name in ("DB_HOST", "REDIS_HOST"):
        return f"{name}: must be a host's name or address, and no URL"
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{name}: {message[0].lower()}{message[1:]}"
