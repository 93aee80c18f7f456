"""PostgreSQL's protocol, version 3, without TLS (its documentation: "Message Formats")."""

from collections.abc import Iterator

from tests.faults.wire import Piece, Request

_CANCEL = 80877102
_ENCRYPTION = (80877103, 80877104)  # asks for TLS or GSSAPI; answered by a single byte
_BATCHED = b"PBDEC"  # parse, bind, describe, execute, close: worked on together, up to sync or flush
_READY = b"Z"


class PostgresWire:
    """A request is a query, or all up to a sync; its answer ends when the server is ready for the next query.

    What rules see of it is the text of the statements.
    """

    def __init__(self) -> None:
        self._asking = bytearray()
        self._answering = bytearray()
        self._started = False
        self._single_byte = False
        self._batch = b""

    def requests(self, data: bytes) -> Iterator[Request]:
        self._asking += data
        while True:
            request = self._typed() if self._started else self._first()
            if request is None:
                return
            if request.data:
                yield request

    def go_ahead(self) -> bytes:
        return b""

    def sent(self, request: Request) -> None:
        self._single_byte = len(request.data) == 8 and _int(request.data, 4) in _ENCRYPTION

    def answers(self, data: bytes) -> Iterator[Piece]:
        self._answering += data
        if self._single_byte and self._answering:
            self._single_byte = False
            yield Piece(_cut(self._answering, 1), ends=True)
        while len(self._answering) >= 5 and len(self._answering) > _int(self._answering, 1):
            message = _cut(self._answering, 1 + _int(self._answering, 1))
            yield Piece(message, ends=message[:1] == _READY)

    def _first(self) -> Request | None:
        """Messages before the session begins have no type."""
        if len(self._asking) < 8 or len(self._asking) < _int(self._asking, 0):
            return None
        message = _cut(self._asking, _int(self._asking, 0))
        code = _int(message, 4)
        self._started = code not in (*_ENCRYPTION, _CANCEL)
        return Request(message, message[8:], 0 if code == _CANCEL else 1)

    def _typed(self) -> Request | None:
        """The next message; one without data stands for one that waits for the rest of its batch."""
        if len(self._asking) < 5 or len(self._asking) <= _int(self._asking, 1):
            return None
        message = _cut(self._asking, 1 + _int(self._asking, 1))
        kind = message[:1]
        if kind in _BATCHED:
            self._batch += message
            return Request(b"", b"", 0)
        if kind in (b"S", b"H"):
            whole, self._batch = self._batch + message, b""
            return Request(whole, whole, int(kind == b"S"))
        return Request(message, message[5:].rstrip(b"\0"), int(kind in (b"Q", b"F")))


def _int(data: bytes | bytearray, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "big")


def _cut(buffer: bytearray, length: int) -> bytes:
    """Take so many bytes from the start."""
    part = bytes(buffer[:length])
    del buffer[:length]
    return part
