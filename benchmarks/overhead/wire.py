"""Reading what goes to a server: which requests are in a stream of bytes, by name.

Each reader is fed what one connection sends, in pieces of any size, and yields the name of every request in it.
"""

import re
import struct
from collections.abc import Iterator
from typing import Protocol

_S3_BY_METHOD = {"GET": "GetObject", "PUT": "PutObject", "HEAD": "HeadObject", "DELETE": "DeleteObject"}
_TARGET = re.compile(rb"\r\nx-amz-target: *[^.\r\n]*?\.?(\w+)\r\n", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_PING = "SELECT 1"


class WireReader(Protocol):
    """What the proxy asks of a protocol."""

    def feed(self, data: bytes) -> Iterator[str]:
        """Names of the requests that are complete with this piece."""
        ...


class PostgresReader:
    """Frontend messages; a simple query is one round trip. The start-up packet has no type, and is skipped."""

    def __init__(self) -> None:
        self._buffer = b""
        self._started = False

    def feed(self, data: bytes) -> Iterator[str]:
        """First words of simple queries; `Sync` for a group of extended ones; `connect` for a start-up."""
        self._buffer += data
        while True:
            head = 1 if self._started else 0
            if len(self._buffer) < head + 4:
                return
            (length,) = struct.unpack_from("!i", self._buffer, head)
            if len(self._buffer) < head + length:
                return
            kind, body = self._buffer[:head], self._buffer[head + 4 : head + length]
            self._buffer = self._buffer[head + length :]
            if kind == b"Q":
                yield _statement(body)
            elif kind == b"S":
                yield "Sync"
            elif kind == b"":
                yield "connect"
            # An encryption request is a start-up packet too; the real one follows.
            self._started = self._started or body[:4] == struct.pack("!i", 196608)


def _statement(body: bytes) -> str:
    text = " ".join(body.rstrip(b"\0").decode(errors="replace").split())
    if text == _PING:
        return "ping"
    words = text.split(" ")
    verb = words[0].rstrip(";").upper()
    if verb not in ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH"):
        return verb
    table = re.search(r"\b(?:FROM|INTO|UPDATE) (?:ONLY )?(\w+)", text)
    return f"{verb} {table[1]}" if table else verb


class RedisReader:
    """Commands in RESP: an array of bulk strings, whose first is the name."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> Iterator[str]:
        """Commands' names."""
        self._buffer += data
        while (parsed := _resp_array(self._buffer)) is not None:
            name, used = parsed
            self._buffer = self._buffer[used:]
            yield name


def _resp_array(buffer: bytes) -> tuple[str, int] | None:
    """The first command's name and how many bytes it has; None when it is not complete."""
    end = buffer.find(b"\r\n")
    if end < 0:
        return None
    place, name = end + 2, ""
    for number in range(int(buffer[1:end])):
        end = buffer.find(b"\r\n", place)
        if end < 0:
            return None
        start, length = end + 2, int(buffer[place + 1 : end])
        place = start + length + 2
        if len(buffer) < place:
            return None
        if number == 0:
            name = buffer[start : start + length].decode().upper()
    return name, place


class HttpReader:
    """Requests to AWS: the operation by method and query for S3, by X-Amz-Target for the others."""

    def __init__(self) -> None:
        self._buffer = b""
        self._body_left = 0

    def feed(self, data: bytes) -> Iterator[str]:
        """Operations' names."""
        self._buffer += data
        while True:
            skipped = min(self._body_left, len(self._buffer))
            self._buffer, self._body_left = self._buffer[skipped:], self._body_left - skipped
            end = self._buffer.find(b"\r\n\r\n")
            if self._body_left or end < 0:
                return
            head, self._buffer = self._buffer[: end + 2], self._buffer[end + 4 :]
            length = _LENGTH.search(head)
            self._body_left = int(length[1]) if length else 0
            yield _operation(head)


def _operation(head: bytes) -> str:
    target = _TARGET.search(head)
    if target:
        return target[1].decode()
    method, path = head.split(b" ", 2)[:2]
    query = path.partition(b"?")[2]
    if query.startswith(b"versions") or b"&versions" in query:
        return "ListObjectVersions"
    if query.startswith(b"delete"):
        return "DeleteObjects"
    return _S3_BY_METHOD.get(method.decode(), method.decode())
