"""Length-prefixed JSON over a Unix socket, file descriptors beside it.

What arrives may have been made by an attacker: its length is bounded, and so is the time for all of it.
"""

import json
import socket
import struct
import time
from collections.abc import Sequence
from typing import Any

_LENGTH = struct.Struct("!I")
_CHUNK = 1024 * 1024
# A page of the densest print has some 10,000 words of about 170 bytes each; this leaves room for four such pages.
MAX_FRAME_BYTES = 8 * 1024 * 1024


class FrameError(Exception):
    """Raised when the peer is gone or sends what is not a frame."""


def send(
    channel: socket.socket, message: dict[str, Any], fds: Sequence[int] = (), deadline: float | None = None
) -> None:
    """Send one message; descriptors travel with its first bytes.

    Raises FrameError when the peer is gone, TimeoutError when it has not taken all of it at `deadline` (monotonic).
    """
    body = json.dumps(message).encode()
    view = memoryview(_LENGTH.pack(len(body)) + body)
    try:
        _limit(channel, deadline)
        sent = socket.send_fds(channel, [view], list(fds)) if fds else channel.send(view)
        while sent < len(view):
            _limit(channel, deadline)
            sent += channel.send(view[sent:])
    except ConnectionError as exc:
        raise FrameError("peer closed") from exc


def receive(
    channel: socket.socket, max_fds: int = 0, deadline: float | None = None
) -> tuple[dict[str, Any], list[int]]:
    """Receive one message and up to `max_fds` descriptors.

    Raises FrameError, or TimeoutError when it is not all there at `deadline` (monotonic), however it trickles in.
    """
    head, fds = _head(channel, max_fds, deadline)
    (length,) = _LENGTH.unpack(head)
    if length > MAX_FRAME_BYTES:
        raise FrameError("frame too long")
    try:
        message = json.loads(_exactly(channel, length, deadline))
    except (ValueError, RecursionError) as exc:
        raise FrameError("not JSON") from exc
    if not isinstance(message, dict):
        raise FrameError("not an object")
    return message, fds


def _head(channel: socket.socket, max_fds: int, deadline: float | None) -> tuple[bytes, list[int]]:
    if not max_fds:
        # A plain read: descriptors that nobody asked for are closed by the kernel.
        return _exactly(channel, _LENGTH.size, deadline), []
    try:
        _limit(channel, deadline)
        head, fds, _flags, _address = socket.recv_fds(channel, _LENGTH.size, max_fds)
    except ConnectionError as exc:
        raise FrameError("peer closed") from exc
    if not head:
        raise FrameError("peer closed")
    return head + _exactly(channel, _LENGTH.size - len(head), deadline), fds


def _exactly(channel: socket.socket, length: int, deadline: float | None) -> bytes:
    parts = []
    while length:
        try:
            _limit(channel, deadline)
            part = channel.recv(min(length, _CHUNK))
        except ConnectionError as exc:
            raise FrameError("peer closed") from exc
        if not part:
            raise FrameError("peer closed")
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _limit(channel: socket.socket, deadline: float | None) -> None:
    if deadline is None:
        return
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    channel.settimeout(left)
