"""A server before the AWS emulator that asks for good credentials, as AWS does and the emulator does not."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from typing import Literal
from urllib.parse import urlsplit

from tests.credentials.http_server import Answer, HttpServer, Request
from tests.credentials.keys import Key, KeyBook, Refusal
from tests.credentials.refusals import refuse
from tests.credentials.role_answers import credentials_in, with_expiration
from tests.credentials.sigv4 import Claim, claim_of_request

Outage = Literal["cut", "error"]

_EMULATOR_SECONDS = 120.0
_EMULATORS_OWN = "/moto-api/"
# A request for these is not signed: what it carries is the proof.
_UNSIGNED = ("AssumeRoleWithWebIdentity", "AssumeRoleWithSAML")
_NOT_FOR_THE_EMULATOR = ("connection", "expect", "transfer-encoding", "content-length")
_NOT_FOR_THE_CLIENT = ("connection", "transfer-encoding", "keep-alive")
_SERVICES = {"TrentService": "kms", "secretsmanager": "secretsmanager"}


@dataclass(frozen=True, slots=True)
class Seen:
    """One request: `operation` is S3's method, or the operation's name; `outcome` is how it ended.

    "OK", "HTTP 404" and so on are the emulator's; an error's code is the gate's own refusal; "cut" got no answer.
    """

    at: datetime
    service: str
    operation: str
    access_key: str | None
    outcome: str


class AwsGate(HttpServer):
    """Relays what is signed with a key that was issued and is neither revoked nor expired; refuses the rest.

    `role_seconds` is how long the keys of a role that is assumed from now on live; None leaves it to the emulator.
    Every method may be called at any moment, from any thread.
    """

    def __init__(self, endpoint_url: str, role_seconds: float | None = None) -> None:
        super().__init__()
        address = urlsplit(endpoint_url)
        self._emulator = (address.hostname or "", address.port)
        self._denied: set[tuple[str, str | None]] = set()
        self._outages: dict[str, Outage] = {}
        self._seen: list[Seen] = []
        self._lock = threading.Lock()
        self.keys = KeyBook()
        self.role_seconds = role_seconds

    def issue(
        self, access_key: str, secret_key: str, token: str | None = None, expires: datetime | None = None
    ) -> None:
        """Accept this key, until it expires; in the place of what was issued under the same access key."""
        self.keys.issue(Key(access_key, secret_key, token, expires))

    def revoke(self, access_key: str) -> None:
        """Refuse this key as if it had been deleted."""
        self.keys.revoke(access_key)

    def deny(self, service: str, access_key: str | None = None) -> None:
        """Refuse access to the service, with this key or with every key, until `allow`."""
        with self._lock:
            self._denied.add((service, access_key))

    def allow(self, service: str, access_key: str | None = None) -> None:
        """Take a `deny` back."""
        with self._lock:
            self._denied.discard((service, access_key))

    def begin_outage(self, service: str, how: Outage = "cut") -> None:
        """From now on cut connections as soon as a request is there, or answer with the service's own failure."""
        with self._lock:
            self._outages[service] = how

    def end_outage(self, service: str) -> None:
        with self._lock:
            self._outages.pop(service, None)

    @contextmanager
    def outage(self, service: str, how: Outage = "cut") -> Iterator[None]:
        self.begin_outage(service, how)
        try:
            yield
        finally:
            self.end_outage(service)

    @property
    def seen(self) -> list[Seen]:
        """All requests but the emulator's own, in the order in which they were answered."""
        with self._lock:
            return list(self._seen)

    @property
    def counts(self) -> Counter[tuple[str, str, str]]:
        """How many for each service, operation and outcome."""
        return Counter((each.service, each.operation, each.outcome) for each in self.seen)

    def count(
        self,
        service: str | None = None,
        operation: str | None = None,
        outcome: str | None = None,
        access_key: str | None = None,
    ) -> int:
        """How many requests are all that is given."""
        wanted = (service, operation, outcome, access_key)
        return sum(
            all(
                asked in (None, found)
                for asked, found in zip(
                    wanted, (each.service, each.operation, each.outcome, each.access_key), strict=True
                )
            )
            for each in self.seen
        )

    def respond(self, request: Request) -> Answer | None:
        if request.path.startswith(_EMULATORS_OWN):
            return self._relay(request)
        claim = claim_of_request(request)
        service, operation = _asked_of(request, claim)
        outcome, answer = self._decided(request, claim, service, operation)
        with self._lock:
            access_key = claim.access_key if claim else None
            self._seen.append(Seen(datetime.now(UTC), service, operation, access_key, outcome))
        return answer

    def _decided(
        self, request: Request, claim: Claim | None, service: str, operation: str
    ) -> tuple[str, Answer | None]:
        outage = self._outages.get(service)
        if outage == "cut":
            return "cut", None
        refusal = Refusal.UNAVAILABLE if outage else self._judged(claim, service, operation)
        if refusal is not None:
            return refuse(request, refusal)
        answer = self._relay(request)
        if answer is None:
            return "cut", None
        if service == "sts":
            answer = self._with_issued(answer)
        return "OK" if answer.status < 400 else f"HTTP {answer.status}", answer

    def _judged(self, claim: Claim | None, service: str, operation: str) -> Refusal | None:
        if not (claim is None and operation in _UNSIGNED):
            refusal = self.keys.judge(claim)
            if refusal is not None:
                return refusal
        with self._lock:
            denied = {(service, None), (service, claim.access_key if claim else None)} & self._denied
        return Refusal.DENIED if denied else None

    def _relay(self, request: Request) -> Answer | None:
        """The emulator's answer; None when it breaks off."""
        with closing(HTTPConnection(*self._emulator, timeout=_EMULATOR_SECONDS)) as connection:
            try:
                connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
                for name, value in request.headers.items():
                    if name.lower() not in _NOT_FOR_THE_EMULATOR:
                        connection.putheader(name, value)
                connection.putheader("Content-Length", str(len(request.body)))
                connection.endheaders(request.body)
                response = connection.getresponse()
                body = response.read()
            except (OSError, HTTPException):
                return None
        kept = [(name, value) for name, value in response.getheaders() if name.lower() not in _NOT_FOR_THE_CLIENT]
        if request.method != "HEAD":
            kept = [(name, value) for name, value in kept if name.lower() != "content-length"]
        return Answer(response.status, kept, body, response.reason)

    def _with_issued(self, answer: Answer) -> Answer:
        """Accept the keys that are handed out with this answer, and say in it when they expire."""
        key = credentials_in(answer.body)
        if key is None:
            return answer
        if self.role_seconds is None:
            self.keys.issue(key)
            return answer
        expires = datetime.now(UTC) + timedelta(seconds=self.role_seconds)
        self.issue(key.access_key, key.secret_key, key.token, expires)
        return Answer(answer.status, answer.headers, with_expiration(answer.body, expires), answer.reason)


def _asked_of(request: Request, claim: Claim | None) -> tuple[str, str]:
    """Service and operation."""
    target = request.headers.get("X-Amz-Target")
    action = request.form().get("Action")
    if target is not None:
        prefix, _, operation = target.partition(".")
        guess = _SERVICES.get(prefix, prefix)
    else:
        operation = action or request.method
        guess = "sts" if action else "s3"
    return (claim.service if claim else guess), operation
