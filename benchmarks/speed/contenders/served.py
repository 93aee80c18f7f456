"""Measuring a worker that is up: its own tree, and apart from it what the servers do for it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmarks.servers import Servers, cpu_seconds
from benchmarks.speed.usage import Usage, measured
from ocr_platform.local.service import Service


@dataclass(slots=True)
class Figures:
    """Filled in when the measurement has ended; CPU seconds by server."""

    usages: list[Usage] = field(default_factory=list)
    servers_cpu: dict[str, float] = field(default_factory=dict)

    @property
    def usage(self) -> Usage:
        """The worker's own."""
        return self.usages[0]


@contextmanager
def measured_with_servers(service: Service, servers: Servers, names: Sequence[str]) -> Iterator[Figures]:
    """Measure what happens inside."""
    if service.process is None:
        raise TypeError("a service that runs")
    figures = Figures()
    before = {name: cpu_seconds(servers.services[name]) for name in names}
    with measured(service.process.pid, figures.usages):
        yield figures
    figures.servers_cpu |= {name: cpu_seconds(servers.services[name]) - before[name] for name in names}
