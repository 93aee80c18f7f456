"""What stands before the strict servers: AWS' one address, and AWS' words for what they refuse.

The servers decide; this adds nothing that they did not do, apart from one header:

- Requests that name a target go to KMS, the others to S3.
- SeaweedFS asks KMS for each object, and says `InternalError` whatever KMS answers. What KMS did answer is noted on its
  way to S3, and told as S3 tells it in AWS: `KMS.` and KMS' own code, or `AccessDenied`.
- SeaweedFS keeps no bucket key of what it stores in one piece. It is said of what is under SSE-KMS all the same, unless
  a test has this bucket be without.
"""

import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

_HOST = "127.0.0.1"
_SECONDS = 30.0
_SAID_BY_US = frozenset({"content-length", "transfer-encoding", "connection", "keep-alive"})
_ENCRYPTION = "x-amz-server-side-encryption"
_BUCKET_KEY = "x-amz-server-side-encryption-bucket-key-enabled"


@dataclass(frozen=True, slots=True)
class Said:
    """A whole answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """What KMS calls its refusal: in a header, or in the body."""
        named = self.headers.get("x-amzn-errortype", "") or self.body.decode(errors="replace")
        known = ("DisabledException", "AccessDeniedException", "KMSInvalidStateException", "NotFoundException")
        return next((code for code in (*known, "ThrottlingException") if code in named), "KMSInternalException")


class Front:
    """Listens on `port` for clients, and on `way_to_kms` for S3, whose KMS is `kms_of_s3`. Use it as a context manager.

    `refused` counts what KMS refused to S3, `refused_directly` what to clients, by KMS' code.
    """

    def __init__(self, s3_port: int, kms_port: int, kms_of_s3: int, way_to_kms: int) -> None:
        self._s3, self._kms, self._kms_of_s3 = s3_port, kms_port, kms_of_s3
        self.tells_bucket_key = True
        self.refused: Counter[str] = Counter()
        self.refused_directly: Counter[str] = Counter()
        self._last = ""
        self._lock = threading.Lock()
        self._doors = [_Door(0, self.of_client), _Door(way_to_kms, self.of_s3)]
        self.port: int = self._doors[0].server_address[1]

    def __enter__(self) -> Self:
        for door in self._doors:
            threading.Thread(target=door.serve_forever, args=[0.05], name="front", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for door in self._doors:
            door.shutdown()
            door.server_close()

    @property
    def refusals(self) -> int:
        """How many there were, by either way."""
        return self.refused.total() + self.refused_directly.total()

    def of_client(self, request: "_Request") -> Said:
        """Have the server answer that the request is for."""
        if request.headers.get("X-Amz-Target"):
            said = request.forwarded(self._kms)
            if said.status >= 400:
                with self._lock:
                    self.refused_directly[said.code] += 1
            return said
        before = self.refused.total()
        said = request.forwarded(self._s3)
        if said.status == 500 and self.refused.total() > before:
            return _as_s3_says(self._last)
        if self.tells_bucket_key and said.headers.get(_ENCRYPTION) == "aws:kms":
            return Said(said.status, {**said.headers, _BUCKET_KEY: "true"}, said.body)
        return said

    def of_s3(self, request: "_Request") -> Said:
        """Have KMS answer, and note what it refuses."""
        said = request.forwarded(self._kms_of_s3)
        if said.status >= 400:
            with self._lock:
                self._last = said.code
                self.refused[said.code] += 1
        return said


def _as_s3_says(code: str) -> Said:
    """S3's answer to a request for which KMS has refused: API reference of S3, "Error responses"."""
    told, status = ("AccessDenied", 403) if code == "AccessDeniedException" else (f"KMS.{code}", 400)
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{told}</Code><Message>{told}</Message></Error>'
    return Said(status, {"Content-Type": "application/xml"}, body.encode())


class _Door(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # clients keep their connections, and end after us
    request_queue_size = 128

    def __init__(self, port: int, answer: Callable[["_Request"], Said]) -> None:
        super().__init__((_HOST, port), _Request)
        self.answer = answer

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of connections that tests and workers break off."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Door

    def setup(self) -> None:
        super().setup()
        self._ways: dict[int, HTTPConnection] = {}

    def finish(self) -> None:
        for way in self._ways.values():
            way.close()
        super().finish()

    def forwarded(self, port: int) -> Said:
        """What the server on this port answers; the request goes on as it came, signature and all."""
        way = self._ways.setdefault(port, HTTPConnection(_HOST, port, timeout=_SECONDS))
        try:
            way.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() != "expect":
                    way.putheader(name, value)
            way.endheaders(self._body or None)
            answer = way.getresponse()
            return Said(answer.status, _plain(answer.headers), answer.read())
        except BaseException:
            way.close()
            raise

    def relay(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self._body = self.rfile.read(length)
        try:
            said = self.server.answer(self)
        except OSError:
            self.close_connection = True  # as the server behind has
            return
        self.send_response_only(said.status)
        for name, value in said.headers.items():
            if name.lower() not in _SAID_BY_US:
                self.send_header(name, value)
        told = said.headers.get("content-length", "0") if self.command == "HEAD" else str(len(said.body))
        self.send_header("Content-Length", told)
        self.end_headers()
        self.wfile.write(said.body)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = relay  # noqa: N815  the library's names

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def _plain(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
