"""What the proxy knows of a protocol: where a request ends, and where the answer to it does."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Request:
    """One request: as it goes over the wire, as rules see it, and how many answers the server gives to it."""

    data: bytes
    text: bytes
    answers: int


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of what a server sends; `ends` says that one answer is complete with it."""

    data: bytes
    ends: bool = False


class Wire(Protocol):
    """One connection's state in one protocol; fed with segments as they come, which may be cut anywhere."""

    def requests(self, data: bytes) -> Iterator[Request]:
        """Requests that are complete now."""
        ...

    def go_ahead(self) -> bytes:
        """What the client must be told before it sends the rest of a request."""
        ...

    def sent(self, request: Request) -> None:
        """The server gets this request."""
        ...

    def answers(self, data: bytes) -> Iterator[Piece]:
        """What can be handed on now."""
        ...


class RawWire:
    """Bytes of no protocol: every segment is a request of its own, and nothing waits for an answer."""

    def requests(self, data: bytes) -> Iterator[Request]:
        yield Request(data, data, 0)

    def go_ahead(self) -> bytes:
        return b""

    def sent(self, request: Request) -> None:
        pass

    def answers(self, data: bytes) -> Iterator[Piece]:
        yield Piece(data)
