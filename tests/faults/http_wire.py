"""HTTP/1.1: messages with a length, in chunks, or up to the end of the connection."""

import re
from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol

from tests.faults.wire import Piece, Request

_HEAD_END = b"\r\n\r\n"
_GO_AHEAD = b"HTTP/1.1 100 Continue\r\n\r\n"
_EXPECT = re.compile(rb"\r\nexpect: *100-continue *(?=\r\n)", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r]*chunked", re.IGNORECASE)
_MATCHED_BODY = 4096  # a rule sees the head and so much of the body


class Body(Protocol):
    """Finds where a body ends."""

    done: bool

    def take(self, buffer: bytearray) -> int:
        """How many bytes at the start of the buffer belong to the body and can be handed on."""
        ...


class _Sized:
    def __init__(self, length: int) -> None:
        self._left = length
        self.done = length == 0

    def take(self, buffer: bytearray) -> int:
        taken = min(self._left, len(buffer))
        self._left -= taken
        self.done = self._left == 0
        return taken


class _UntilClose:
    done = False

    def take(self, buffer: bytearray) -> int:
        return len(buffer)


class Chunked:
    """Also tells which parts of what it took are content: `spans`, counted from the body's start."""

    def __init__(self) -> None:
        self.done = False
        self.spans: list[tuple[int, int]] = []
        self._seen = 0
        self._left = 0
        self._trailer = False

    def take(self, buffer: bytearray) -> int:
        taken = 0
        while not self.done:
            if self._left:
                step = min(self._left, len(buffer) - taken)
                self._left -= step
                taken += step
                if self._left:
                    break
            end = buffer.find(b"\r\n", taken)
            if end < 0:
                break
            line = buffer[taken:end]
            taken = end + 2
            if self._trailer:
                self.done = not line
                continue
            size = int(line.partition(b";")[0], 16)
            self._trailer = size == 0
            if size:
                self.spans.append((self._seen + taken, self._seen + taken + size))
                self._left = size + 2  # the line end after the content
        self._seen += taken
        return taken


class _Messages:
    """Cuts a stream into heads and parts of bodies; each comes with whether a message is complete with it."""

    def __init__(self, body_of: Callable[[bytes], Body]) -> None:
        self._body_of = body_of
        self._buffer = bytearray()
        self._body: Body | None = None

    def feed(self, data: bytes) -> Iterator[tuple[bytes, bool]]:
        self._buffer += data
        while True:
            if self._body is None:
                cut = self._buffer.find(_HEAD_END) + len(_HEAD_END)
                if cut < len(_HEAD_END):
                    return
                self._body = self._body_of(bytes(self._buffer[:cut]))
            else:
                cut = self._body.take(self._buffer)
                if cut == 0:
                    return
            part = bytes(self._buffer[:cut])
            del self._buffer[:cut]
            done = self._body.done
            if done:
                self._body = None
            yield part, done


class HttpWire:
    """A request is handed on when all of it is there; an answer part by part."""

    def __init__(self) -> None:
        self._asking = _Messages(self._body_of_request)
        self._request = b""
        self._expected = False
        self._answering = _Messages(self._body_of_answer)
        self._methods: deque[bytes] = deque()
        self._interim = False

    def requests(self, data: bytes) -> Iterator[Request]:
        parts = []
        for part, done in self._asking.feed(data):
            parts.append(part)
            if done:
                whole = self._request + b"".join(parts)
                self._request, parts = b"", []
                self._expected = False
                head, _, body = whole.partition(_HEAD_END)
                # The client was told to go ahead already; the server must not tell it once more.
                head = _EXPECT.sub(b"", head)
                yield Request(head + _HEAD_END + body, head + _HEAD_END + body[:_MATCHED_BODY], 1)
        self._request += b"".join(parts)

    def go_ahead(self) -> bytes:
        expected, self._expected = self._expected, False
        return _GO_AHEAD if expected else b""

    def sent(self, request: Request) -> None:
        self._methods.append(request.data.partition(b" ")[0])

    def answers(self, data: bytes) -> Iterator[Piece]:
        for part, done in self._answering.feed(data):
            if self._interim:
                self._interim = False
                continue
            yield Piece(part, done)

    def _body_of_request(self, head: bytes) -> Body:
        body = _framed(head) or _Sized(0)
        self._expected = _EXPECT.search(head) is not None and not body.done
        return body

    def _body_of_answer(self, head: bytes) -> Body:
        status = int(head.split(b" ", 2)[1])
        if status < 200:
            self._interim = True
            return _Sized(0)
        method = self._methods.popleft() if self._methods else b""
        if method == b"HEAD" or status in (204, 304):
            return _Sized(0)
        return _framed(head) or _UntilClose()


def _framed(head: bytes) -> Body | None:
    """As the head says; None when it says nothing."""
    if _CHUNKED.search(head):
        return Chunked()
    length = _LENGTH.search(head)
    return _Sized(int(length[1])) if length else None


def content_spans(answer: bytes) -> list[tuple[int, int]]:
    """Where in a whole answer the content of its body is, from and to."""
    head, _, body = answer.partition(_HEAD_END)
    start = len(head) + len(_HEAD_END)
    framed = _framed(head + _HEAD_END)
    if not isinstance(framed, Chunked):
        return [(start, len(answer))] if body else []
    framed.take(bytearray(body))
    return [(start + begin, start + end) for begin, end in framed.spans]
