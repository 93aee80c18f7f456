"""AWS credentials as botocore providers: in memory alone, renewed in time, and renewed when AWS refuses them."""

import logging
import random
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import boto3
import botocore.session
from botocore.credentials import (
    CredentialProvider,
    CredentialResolver,
    DeferredRefreshableCredentials,
    ReadOnlyCredentials,
)
from botocore.exceptions import BotoCoreError, ClientError

from ocr_platform.errors import CredentialsUnavailable, PlatformError
from ocr_platform.monitoring.redaction import learn
from ocr_platform.restraint import Restraint

_log = logging.getLogger(__name__)

# botocore renews as soon as less than this is left of what it was told (its advisory window).
_WINDOW = timedelta(minutes=15)
_RETRY = timedelta(seconds=30)

Metadata = Mapping[str, Any]
"""botocore's: access_key, secret_key, token, and expiry_time as ISO 8601, or None for keys that do not expire."""


@dataclass
class KnownKeys:
    """The last good credentials, for the processes that are forked from this one: Secrets Manager may be away then."""

    good: Metadata | None = field(default=None, repr=False)


class RenewableCredentials(DeferredRefreshableCredentials):
    """Credentials that go on as long as AWS takes them.

    `fetch` gets new ones: early, by jitter not in all processes at once. When it fails the last good ones stay: it is
    AWS that says when they are over. Keys without an expiry are fetched again after `interval`.
    """

    # botocore's own, of which its types say nothing; a test of each renewal would fail without them.
    _refresh_lock: AbstractContextManager[bool]
    _frozen_credentials: ReadOnlyCredentials | None
    _set_from_data: Callable[[Metadata], None]
    _publish_refresh: Callable[[], None]

    def __init__(
        self, fetch: Callable[[], Metadata], method: str, interval: timedelta, known: KnownKeys | None = None
    ) -> None:
        super().__init__(refresh_using=self._fetch_or_keep, method=method)
        self._fetch = fetch
        self._interval = interval
        self._known = known or KnownKeys()
        self._restraint = Restraint()

    def refused(self, access_key: str) -> bool:
        """AWS refused this key: fetch others, if it is still the one in use; true when there are others now."""
        with self._refresh_lock:
            before = self._frozen_credentials
            if before is None or before.access_key != access_key:
                return True
            if not self._restraint.allows():
                return False
            self._set_from_data(self._fetch_or_keep())
            self._publish_refresh()
            changed = bool(self._frozen_credentials != before)
            self._restraint.answered(new=changed)
        _log.info("credentials_refused", extra={"method": self.method, "renewed": changed})
        return changed

    def _fetch_or_keep(self) -> dict[str, Any]:
        try:
            fetched = self._fetch()
        except (PlatformError, BotoCoreError, ClientError, OSError) as exc:
            if self._known.good is None:
                raise
            code = exc.code if isinstance(exc, PlatformError) else type(exc).__name__
            _log.warning("credentials_not_renewed", extra={"method": self.method, "code": code})
            return {**self._known.good, "expiry_time": _renewal_after(_RETRY)}
        learn("AWS credentials", *(fetched[name] for name in ("access_key", "secret_key", "token")))
        self._known.good = fetched
        return {**fetched, "expiry_time": _renewal_after(self._lasting(fetched["expiry_time"]))}

    def _lasting(self, expiry: str | None) -> timedelta:
        """How long credentials are used: until botocore's window, or for half of a shorter life."""
        if expiry is None:
            return self._interval
        left = datetime.fromisoformat(expiry) - datetime.now(UTC)
        return max(left - _WINDOW, left / 2)


def _renewal_after(time_left: timedelta) -> str:
    """The expiry to tell botocore, so that it renews about then: up to a fifth earlier, no two processes together."""
    return (datetime.now(UTC) + random.uniform(0.8, 1.0) * time_left + _WINDOW).isoformat()  # noqa: S311


class Provider(CredentialProvider):
    """The one provider of a session: whatever else a machine has lying around is not used."""

    METHOD = "ocr-platform"

    def __init__(
        self, fetch: Callable[[], Metadata], method: str, interval: timedelta, known: KnownKeys | None = None
    ) -> None:
        super().__init__()
        self._make = partial(RenewableCredentials, fetch, method, interval, known)

    def load(self) -> RenewableCredentials:
        """Credentials that are fetched at the first request."""
        return self._make()


def session_with(provider: Provider, region: str) -> boto3.session.Session:
    """A session that takes its credentials from this provider and from nowhere else. Nothing is fetched yet."""
    session = botocore.session.get_session()
    session.register_component("credential_provider", CredentialResolver([provider]))
    return boto3.session.Session(botocore_session=session, region_name=region)


def keys_of_secret(fields: Mapping[str, Any], assume: Callable[[Mapping[str, Any], str], Metadata]) -> Metadata:
    """Credentials from a secret's fields: its keys, or the role that it names, which `assume` takes on with them."""
    role = fields.get("AWS_ROLE_ARN")
    if role:
        return assume(fields, str(role))
    return {
        "access_key": fields["AWS_ACCESS_KEY_ID"],
        "secret_key": fields["AWS_SECRET_ACCESS_KEY"],
        "token": fields.get("AWS_SESSION_TOKEN"),
        "expiry_time": None,
    }


def no_role(asked: str) -> CredentialsUnavailable:
    """The error for a machine without a role, which says what was asked and what to do."""
    return CredentialsUnavailable(
        f"AWS credentials: no IAM role; {asked}. Attach an instance profile to the EC2 instance, give the ECS task a "
        "task role (taskRoleArn), or set AWS_SECRET_ARN outside AWS"
    )
