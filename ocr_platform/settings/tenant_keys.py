"""Which KMS keys the sources of which tenant may be under: a file, since there may be thousands of tenants."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ocr_platform.errors import SettingsError, UsageError
from ocr_platform.models import checked_tenant

EVERYBODY = "*"
_VARIABLE = "OCR_TENANT_KEYS"
_ARN = re.compile(r"arn:aws[a-z-]*:kms:(?P<region>[a-z0-9-]+):\d{12}:key/[A-Za-z0-9-]+")


def read_tenant_keys(path: Path, region: str) -> Mapping[str, frozenset[str]]:
    """The file's `{"TENANT": ["ARN", ...], "*": [...]}`. Raises SettingsError with a line for each fault."""
    try:
        found = json.loads(path.read_text())
    except OSError as exc:
        raise SettingsError([f"{_VARIABLE}: cannot read {path}: {exc.strerror}"]) from None
    except ValueError:
        raise SettingsError([f"{_VARIABLE}: {path} is no JSON"]) from None
    if not isinstance(found, dict):
        raise SettingsError([f"{_VARIABLE}: {path} is no object of tenants"])
    faults = [line for tenant, keys in found.items() for line in _faults(tenant, keys, region)]
    if faults:
        raise SettingsError(faults)
    return {tenant: frozenset(keys) for tenant, keys in found.items()}


def _faults(tenant: str, keys: Any, region: str) -> list[str]:
    if tenant != EVERYBODY:
        try:
            checked_tenant(tenant)
        except UsageError:
            return [f"{_VARIABLE}: {tenant!r} is no tenant's name; use 1 to 63 of a-z, 0-9, - and _, or {EVERYBODY}"]
    if not isinstance(keys, list):
        return [f"{_VARIABLE}: {tenant}: give a list of key ARNs"]
    faults = []
    for key in keys:
        match = _ARN.fullmatch(key) if isinstance(key, str) else None
        if match is None:
            faults.append(f"{_VARIABLE}: {tenant}: {key!r} is no key's full ARN, arn:aws:kms:REGION:ACCOUNT:key/ID")
        elif match["region"] != region:
            faults.append(f"{_VARIABLE}: {tenant}: {key} lies outside {region}, the bucket's region")
    return faults
