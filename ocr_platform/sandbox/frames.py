"""Length-prefixed JSON over a Unix socket, file descriptors beside it."""

import json
import socket
import struct
from typing import Any

_LENGTH = struct.Struct("!I")
_CHUNK = 1024 * 1024
# A page of the densest print has some 10,000 words of about 100 bytes each; this leaves room for 60 such pages.
MAX_FRAME_BYTES = 64 * 1024 * 1024


class FrameError(Exception):
    """Raised when the peer is gone or sends what is not a frame."""


def send(channel: socket.socket, message: dict[str, Any], fds: tuple[int, ...] = ()) -> None:
    """Send one message; descriptors travel with its first bytes. Raises FrameError when the peer is gone."""
    body = json.dumps(message).encode()
    try:
        socket.send_fds(channel, [_LENGTH.pack(len(body))], list(fds))
        channel.sendall(body)
    except BrokenPipeError as exc:
        raise FrameError("peer closed") from exc


def receive(channel: socket.socket, max_fds: int = 0) -> tuple[dict[str, Any], list[int]]:
    """Receive one message. Raises FrameError, or TimeoutError by the socket's timeout."""
    try:
        head, fds, _flags, _address = socket.recv_fds(channel, _LENGTH.size, max_fds)
        while 0 < len(head) < _LENGTH.size:
            head += _exactly(channel, _LENGTH.size - len(head))
    except ConnectionError as exc:
        raise FrameError("peer closed") from exc
    if not head:
        raise FrameError("peer closed")
    (length,) = _LENGTH.unpack(head)
    if length > MAX_FRAME_BYTES:
        raise FrameError("frame too long")
    try:
        message = json.loads(_exactly(channel, length))
    except (ValueError, RecursionError) as exc:
        raise FrameError("not JSON") from exc
    if not isinstance(message, dict):
        raise FrameError("not an object")
    return message, fds


def _exactly(channel: socket.socket, length: int) -> bytes:
    parts = []
    while length:
        try:
            part = channel.recv(min(length, _CHUNK))
        except ConnectionError as exc:
            raise FrameError("peer closed") from exc
        if not part:
            raise FrameError("peer closed")
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
