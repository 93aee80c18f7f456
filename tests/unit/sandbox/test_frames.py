import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ocr_platform.sandbox import frames
from ocr_platform.sandbox.frames import MAX_FRAME_BYTES, FrameError

Pair = tuple[socket.socket, socket.socket]

_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(5)
        theirs.settimeout(5)
        yield ours, theirs


@given(message=st.dictionaries(st.text(), _values, max_size=5))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_message_arrives_as_it_was_sent(pair: Pair, message: dict[str, Any]) -> None:
    frames.send(pair[0], message)

    assert frames.receive(pair[1]) == (message, [])


def test_messages_arrive_one_by_one_in_order(pair: Pair) -> None:
    for number in range(3):
        frames.send(pair[0], {"number": number})

    assert [frames.receive(pair[1])[0]["number"] for _ in range(3)] == [0, 1, 2]


def test_message_larger_than_the_sockets_buffer_arrives_whole(pair: Pair) -> None:
    message = {"text": "ü" * 1_300_000}
    sender = threading.Thread(target=frames.send, args=(pair[0], message))
    sender.start()

    received, _ = frames.receive(pair[1])

    sender.join()
    assert received == message


def test_descriptor_travels_with_its_message(pair: Pair) -> None:
    # Given a file that only the sender has open
    fd = os.memfd_create("document")
    os.write(fd, b"content")

    frames.send(pair[0], {"do": "open"}, fds=(fd,))
    os.close(fd)
    message, (received,) = frames.receive(pair[1], max_fds=1)

    assert message == {"do": "open"}
    assert os.pread(received, 100, 0) == b"content"
    os.close(received)


@pytest.mark.parametrize("sent", [b"", b"\x00", b"\x00\x00\x00\x05", b"\x00\x00\x00\x05{}"])
def test_peer_that_goes_away_is_an_error_wherever_it_stopped(pair: Pair, sent: bytes) -> None:
    pair[0].sendall(sent)
    pair[0].close()

    with pytest.raises(FrameError, match="peer closed"):
        frames.receive(pair[1])


def test_sending_to_a_peer_that_is_gone_is_an_error(pair: Pair) -> None:
    pair[1].close()

    with pytest.raises(FrameError, match="peer closed"):
        frames.send(pair[0], {"do": "count"})


def test_peer_that_dies_with_unread_messages_is_an_error(pair: Pair) -> None:
    # Given such a peer: the kernel then resets the connection instead of closing it
    frames.send(pair[0], {"do": "count"})
    pair[1].close()

    with pytest.raises(FrameError, match="peer closed"):
        frames.receive(pair[0])


def test_peer_that_dies_while_a_long_message_is_being_sent_is_an_error(pair: Pair) -> None:
    # Given a peer that reads a little and dies with the rest unread
    def read_and_die() -> None:
        pair[1].recv(10)
        pair[1].close()

    reader = threading.Thread(target=read_and_die)
    reader.start()

    with pytest.raises(FrameError, match="peer closed"):
        frames.send(pair[0], {"text": "x" * 10_000_000})
    reader.join()


@pytest.mark.parametrize("length", [MAX_FRAME_BYTES + 1, 2**32 - 1])
def test_frame_that_says_it_is_too_long_is_refused_at_once(pair: Pair, length: int) -> None:
    # Given nothing but the length, up to 4 GiB: not a byte of it is waited for, nor memory taken
    pair[0].sendall(struct.pack("!I", length))
    started = time.monotonic()

    with pytest.raises(FrameError, match="too long"):
        frames.receive(pair[1], deadline=started + 5)
    assert time.monotonic() - started < 1


def test_frame_as_long_as_allowed_is_taken(pair: Pair) -> None:
    body = b'{"text": "' + b"x" * (MAX_FRAME_BYTES - 12) + b'"}'
    sender = threading.Thread(target=pair[0].sendall, args=(struct.pack("!I", len(body)) + body,))
    sender.start()

    message, _ = frames.receive(pair[1])

    sender.join()
    assert len(body) == MAX_FRAME_BYTES
    assert len(message["text"]) == MAX_FRAME_BYTES - 12


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not an object"),
        (b"null", "not an object"),
        (b'"text"', "not an object"),
    ],
)
def test_garbage_is_an_error(pair: Pair, body: bytes, reason: str) -> None:
    pair[0].sendall(struct.pack("!I", len(body)) + body)

    with pytest.raises(FrameError, match=reason):
        frames.receive(pair[1])


def test_head_that_arrives_in_parts_is_put_together(pair: Pair) -> None:
    frame = struct.pack("!I", 2) + b"{}"

    def trickle() -> None:
        for byte in frame:
            pair[0].sendall(bytes([byte]))

    sender = threading.Thread(target=trickle)
    sender.start()
    assert frames.receive(pair[1]) == ({}, [])
    sender.join()


def test_peer_that_says_nothing_is_a_timeout(pair: Pair) -> None:
    with pytest.raises(TimeoutError):
        frames.receive(pair[1], deadline=time.monotonic() + 0.05)


@pytest.mark.parametrize("max_fds", [0, 1])
def test_deadline_is_for_all_of_a_message_however_it_trickles_in(pair: Pair, max_fds: int) -> None:
    # Given a peer that says something before each single byte would time out, and would go on for a minute
    frame = struct.pack("!I", 2000) + b"x" * 2000
    stopped = threading.Event()

    def trickle() -> None:
        for byte in frame:
            if stopped.wait(0.03):
                return
            pair[0].sendall(bytes([byte]))

    sender = threading.Thread(target=trickle)
    sender.start()
    started = time.monotonic()
    try:
        with pytest.raises(TimeoutError):
            frames.receive(pair[1], max_fds=max_fds, deadline=started + 0.4)
        assert 0.3 < time.monotonic() - started < 2
    finally:
        stopped.set()
        sender.join()


def test_deadline_that_has_passed_is_a_timeout_even_if_the_message_is_there(pair: Pair) -> None:
    frames.send(pair[0], {})

    with pytest.raises(TimeoutError):
        frames.receive(pair[1], deadline=time.monotonic() - 1)


def test_peer_that_takes_nothing_is_a_timeout(pair: Pair) -> None:
    started = time.monotonic()

    with pytest.raises(TimeoutError):
        frames.send(pair[0], {"text": "x" * 10_000_000}, deadline=started + 0.3)
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("asked", [0, 1, 2])
def test_descriptors_that_were_not_asked_for_are_not_received(
    pair: Pair, asked: int, open_descriptors: Callable[[], int]
) -> None:
    # Given a peer that floods its reader with descriptors
    before = open_descriptors()
    fds = [os.memfd_create(f"document {number}") for number in range(20)]
    frames.send(pair[0], {}, fds=fds)
    for fd in fds:
        os.close(fd)

    _, received = frames.receive(pair[1], max_fds=asked)

    assert len(received) == asked
    assert open_descriptors() == before + asked
    for fd in received:
        os.close(fd)


@pytest.mark.parametrize("asked", [0, 1])
def test_descriptors_that_come_in_the_middle_of_a_message_are_not_received(
    pair: Pair, asked: int, open_descriptors: Callable[[], int]
) -> None:
    before = open_descriptors()
    fd = os.memfd_create("document")
    pair[0].sendall(struct.pack("!I", 2))
    socket.send_fds(pair[0], [b"{}"], [fd])
    os.close(fd)

    assert frames.receive(pair[1], max_fds=asked) == ({}, [])
    assert open_descriptors() == before
