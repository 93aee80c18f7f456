"""A TCP proxy on the loopback interface that does to connections what networks do to them. No TLS.

Not shown by it: a network that drops packets also swallows the kernel's keep-alive probes, so that a peer is noticed
to be gone after `tcp_keepalive_*`. Here kernels on both sides answer; only what programs send is lost sight of.
"""

import random
import re
import select
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from tests.faults.http_wire import HttpWire
from tests.faults.link import Link, Weather
from tests.faults.rules import Action, Corrupt, Garble, Rewrite, Rule, RuleBook, Truncate
from tests.faults.wire import Wire

_HOST = "127.0.0.1"
_END_SECONDS = 10.0


class FaultProxy:
    """A proxy before the server on `server_port`; a client connects to `port`. Use it as a context manager.

    `wire` is the protocol: HttpWire, PostgresWire, RedisWire or RawWire. Every method may be called at any moment, from
    any thread. What a test switches on stays until `pass_through`; rules stay until `clear_rules`.
    """

    def __init__(self, server_port: int, wire: Callable[[], Wire], rng: random.Random | None = None) -> None:
        self._server = (_HOST, server_port)
        self._wire = wire
        self._rules = RuleBook(rng or random.Random(0))
        self._weather = Weather()
        self._links: set[Link] = set()
        self._threads: set[threading.Thread] = set()
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self._ending = False
        self.accepted = 0
        self.port = 0

    def __enter__(self) -> Self:
        self._wakened, self._waker = socket.socketpair()
        self._listen()
        self._acceptor = threading.Thread(target=self._accept_all, name="proxy", daemon=True)
        self._acceptor.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending = True
        self.refuse()
        self._acceptor.join(_END_SECONDS)
        self.reset_all()
        for each in (self._wakened, self._waker):
            each.close()

    def pass_through(self) -> None:
        """Good weather: new connections are taken, everything goes on, what was held back is delivered."""
        self._weather.delay, self._weather.bytes_per_second, self._weather.black_hole = 0.0, None, False
        if self._listener is None and not self._ending:
            self._listen()
        self._poke_all()

    def reset_all(self) -> int:
        """Reset every open connection, on both sides, and wait until it is; return how many there were."""
        with self._lock:
            links, threads = list(self._links), list(self._threads)
        for link in links:
            link.reset()
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(_END_SECONDS)
        return len(links)

    def refuse(self) -> None:
        """Refuse new connections; open ones go on."""
        with self._lock:
            listener, self._listener = self._listener, None
        if listener is not None:
            self._waker.send(b".")
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def black_hole(self) -> None:
        """Take new connections and keep the open ones, and deliver nothing, until `pass_through`.

        What was sent meanwhile is delivered then, as TCP does. A client that has gone by then is missed only then.
        """
        self._weather.black_hole = True
        self._poke_all()

    def slow(self, delay: float = 0.0, bytes_per_second: float | None = None) -> None:
        """Deliver every segment so many seconds later, and no more than so many bytes a second on a connection."""
        self._weather.delay, self._weather.bytes_per_second = delay, bytes_per_second

    def on(
        self,
        pattern: bytes,
        action: Action,
        *,
        times: int | None = None,
        probability: float = 1.0,
        skip: int = 0,
    ) -> Rule:
        """Do something to requests that match: to `times` of them, after `skip`, each with a probability.

        `pattern` is searched for (`.` matches line ends) in HTTP's head and the start of its body, in the text of a
        statement, or in the words of a Redis command. It is seen when all of the request has arrived.
        """
        if isinstance(action, Corrupt | Garble | Truncate | Rewrite) and self._wire is not HttpWire:
            raise TypeError(f"{type(action).__name__} is for HTTP")
        rule = Rule(re.compile(pattern, re.DOTALL), action, times, probability, skip)
        self._rules.add(rule)
        return rule

    def clear_rules(self) -> None:
        """Forget all rules."""
        self._rules.clear()

    @property
    def connections(self) -> int:
        """How many are open."""
        with self._lock:
            return len(self._links)

    def _listen(self) -> None:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((_HOST, self.port))
        listener.listen(128)
        listener.setblocking(False)
        self.port = listener.getsockname()[1]
        with self._lock:
            self._listener = listener
        with suppress(OSError):
            self._waker.send(b".")

    def _poke_all(self) -> None:
        with self._lock:
            links = list(self._links)
        for link in links:
            link.poke()

    def _accept_all(self) -> None:
        while not self._ending:
            with self._lock:
                waiting = [self._wakened, *([self._listener] if self._listener else [])]
            try:
                ready, _, _ = select.select(waiting, [], [])
                if self._wakened in ready:
                    self._wakened.recv(4096)
                    continue
                client, _ = waiting[1].accept()
            except (OSError, ValueError):
                time.sleep(0.001)  # refused in the meantime
                continue
            self._begin(client)

    def _begin(self, client: socket.socket) -> None:
        client.setblocking(True)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link = Link(client, self._server, self._wire(), self._rules, self._weather)
        thread = threading.Thread(target=self._carry, args=[link], name="link", daemon=True)
        with self._lock:
            self._links.add(link)
            self._threads.add(thread)
            self.accepted += 1
        thread.start()

    def _carry(self, link: Link) -> None:
        try:
            link.run()
        finally:
            with self._lock:
                self._links.discard(link)
                self._threads.discard(threading.current_thread())
