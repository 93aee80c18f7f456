"""The files that put the platform into production, parsed."""

import importlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# No type stubs for it among the development requirements.
yaml: Any = importlib.import_module("yaml")

ROOT = Path(__file__).parents[3]
COMPOSE_TEXT = (ROOT / "docker-compose.prod.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(COMPOSE_TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
EXAMPLE = (ROOT / "config" / "production.env.example").read_text(encoding="utf-8")

PLATFORM = ("worker", "beat", "flower", "migrate")
STORES = ("postgres", "redis")

SECRET_NAME = re.compile(r"PASSWORD|SECRET|KEY_ID|TOKEN|ACCESS_KEY")
AWS_KEYS = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}
# ${NAME}, ${NAME:-default} and ${NAME:?message}; "$$" is a dollar sign of the shell.
INTERPOLATION = re.compile(r"(?<!\$)\$\{([A-Z][A-Z0-9_]*)(?:(:-|:\?)([^}]*))?\}")
# Valid, invented, and nobody's.
FILLED_IN = {
    "AWS_REGION": "eu-central-1",
    "S3_BUCKET_NAME": "documents",
    "KMS_KEY_ID": f"arn:aws:kms:eu-central-1:{'0' * 12}:key/example",
}


def environment(service: str) -> dict[str, str | None]:
    variables: dict[str, str | None] = SERVICES[service].get("environment", {})
    return variables


def interpolate(text: str, values: Mapping[str, str]) -> str:
    """What Compose makes of `text`; a required variable that is not in `values` raises KeyError."""

    def value(match: re.Match[str]) -> str:
        name, kind, default = match.groups()
        return values.get(name, default) if kind == ":-" else values[name]

    return INTERPOLATION.sub(value, text).replace("$$", "$")


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile as (instruction, arguments), comments dropped and continued lines joined."""
    lines = (line for line in DOCKERFILE.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [(line.split(None, 1)[0], line.split(None, 1)[1].strip()) for line in joined.splitlines()]


def arguments(instruction: str) -> list[str]:
    return [rest for name, rest in instructions() if name == instruction]


def image_user() -> str:
    return arguments("USER")[-1].partition(":")[0]


def documented() -> dict[str, tuple[str, bool]]:
    """The example's variables: name to (value, whether it is set and not merely shown)."""
    found = re.findall(r"^(#?)([A-Z][A-Z0-9_]*)=(.*)$", EXAMPLE, flags=re.MULTILINE)
    names = [name for _, name, _ in found]
    assert len(names) == len(set(names)), "a variable stands in the example twice"
    return {name: (value, not hidden) for hidden, name, value in found}


def filled_in() -> dict[str, str]:
    """What an operator has after copying the example and filling it in."""
    return {name: value for name, (value, is_set) in documented().items() if is_set} | FILLED_IN
