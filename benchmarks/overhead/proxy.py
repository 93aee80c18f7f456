"""A TCP proxy that counts: requests by name and bytes both ways, under a label that the measured program sets."""

import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from benchmarks.overhead.wire import WireReader
from ocr_platform.local.servers import HOST

_PIECE = 65536


@dataclass(slots=True)
class Tally:
    """What went over the wire: `requests` by (label, name), bytes by label."""

    requests: Counter[tuple[str, str]] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)
    received: Counter[str] = field(default_factory=Counter)


class CountingProxy:
    """Stands before a server; `label` says for whom what passes now is counted."""

    def __init__(self, target_port: int, reader: Callable[[], WireReader], label: Callable[[], str]) -> None:
        self._target_port = target_port
        self._reader = reader
        self._label = label
        self._listener = socket.create_server((HOST, 0))
        self._lock = threading.Lock()
        self._tally = Tally()
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def take(self) -> Tally:
        """What was counted since the last time."""
        with self._lock:
            taken, self._tally = self._tally, Tally()
        return taken

    def close(self) -> None:
        """Take no more connections; those that are open end with their owners."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection((HOST, self._target_port))
                for side in (client, server):
                    side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._upwards, args=(client, server), daemon=True).start()
                threading.Thread(target=self._downwards, args=(server, client), daemon=True).start()

    def _upwards(self, client: socket.socket, server: socket.socket) -> None:
        reader = self._reader()
        for piece in _pieces(client, server):
            label = self._label()
            with self._lock:
                self._tally.sent[label] += len(piece)
                self._tally.requests.update((label, name) for name in reader.feed(piece))

    def _downwards(self, server: socket.socket, client: socket.socket) -> None:
        for piece in _pieces(server, client):
            with self._lock:
                self._tally.received[self._label()] += len(piece)


def _pieces(source: socket.socket, target: socket.socket) -> Iterator[bytes]:
    """What comes, each piece before it is passed on; both sides are closed when either is."""
    with suppress(OSError):
        while piece := source.recv(_PIECE):
            yield piece
            target.sendall(piece)
    for side in (source, target):
        with suppress(OSError):
            side.shutdown(socket.SHUT_RDWR)
        side.close()


class Labels:
    """The label of the moment, set by the measured worker over a socket that answers once it is set."""

    def __init__(self, first: str) -> None:
        self.now = first
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((HOST, 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        self._socket.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                label, sender = self._socket.recvfrom(100)
                self.now = label.decode()
                self._socket.sendto(b"set", sender)


def set_label(port: int, label: str) -> None:
    """Tell `Labels`, and wait until it is so."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        connection.settimeout(5)
        connection.sendto(label.encode(), (HOST, port))
        connection.recv(10)


@contextmanager
def closing_all(*closed: CountingProxy | Labels) -> Iterator[None]:
    """Close them at the end."""
    try:
        yield
    finally:
        for each in closed:
            each.close()
