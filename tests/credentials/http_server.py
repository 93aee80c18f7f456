"""HTTP/1.1 on the loopback interface: whole requests, whole answers, connections that stay open."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl

from tests.credentials.listening import HOST, LoopbackServer

_NO_BODY = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


@dataclass(frozen=True, slots=True)
class Request:
    """As it came; `target` is path and query, not decoded."""

    method: str
    target: str
    headers: Message
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    def form(self) -> dict[str, str]:
        """The fields of a body that is a form."""
        kind = self.headers.get("Content-Type", "")
        return dict(parse_qsl(self.body.decode())) if kind.startswith("application/x-www-form-urlencoded") else {}


@dataclass(frozen=True, slots=True)
class Answer:
    """Its length and its end are the server's business, unless it answers HEAD."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""
    reason: str = ""

    def serialised(self, method: str, *, last: bool) -> bytes:
        """All of it; the answer to HEAD says what it was given to say, and nothing more."""
        reason = self.reason or HTTPStatus(self.status).phrase
        headers = list(self.headers)
        if method != "HEAD" and self.status not in _NO_BODY:
            headers.append(("Content-Length", str(len(self.body))))
        if last:
            headers.append(("Connection", "close"))
        lines = [f"HTTP/1.1 {self.status} {reason}", *(": ".join(header) for header in headers), "", ""]
        return "\r\n".join(lines).encode("latin-1") + (b"" if method == "HEAD" else self.body)


class HttpServer(LoopbackServer):
    """Asks `respond` for every answer; None closes the connection without one."""

    def __init__(self) -> None:
        super().__init__(_Handler)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @abstractmethod
    def respond(self, request: Request) -> Answer | None: ...


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: HttpServer

    def __getattr__(self, name: str) -> Any:
        # The base class looks for a method `do_GET` and so on; here all are the same.
        if name.startswith("do_"):
            return self._respond
        raise AttributeError(name)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing: pytest would show it."""

    def _respond(self) -> None:
        body = self._body()
        # The base class takes leading slashes away from `self.path`; they are signed.
        request = Request(self.command, self.requestline.split()[1], self.headers, body)
        answer = self.server.respond(request)
        if answer is None:
            self.close_connection = True
        else:
            self.wfile.write(answer.serialised(self.command, last=self.close_connection))

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            return b"".join(self._chunks())
        return self._exactly(int(self.headers.get("Content-Length", "0")))

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().partition(b";")[0] or b"0", 16):
            yield self._exactly(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers

    def _exactly(self, length: int) -> bytes:
        data = self.rfile.read(length)
        if len(data) < length:
            raise ConnectionAbortedError("the client went away before its request was complete")
        return data
