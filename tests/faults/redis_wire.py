"""Redis' protocol, versions 2 and 3."""

from collections.abc import Iterator

from tests.faults.wire import Piece, Request

_LINES = b"+-:_#,("  # types whose value is the rest of the line
_SIZED = b"$=!"  # types with a length and a value
_ELEMENTS = {b"*": 1, b"~": 1, b">": 1, b"%": 2, b"|": 2}  # types that hold others, and how many for each counted
_UNASKED = (b">", b"|")  # pushed, or said about the answer that follows
_SUBSCRIBING = (b"SUBSCRIBE", b"PSUBSCRIBE", b"UNSUBSCRIBE", b"PUNSUBSCRIBE")


class RedisWire:
    """A request is a command, or all from MULTI to EXEC: the commands between them do nothing before it.

    Rules see the words of a command with blanks between, and one line for each command.
    """

    def __init__(self) -> None:
        self._asking = bytearray()
        self._answering = bytearray()
        self._transaction: list[tuple[bytes, list[bytes]]] = []

    def requests(self, data: bytes) -> Iterator[Request]:
        self._asking += data
        while True:
            end = _value_end(self._asking, 0)
            if end is None:
                return
            command = bytes(self._asking[:end])
            del self._asking[:end]
            self._transaction.append((command, _words(command)))
            if _name(self._transaction[0]) == b"MULTI" and _name(self._transaction[-1]) not in (b"EXEC", b"DISCARD"):
                continue
            commands, self._transaction = self._transaction, []
            text = b"\n".join(b" ".join(words) for _, words in commands)
            yield Request(b"".join(each for each, _ in commands), text, sum(_replies(words) for _, words in commands))

    def go_ahead(self) -> bytes:
        return b""

    def sent(self, request: Request) -> None:
        pass

    def answers(self, data: bytes) -> Iterator[Piece]:
        self._answering += data
        while (end := _value_end(self._answering, 0)) is not None:
            value = bytes(self._answering[:end])
            del self._answering[:end]
            yield Piece(value, ends=value[:1] not in _UNASKED)


def _name(command: tuple[bytes, list[bytes]]) -> bytes:
    words = command[1]
    return words[0].upper() if words else b""


def _replies(words: list[bytes]) -> int:
    return max(1, len(words) - 1) if words and words[0].upper() in _SUBSCRIBING else 1


def _value_end(buffer: bytearray, start: int) -> int | None:
    """Where the value that begins at `start` ends; None when it is not all there."""
    line_end = buffer.find(b"\r\n", start)
    if line_end < 0:
        return None
    kind, after = bytes(buffer[start : start + 1]), line_end + 2
    if kind in _ELEMENTS:
        count = int(buffer[start + 1 : line_end]) * _ELEMENTS[kind]
        for _ in range(count):
            end = _value_end(buffer, after)
            if end is None:
                return None
            after = end
        return after
    if kind in _SIZED:
        length = int(buffer[start + 1 : line_end])
        end = after + length + 2 if length >= 0 else after
        return end if len(buffer) >= end else None
    return after  # a type of one line, or a command as people type it


def _words(command: bytes) -> list[bytes]:
    """A command's words: an array of strings with lengths, or a line."""
    if not command.startswith(b"*"):
        return command.split()
    words, at = [], command.index(b"\r\n") + 2
    while at < len(command):
        line_end = command.index(b"\r\n", at)
        length = int(command[at + 1 : line_end])
        words.append(command[line_end + 2 : line_end + 2 + length])
        at = line_end + 2 + length + 2
    return words
