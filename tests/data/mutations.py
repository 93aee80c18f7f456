"""Good files made bad: seeded, so that each can be made again from its number."""

import random
from collections.abc import Callable, Sequence

_EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_DIGITS = b"0123456789"
# The first bytes decide whether a file is looked at at all.
_HEAD = 8


def mutated(files: Sequence[bytes], rng: random.Random) -> bytes:
    """One of the files with one to three things done to it."""
    body = bytearray(rng.choice(files))
    for _ in range(rng.choice((1, 1, 2, 3))):
        body = rng.choice(_MUTATIONS)(body, files, rng)
    return bytes(body)


Mutation = Callable[[bytearray, Sequence[bytes], random.Random], bytearray]


def _place(body: bytearray, rng: random.Random) -> int:
    return rng.randrange(min(_HEAD, len(body)), len(body) + 1)


def _bits(body: bytearray, files: Sequence[bytes], rng: random.Random) -> bytearray:
    for _ in range(rng.randint(1, 32)):
        place = _place(body, rng)
        if place < len(body):
            body[place] ^= 1 << rng.randrange(8)
    return body


def _truncated(body: bytearray, files: Sequence[bytes], rng: random.Random) -> bytearray:
    return body[: _place(body, rng)]


def _removed(body: bytearray, files: Sequence[bytes], rng: random.Random) -> bytearray:
    start = _place(body, rng)
    return body[:start] + body[start + rng.randint(1, 512) :]


def _doubled(body: bytearray, files: Sequence[bytes], rng: random.Random) -> bytearray:
    start, size, times = _place(body, rng), rng.randint(1, 512), rng.choice((1, 2, 30))
    return body[:start] + body[start : start + size] * times + body[start:]


def _extreme(body: bytearray, files: Sequence[bytes], rng: random.Random) -> bytearray:
    """Integers of binary formats, in either order, at the extremes of their widths."""
    for _ in range(rng.randint(1, 6)):
        width, place = rng.choice((1, 2, 4)), _place(body, rng)
        value = rng.choice(_EXTREMES) & ((1 << 8 * width) - 1)
        body[place : place + width] = value.to_bytes(width, rng.choice(("little", "big")))
    return body


def _number(body: bytearray, files: Sequence[bytes], rng: random.Random) -> bytearray:
    """A number in decimal digits, of which PDFs consist, becomes another."""
    start = next((at for at in range(_place(body, rng), len(body)) if body[at] in _DIGITS), None)
    if start is None:
        return body
    stop = next((at for at in range(start, len(body)) if body[at] not in _DIGITS), len(body))
    return body[:start] + rng.choice((b"0", b"-1", b"65536", b"2147483648", b"9" * 30)) + body[stop:]


def _spliced(body: bytearray, files: Sequence[bytes], rng: random.Random) -> bytearray:
    other = rng.choice(files)
    return body[: _place(body, rng)] + other[rng.randrange(len(other)) :]


def _noise(body: bytearray, files: Sequence[bytes], rng: random.Random) -> bytearray:
    place = _place(body, rng)
    return body[:place] + rng.randbytes(rng.randint(1, 256)) + body[place:]


_MUTATIONS: tuple[Mutation, ...] = (_bits, _truncated, _removed, _doubled, _extreme, _number, _spliced, _noise)
