"""A forked process has none of the worker's connections."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocr_platform.worker.inherited import drop_connections
from tests.unit.support import forks, true_in_child


@pytest.fixture
def connection() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of a TCP connection."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        socket.create_connection(listening.getsockname()) as near,
        listening.accept()[0] as far,
    ):
        yield near, far


@forks
def test_a_child_drops_them_and_the_worker_keeps_them(connection: tuple[socket.socket, socket.socket]) -> None:
    near, far = connection
    inner, outer = socket.socketpair()  # what a pool talks to its processes by
    descriptor, other = near.fileno(), inner.fileno()

    def look() -> bool:
        dropped = drop_connections()
        kept = Path(f"/proc/self/fd/{other}").readlink()
        gone = Path(f"/proc/self/fd/{descriptor}").readlink()
        return dropped >= 3 and str(gone) == os.devnull and str(kept).startswith("socket:")  # two ends, a listener

    with inner, outer:
        assert true_in_child(look)

    near.sendall(b"still here")
    assert far.recv(100) == b"still here"


@forks
def test_the_far_end_learns_when_the_worker_is_gone(connection: tuple[socket.socket, socket.socket]) -> None:
    near, far = connection
    ready, done = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        drop_connections()
        os.write(ready[1], b".")
        os.read(done[0], 1)
        os._exit(0)
    os.read(ready[0], 1)

    near.close()  # the worker's; the child lives

    far.settimeout(5)
    assert far.recv(1) == b""
    os.write(done[1], b".")
    os.waitpid(child, 0)
    for descriptor in (*ready, *done):
        os.close(descriptor)
