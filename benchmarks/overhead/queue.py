"""What both kinds of worker have in common: they are held, fed and let go, and the queues say when all is done."""

import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from os import kill

import redis
from celery import Celery

from benchmarks.servers import Servers
from ocr_platform.local.servers import HOST
from ocr_platform.local.service import Service

_UNACKED = "unacked"  # where kombu keeps what was taken and not acknowledged
_POLL_SECONDS = 0.01
_STALL_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Queues:
    """The queues of one kind of worker, looked at from outside: watching costs the workers nothing."""

    connection: "redis.Redis"
    names: Sequence[str]

    @classmethod
    def of(cls, servers: Servers, app: Celery) -> "Queues":
        """The queues that an application knows."""
        login = servers.redis_login
        connection = redis.Redis(HOST, servers.redis_port, username=login.user, password=login.password)
        return cls(connection, [queue.name for queue in app.conf.task_queues])

    def left(self) -> int:
        """Messages that wait or are being worked on."""
        with self.connection.pipeline(transaction=True) as pipeline:
            for name in self.names:
                pipeline.llen(name)
            pipeline.hlen(_UNACKED)
            return sum(map(int, pipeline.execute()))

    def wait_until_empty(self) -> None:
        """Wait until nothing is left. Raises TimeoutError when nothing happens for a minute."""
        fewest, since = self.left(), time.monotonic()
        while fewest:
            time.sleep(_POLL_SECONDS)
            left = self.left()
            if left != fewest:
                fewest, since = left, time.monotonic()
            elif time.monotonic() - since > _STALL_SECONDS:
                raise TimeoutError(f"{left} messages are left and nobody takes them")


@contextmanager
def held(service: Service) -> Iterator[None]:
    """Stop a worker's main process, which hands the tasks out, while messages are published."""
    if service.process is None:
        raise TypeError("a service that runs")
    kill(service.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        kill(service.process.pid, signal.SIGCONT)
