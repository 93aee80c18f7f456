"""What a hostile decoder does to its worker instead of an answer."""

import ctypes
import json
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from tests.attacks.answering import CHANNEL, frame, page, say, word, write

MIB = 1024 * 1024


def _raw_page(changed: str) -> bytes:
    """A page in which a value stands that json.dumps would not write."""
    return json.dumps(page(marker=0)).replace('"marker": 0', changed).encode()


def _saying(message: object) -> Callable[[], None]:
    def behave() -> None:
        say(message)
        _hang()

    return behave


def _writing(body: bytes, length: int | None = None) -> Callable[[], None]:
    def behave() -> None:
        write(frame(body, length))
        _hang()

    return behave


def _hang() -> NoReturn:
    while True:
        time.sleep(60)


def _spin() -> NoReturn:
    while True:
        pass


def _deaf() -> NoReturn:
    """Every signal that can be is ignored or blocked."""
    for number in range(1, signal.NSIG):
        with suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, signal.NSIG))
    _spin()


def _close_and_live() -> NoReturn:
    os.close(CHANNEL)
    _hang()


def _fork_without_end() -> NoReturn:
    """Each child does the same; when no more can be had, all try again."""
    while True:
        with suppress(OSError):
            os.fork()


def _fork_and_answer() -> None:
    """A legal answer, while others of the group live on."""
    for _ in range(5):
        with suppress(OSError):
            if os.fork() == 0:
                _deaf()
    say(page(text="fine"))
    _hang()


def _fill_memory() -> NoReturn:
    """Until Python has no more: the decoder's own MemoryError."""
    kept = []
    while True:
        kept.append(bytearray(b"x") * (8 * MIB))


def _fill_memory_in_c() -> None:
    """By malloc, until it gives nothing; then on with what there is."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    while address := libc.malloc(ctypes.c_size_t(8 * MIB)):
        ctypes.memset(address, 1, 8 * MIB)
    ctypes.memset(0, 1, 1)


def _fill_disk() -> NoReturn:
    """Whatever can be written to, the place where it stands first."""
    number = 0
    while True:
        number += 1
        for folder in (".", "/tmp", "/dev/shm"):
            with suppress(OSError):
                descriptor = os.open(f"{folder}/attack-{number}", os.O_CREAT | os.O_WRONLY, 0)
                os.write(descriptor, b"x" * MIB)
                os.close(descriptor)
        with suppress(OSError):
            os.write(2, b"x" * MIB)
        if number > 200:  # enough to show it: the test's machine has other work
            _hang()


def _dig() -> NoReturn:
    """Directories deeper than any path may be, which nobody may list, and a file at the bottom."""
    with suppress(OSError):
        for _ in range(3000):
            os.mkdir("d", 0o300)  # noqa: PTH102  mode and name as the kernel takes them
            os.chdir("d")
        os.close(os.open("plaintext", os.O_CREAT | os.O_WRONLY, 0))
    _hang()


def _flood() -> NoReturn:
    """Legal answers that nobody asked for, for ever."""
    body = frame(json.dumps(page(text="x" * 100_000)).encode())
    while True:
        os.write(CHANNEL, body)


def _garbage() -> NoReturn:
    while True:
        os.write(CHANNEL, b"\xff" * MIB)


def _trickle() -> NoReturn:
    """Never silent for long, and never done."""
    os.write(CHANNEL, (4 * MIB).to_bytes(4, "big"))
    while True:
        os.write(CHANNEL, b" ")
        time.sleep(0.01)


def _truncate() -> NoReturn:
    os.write(CHANNEL, frame(json.dumps(page()).encode())[:-5])
    os._exit(0)


_SURROGATE = json.dumps(page(text="\ud800")).encode()
BEHAVIOURS: dict[str, Callable[[], None]] = {
    "fork_without_end": _fork_without_end,
    "fork_and_answer": _fork_and_answer,
    "fill_memory": _fill_memory,
    "fill_memory_in_c": _fill_memory_in_c,
    "fill_disk": _fill_disk,
    "dig": _dig,
    "flood": _flood,
    "garbage": _garbage,
    "trickle": _trickle,
    "truncate": _truncate,
    "four_gib": _writing(b"{}", 0xFFFFFFFF),
    "just_over": _writing(b" " * 1000, 8 * MIB + 1),
    "short_length": _writing(json.dumps(page()).encode(), 10),
    "long_length": _writing(json.dumps(page()).encode(), 10_000),
    "no_json": _writing(b"not json"),
    "no_object": _writing(b"[1]"),
    "no_utf8": _writing(b'{"page": "\xff\xfe"}'),
    "nan": _writing(_raw_page('"width": NaN')),
    "nan_confidence": _saying(page(words=[word(confidence=float("nan"))])),
    "infinite_confidence": _saying(page(words=[word(confidence=float("inf"))])),
    "huge_number": _writing(_raw_page('"width": ' + "9" * 100_000)),
    "float_width": _saying(page(width=100.0)),
    "bool_width": _saying(page(width=True)),
    "text_list": _saying(page(text=["x"])),
    "word_list": _saying(page(words=[["x"]])),
    "words_object": _saying(page(words={"0": word()})),
    "page_list": _saying({"page": [page()]}),
    "pages_instead": _saying({"pages": 3}),
    "error_number": _saying({"error": 7}),
    "error_unknown": _saying({"error": "no_such_code"}),
    "error_systemic": _saying({"error": "database_unavailable"}),
    "error_list": _saying({"error": ["page_damaged"]}),
    "left_of_page": _saying(page(words=[word(left=-1)])),
    "right_of_page": _saying(page(words=[word(left=95)])),
    "below_page": _saying(page(words=[word(top=2**40)])),
    "page_too_large": _saying(page(width=30_000, height=30_000)),
    "surrogate": _writing(_SURROGATE),
    "surrogate_word": _saying(page(words=[word(text="\udfff")])),
    "nul": _saying(page(text="a\0b")),
    "million_words": _writing(_raw_page('"words": [' + ",".join(["{}"] * 1_000_000) + "]")),
    "million_lists": _writing(_raw_page('"words": [' + ",".join(["[]"] * 2_700_000) + "]")),
    "deep": _writing(b'{"page":' + b"[" * 4_000_000),
    "deep_objects": _writing(b'{"a":' * 1_500_000),
    "long_text": _saying(page(text="x" * 7_000_000)),
    "never_return": _hang,
    "spin": _spin,
    "deaf": _deaf,
    "close_and_live": _close_and_live,
}
