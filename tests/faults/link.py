"""One connection through the proxy. All its work is done in one thread, so that no byte overtakes another."""

import select
import socket
import struct
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field, replace

from tests.faults.rules import (
    Answer,
    Call,
    Corrupt,
    Delay,
    DropAnswer,
    DropRequest,
    Garble,
    Rewrite,
    RuleBook,
    Truncate,
)
from tests.faults.wire import Request, Wire

_SEGMENT = 65536
_CONNECT_SECONDS = 5.0
_RST_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER with no time to linger


@dataclass
class Weather:
    """What happens to every byte, whatever it says."""

    black_hole: bool = False
    delay: float = 0.0
    bytes_per_second: float | None = None

    @property
    def segment(self) -> int:
        """Bytes that go on at once: a slow line moves ten times a second."""
        return max(1, int(self.bytes_per_second / 10)) if self.bytes_per_second else _SEGMENT

    def seconds(self, length: int) -> float:
        return self.delay + (length / self.bytes_per_second if self.bytes_per_second else 0.0)


class _Severed(Exception):
    """The connection ends with a reset."""


class _Closed(Exception):
    """The connection ends in good order."""


@dataclass
class _Pending:
    """The request that the server has: answers that are still to come, and what is to be done to them."""

    left: int
    action: Corrupt | Truncate | Rewrite | DropAnswer | None
    kept: bytearray = field(default_factory=bytearray)


class Link:
    """A client's connection, and the one that is opened to the server for it.

    One request at a time is with the server: a client that sends several at once finds them answered in order.
    """

    def __init__(
        self, client: socket.socket, server: tuple[str, int], wire: Wire, rules: RuleBook, weather: Weather
    ) -> None:
        self._client = client
        self._server = server
        self._upstream: socket.socket | None = None
        self._wire = wire
        self._rules = rules
        self._weather = weather
        self._doomed = False
        self._wakened, self._waker = socket.socketpair()
        self._queue: deque[Request] = deque()
        self._pending: _Pending | None = None

    def poke(self) -> None:
        """Have the link look at the weather again. Called by other threads."""
        with suppress(OSError):
            self._waker.send(b".")

    def reset(self) -> None:
        """Have the link reset both its connections. Called by other threads."""
        self._doomed = True
        self.poke()

    def run(self) -> None:
        """Carry bytes until one side has enough."""
        try:
            self._hold()
            self._upstream = socket.create_connection(self._server, _CONNECT_SECONDS)
            self._serve(self._upstream)
        except _Closed:
            pass
        except (_Severed, OSError):
            for each in (self._client, self._upstream):
                if each is not None:
                    each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST_ON_CLOSE)
        finally:
            for each in (self._client, self._upstream, self._wakened, self._waker):
                if each is not None:
                    each.close()

    def _serve(self, upstream: socket.socket) -> None:
        while True:
            self._hold()
            ready = self._wait(select.POLLIN, self._client, upstream)
            if self._weather.black_hole:
                continue
            if self._client in ready:
                self._from_client(upstream)
            if upstream in ready:
                self._from_upstream(upstream)

    def _from_client(self, upstream: socket.socket) -> None:
        data = self._client.recv(_SEGMENT)
        if not data:
            raise _Closed
        self._queue.extend(self._wire.requests(data))
        if told := self._wire.go_ahead():
            self._send(self._client, told)
        self._dispatch(upstream)

    def _dispatch(self, upstream: socket.socket) -> None:
        """Hand on what may go now: what has an answer waits for the answer before."""
        while self._queue and not (self._queue[0].answers and self._pending):
            self._hand_on(self._queue.popleft(), upstream)

    def _hand_on(self, request: Request, upstream: socket.socket) -> None:
        action = self._rules.strike(request.text)
        kept = None
        match action:
            case Answer(content):
                self._send(self._client, content)
                return
            case DropRequest():
                raise _Severed
            case Delay(seconds):
                self._pause(seconds)
            case Call(function):
                function()
            case Garble():
                request = replace(request, data=action.apply(request.data))
            case Corrupt() | Truncate() | Rewrite() | DropAnswer():
                kept = action
        if request.answers:
            self._pending = _Pending(request.answers, kept)
        self._wire.sent(request)
        self._send(upstream, request.data)
        if isinstance(kept, DropAnswer) and not request.answers:
            raise _Severed

    def _from_upstream(self, upstream: socket.socket) -> None:
        data = upstream.recv(_SEGMENT)
        if not data:
            self._finish()  # a body that ends where the connection does
            raise _Closed
        passed = bytearray()
        for piece in self._wire.answers(data):
            pending = self._pending
            (passed if pending is None or pending.action is None else pending.kept).extend(piece.data)
            if pending is not None and piece.ends:
                pending.left -= 1
                if pending.left == 0:
                    self._send(self._client, bytes(passed))
                    passed.clear()
                    self._finish()
        self._send(self._client, bytes(passed))
        self._dispatch(upstream)

    def _finish(self) -> None:
        """All answers to a request are there."""
        pending, self._pending = self._pending, None
        match pending.action if pending else None:
            case DropAnswer():
                raise _Severed
            case (Corrupt() | Rewrite()) as action if pending:
                self._send(self._client, action.apply(bytes(pending.kept)))
            case Truncate() as action if pending:
                self._send(self._client, action.apply(bytes(pending.kept)))
                raise _Closed

    def _send(self, target: socket.socket, data: bytes) -> None:
        """Send as the weather lets."""
        while data:
            self._hold()
            part = data[: self._weather.segment]
            if seconds := self._weather.seconds(len(part)):
                self._pause(seconds)
                self._hold()
            try:
                data = data[target.send(part, socket.MSG_DONTWAIT) :]
            except BlockingIOError:
                self._wait(select.POLLOUT, target)

    def _hold(self) -> None:
        """Return when the line is no black hole (any more)."""
        if self._doomed:
            raise _Severed
        while self._weather.black_hole:
            self._wait(select.POLLIN)

    def _pause(self, seconds: float) -> None:
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            self._wait(select.POLLIN, seconds=left)

    def _wait(self, event: int, *sockets: socket.socket, seconds: float | None = None) -> list[socket.socket]:
        """Wait for a socket, for the time to pass or for a poke; return the sockets that are ready."""
        poll = select.poll()
        by_number = {each.fileno(): each for each in sockets}
        for number in by_number:
            poll.register(number, event)
        poll.register(self._wakened, select.POLLIN)
        found = [number for number, _ in poll.poll(None if seconds is None else seconds * 1000)]
        if self._wakened.fileno() in found:
            self._wakened.recv(_SEGMENT)
        if self._doomed:
            raise _Severed
        return [by_number[number] for number in found if number in by_number]
