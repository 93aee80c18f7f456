"""The credentials of a role as an instance (IMDS) and a container (ECS, EKS) get them: real ones, that expire soon."""

import json
import secrets
import threading
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from botocore.exceptions import BotoCoreError, ClientError

from tests.credentials.aws import client
from tests.credentials.gate import AwsGate, Outage
from tests.credentials.http_server import Answer, HttpServer, Request
from tests.credentials.keys import Key
from tests.credentials.role_answers import told

ROLE_ARN = "arn:aws:iam::123456789012:role/ocr-worker"
_ROLE = ROLE_ARN.rpartition("/")[2]
_TOKEN_PATH = "/latest/api/token"
_CREDENTIALS_PATH = "/latest/meta-data/iam/security-credentials/"
_CONTAINER_PATH = "/credentials"
_TOKEN_HEADER = "X-aws-ec2-metadata-token"
_TTL_HEADER = "X-aws-ec2-metadata-token-ttl-seconds"
_LONGEST_TTL = 21600


class RoleEndpoint(HttpServer):
    """Assumes a role through the gate with a long-lived key, and hands out its keys until they are near their end.

    Keys live `seconds`; new ones are made when a third of that is left. What a test may change at any moment:

    - `tokens_refused`: IMDS refuses to give tokens (403), and answers version 1 requests, which need none.
    - `role_attached`: False when the instance has no role (404).
    - `outage`: "cut" closes connections without an answer, "error" answers 503, None is neither.
    - `seconds`, for keys that are made from then on.

    `counts` says what was asked: "token", "token refused", "role", "credentials", "no role", "unauthorized" (a false
    or old token), "version 1" (no token), "container", "container unauthorized", "outage", "failed" (STS gave no keys),
    "unknown path".
    """

    def __init__(
        self, gate: AwsGate, access_key: str, secret_key: str, seconds: float = 4.0, token_file: Path | None = None
    ) -> None:
        """`token_file` is written: containers must then show what is in it."""
        super().__init__()
        self._gate = gate
        self._long_lived = (access_key, secret_key)
        self._token_file = token_file
        self._container_token: str | None = None
        self._tokens: dict[str, datetime] = {}
        self._current: Key | None = None
        self._lock = threading.Lock()
        self._opened = ExitStack()
        self.seconds = seconds
        self.tokens_refused = False
        self.role_attached = True
        self.outage: Outage | None = None
        self.counts: Counter[str] = Counter()
        self.issued: list[str] = []
        if token_file is not None:
            self.renew_container_token()

    def __enter__(self) -> Self:
        self._sts = client("sts", self._gate.url, self._opened, *self._long_lived)
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:  # noqa: PYI036  handed on as it came
        with self._opened:
            super().__exit__(*error)

    @property
    def imds_environment(self) -> dict[str, str]:
        """For a process on an instance with the role."""
        return {"AWS_EC2_METADATA_SERVICE_ENDPOINT": f"{self.url}/"}

    @property
    def ecs_environment(self) -> dict[str, str]:
        """For a process in a container with the role."""
        environment = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{self.url}{_CONTAINER_PATH}"}
        if self._token_file is not None:
            environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = str(self._token_file)
        return environment

    def current(self) -> Key:
        """The keys that are handed out now, made anew when the last ones are near their end."""
        with self._lock:
            key = self._current
            left = timedelta(seconds=self.seconds) / 3
            if key is None or key.expires is None or key.expires - datetime.now(UTC) < left:
                key = self._current = self._assumed()
            return key

    def renew(self) -> Key:
        """Hand out new keys from now on; the last ones live on until their end."""
        with self._lock:
            self._current = self._assumed()
            return self._current

    def renew_container_token(self) -> None:
        """Put a new token into the file, and refuse the old one."""
        if self._token_file is None:
            raise ValueError("no token file was given")
        token = secrets.token_urlsafe(24)
        beside = self._token_file.with_name(f"{self._token_file.name}.new")
        beside.write_text(token)
        beside.replace(self._token_file)
        self._container_token = token

    def respond(self, request: Request) -> Answer | None:
        if self.outage is not None:
            self._count("outage")
            return None if self.outage == "cut" else _text(503, "Service Unavailable")
        try:
            return self._answered(request)
        except (BotoCoreError, ClientError):  # the gate refuses the long-lived key, or STS is gone
            self._count("failed")
            return _text(500, "Internal Server Error")

    def _answered(self, request: Request) -> Answer:
        if request.path == _TOKEN_PATH:
            return self._token(request)
        if request.path == _CONTAINER_PATH:
            return self._container(request)
        if request.path.startswith(_CREDENTIALS_PATH):
            return self._unauthorized(request) or self._role(request.path.removeprefix(_CREDENTIALS_PATH))
        self._count("unknown path")
        return _text(404, "Not Found")

    def _token(self, request: Request) -> Answer:
        ttl = request.headers.get(_TTL_HEADER, "")
        if request.method != "PUT" or not ttl.isdigit() or not 1 <= int(ttl) <= _LONGEST_TTL:
            self._count("token refused")
            return _text(400 if request.method == "PUT" else 405, "Bad Request")
        # A request that came through a proxy is refused, as IMDS does.
        if self.tokens_refused or "X-Forwarded-For" in request.headers:
            self._count("token refused")
            return _text(403, "Forbidden")
        token = secrets.token_urlsafe(40)
        with self._lock:
            self._tokens[token] = datetime.now(UTC) + timedelta(seconds=int(ttl))
        self._count("token")
        return Answer(200, [("Content-Type", "text/plain"), (_TTL_HEADER, ttl)], token.encode())

    def _unauthorized(self, request: Request) -> Answer | None:
        """None when the request may go on."""
        token = request.headers.get(_TOKEN_HEADER)
        if token is None:
            self._count("version 1")
            return None if self.tokens_refused else _text(401, "Unauthorized")
        with self._lock:
            expires = self._tokens.get(token)
        if expires is None or datetime.now(UTC) >= expires:
            self._count("unauthorized")
            return _text(401, "Unauthorized")
        return None

    def _role(self, name: str) -> Answer:
        if not self.role_attached or name not in ("", _ROLE):
            self._count("no role")
            return _text(404, "Not Found")
        if not name:
            self._count("role")
            return _text(200, _ROLE)
        self._count("credentials")
        document = {"Code": "Success", "LastUpdated": told(datetime.now(UTC)), "Type": "AWS-HMAC"}
        return _text(200, json.dumps(document | _document(self.current()), indent=2))

    def _container(self, request: Request) -> Answer:
        given = request.headers.get("Authorization")
        if self._container_token is not None and given != self._container_token:
            self._count("container unauthorized")
            return _json(401, {"code": "AccessDenied", "message": "the authorization token is not valid"})
        if not self.role_attached:
            self._count("no role")
            return _json(404, {"code": "NoRole", "message": "no role is attached"})
        self._count("container")
        return _json(200, {"RoleArn": ROLE_ARN} | _document(self.current()))

    def _assumed(self) -> Key:
        """New keys; the gate refuses them at the moment that they are said to expire, or up to a second later."""
        answer = self._sts.assume_role(RoleArn=ROLE_ARN, RoleSessionName="i-0123456789abcdef0")["Credentials"]
        expires = datetime.now(UTC) + timedelta(seconds=self.seconds)
        key = Key(answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"], expires)
        self._gate.keys.issue(key)
        self.issued.append(key.access_key)
        return key

    def _count(self, what: str) -> None:
        with self._lock:
            self.counts[what] += 1


def _document(key: Key) -> dict[str, str]:
    return {
        "AccessKeyId": key.access_key,
        "SecretAccessKey": key.secret_key,
        "Token": key.token or "",
        "Expiration": told(key.expires or datetime.max.replace(tzinfo=UTC)),
    }


def _text(status: int, body: str) -> Answer:
    return Answer(status, [("Content-Type", "text/plain")], body.encode())


def _json(status: int, document: dict[str, str]) -> Answer:
    return Answer(status, [("Content-Type", "application/json")], json.dumps(document).encode())
