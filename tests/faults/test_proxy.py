"""What the proxy does to connections, whatever they carry."""

import random
import socket
import threading
import time
from contextlib import ExitStack, suppress

import pytest

from ocr_platform.local.servers import HOST
from tests.faults.proxy import FaultProxy
from tests.faults.wire import RawWire

BODY = random.Random(0).randbytes(300_000)


@pytest.fixture
def echo(opened: ExitStack) -> FaultProxy:
    """A proxy before a server that sends back what it gets."""
    listener = opened.enter_context(socket.create_server((HOST, 0)))
    threading.Thread(target=_echo_all, args=[listener], daemon=True).start()
    opened.callback(listener.shutdown, socket.SHUT_RDWR)
    return opened.enter_context(FaultProxy(listener.getsockname()[1], RawWire))


def _echo_all(listener: socket.socket) -> None:
    with suppress(OSError):
        while True:
            threading.Thread(target=_echo, args=[listener.accept()[0]], daemon=True).start()


def _echo(connection: socket.socket) -> None:
    with connection, suppress(OSError):
        while data := connection.recv(65536):
            connection.sendall(data)


def connect(proxy: FaultProxy, opened: ExitStack) -> socket.socket:
    connection = opened.enter_context(socket.create_connection((HOST, proxy.port)))
    connection.settimeout(5)
    return connection


def receive(connection: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        data += connection.recv(65536)
    return data


def test_bytes_pass_unchanged_in_both_directions(echo: FaultProxy, opened: ExitStack) -> None:
    connection = connect(echo, opened)
    sender = threading.Thread(target=connection.sendall, args=[BODY])
    sender.start()

    assert receive(connection, len(BODY)) == BODY
    sender.join()


def test_reset_all_resets_what_is_open_and_takes_new_connections(echo: FaultProxy, opened: ExitStack) -> None:
    connection = connect(echo, opened)
    connection.sendall(b"x")
    assert receive(connection, 1) == b"x"

    assert (echo.connections, echo.reset_all(), echo.connections) == (1, 1, 0)

    with pytest.raises(ConnectionResetError):
        connection.recv(1)
    again = connect(echo, opened)
    again.sendall(b"y")
    assert receive(again, 1) == b"y"


def test_a_proxy_that_refuses_leaves_open_connections_alone(echo: FaultProxy, opened: ExitStack) -> None:
    connection = connect(echo, opened)
    connection.sendall(b"x")
    receive(connection, 1)

    echo.refuse()

    with pytest.raises(ConnectionRefusedError):
        connect(echo, opened)
    connection.sendall(b"y")
    assert receive(connection, 1) == b"y"
    port = echo.port
    echo.pass_through()
    connect(echo, opened).sendall(b"z")
    assert echo.port == port


def test_what_went_into_a_black_hole_is_delivered_when_it_is_gone(echo: FaultProxy, opened: ExitStack) -> None:
    before = connect(echo, opened)
    before.sendall(b"1")
    receive(before, 1)

    echo.black_hole()
    during = connect(echo, opened)
    for connection in (before, during):
        connection.sendall(b"2")
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.settimeout(5)
    echo.pass_through()

    assert [receive(connection, 1) for connection in (before, during)] == [b"2", b"2"]


def test_a_slow_line_is_slow(echo: FaultProxy, opened: ExitStack) -> None:
    connection = connect(echo, opened)
    echo.slow(bytes_per_second=10_000)

    started = time.monotonic()
    connection.sendall(bytes(4_000))
    receive(connection, 4_000)

    assert 0.7 < time.monotonic() - started < 2  # there and back again
