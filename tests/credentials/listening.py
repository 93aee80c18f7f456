"""What the three servers share: threads on the loopback interface that leave nothing open."""

import socket
import socketserver
import sys
import threading
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

HOST = "127.0.0.1"


class LoopbackServer(socketserver.ThreadingTCPServer):
    """A thread for each connection, on a free port. Use it as a context manager: it joins all of them at the end.

    A connection that breaks is no error; anything else that a handler raises is raised at the end.
    """

    allow_reuse_address = True
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, handler: type[socketserver.BaseRequestHandler]) -> None:
        super().__init__((HOST, 0), handler)
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        self._errors: list[BaseException] = []
        self._acceptor = threading.Thread(target=self.serve_forever, args=[0.05], name=type(self).__name__)

    def __enter__(self) -> Self:
        self._acceptor.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        self.shutdown()
        self._acceptor.join()
        self.close_connections()
        self.server_close()
        if self._errors and error is None:
            raise self._errors[0]

    @property
    def port(self) -> int:
        port: int = self.server_address[1]
        return port

    def close_connections(self) -> int:
        """Close every open connection to a client; return how many there were."""
        with self._open_lock:
            connections = list(self._open)
        for each in connections:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        return len(connections)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002  the base class's signature
        error = sys.exception()
        if error is not None and not isinstance(error, OSError):
            self._errors.append(error)
