"""A server before PostgreSQL that takes tokens of IAM for passwords, as RDS does."""

import select
import socket
import socketserver
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

from ocr_platform.logins import Login
from tests.credentials.gate import AwsGate
from tests.credentials.listening import HOST, LoopbackServer
from tests.credentials.scram import UpstreamRefused, framed, log_in, read_typed, read_untyped
from tests.credentials.sigv4 import claim_of_query

_CANCEL = 80877102
_ENCRYPTION = (80877103, 80877104)  # asks for TLS or GSSAPI
_CLEARTEXT_PASSWORD = framed(b"R", (3).to_bytes(4, "big"))
_SKEW = timedelta(minutes=5)


class DatabaseGate(LoopbackServer):
    """Takes logins whose password is a token for this host and port and for the user that logs in.

    The token must be signed with a key that `gate` accepts now, and be no older than `token_seconds` (RDS: 900). Who is
    taken is logged in to the server on `upstream_port` as `upstream`, whatever the name was. No TLS.
    `refused` has the reason of each refusal, which no client is told; `tokens` all that were taken.
    """

    def __init__(
        self, gate: AwsGate, upstream_port: int, upstream: Login, token_seconds: float = 900.0, host: str = HOST
    ) -> None:
        """`host` is the name by which clients know this server: tokens are for it."""
        super().__init__(_Session)
        self._gate = gate
        self._lock = threading.Lock()
        self.host = host
        self.upstream_address = (HOST, upstream_port)
        self.upstream = upstream
        self.token_seconds = token_seconds
        self.accepted = 0
        self.refused: list[str] = []
        self.tokens: set[str] = set()

    def admits(self, user: str, token: str) -> bool:
        """Judge a login, and count it."""
        reason = self._objection(user, token)
        with self._lock:
            if reason is None:
                self.accepted += 1
                self.tokens.add(token)
            else:
                self.refused.append(reason)
        return reason is None

    def _objection(self, user: str, token: str) -> str | None:
        """Why this login is refused."""
        host, _, query = token.partition("/?")
        fields = {name: values[0] for name, values in parse_qs(query).items()}
        claim = claim_of_query(host, query)
        if claim is None:
            return "no token"
        if host != f"{self.host}:{self.port}":
            return "for another server"
        if fields.get("Action") != "connect" or not claim.scope.endswith("/rds-db/aws4_request"):
            return "for another service"
        if fields.get("DBUser") != user:
            return "for another user"
        refusal = self._gate.keys.judge(claim)
        if refusal is not None:
            return refusal.name
        return None if self._is_young(fields, claim.scope) else "too old"

    def _is_young(self, fields: dict[str, str], scope: str) -> bool:
        date = fields["X-Amz-Date"]  # it is signed: its form is right
        age = datetime.now(UTC) - datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        seconds = min(float(fields.get("X-Amz-Expires", "0")), self.token_seconds)
        return scope.startswith(f"{date[:8]}/") and -_SKEW < age < timedelta(seconds=seconds)


class _Session(socketserver.BaseRequestHandler):
    """One connection of a client."""

    server: DatabaseGate
    request: socket.socket

    def handle(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with socket.create_connection(self.server.upstream_address) as upstream:
            upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._begun(upstream):
                _relay(self.request, upstream)

    def _begun(self, upstream: socket.socket) -> bool:
        """True when the session may go on with the server."""
        first = read_untyped(self.request)
        while _code(first) in _ENCRYPTION:
            self.request.sendall(b"N")
            first = read_untyped(self.request)
        if _code(first) == _CANCEL:  # carries its own secret
            upstream.sendall(framed(b"", first))
            return True
        words = first[4:].decode(errors="replace").split("\0")
        parameters = {name: value for name, value in zip(words[::2], words[1::2], strict=False) if name}
        user = parameters.get("user", "")
        self.request.sendall(_CLEARTEXT_PASSWORD)
        _, password = read_typed(self.request)
        if not self.server.admits(user, password.rstrip(b"\0").decode(errors="replace")):
            self.request.sendall(_refusal(user))
            return False
        parameters.setdefault("database", user)  # what PostgreSQL does with one that is not named
        try:
            self.request.sendall(log_in(upstream, parameters, self.server.upstream))
        except UpstreamRefused as refused:
            self.request.sendall(refused.message)
            return False
        return True


def _code(message: bytes) -> int:
    return int.from_bytes(message[:4], "big")


def _refusal(user: str) -> bytes:
    fields = ("SFATAL", "VFATAL", "C28000", f'MPAM authentication failed for user "{user}"', "Fauth.c", "Rauth_failed")
    return framed(b"E", b"".join(field.encode() + b"\0" for field in fields) + b"\0")


def _relay(client: socket.socket, upstream: socket.socket) -> None:
    """Hand bytes on in both directions until either side closes."""
    other = {client: upstream, upstream: client}
    with suppress(OSError):
        while True:
            ready, _, _ = select.select(list(other), [], [])
            for each in ready:
                data = each.recv(65536)
                if not data:
                    return
                other[each].sendall(data)
