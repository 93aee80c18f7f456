"""Part 1: documents a second through the platform with a null engine, against a bare Celery chain."""

import statistics
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.overhead.contenders import BareChain, Contender, Entry, Platform
from benchmarks.overhead.queue import Queues, held
from benchmarks.report import Table, spread
from benchmarks.servers import Servers, cpu_seconds, wait_for_worker

_WARM_UP_PER_CHILD = 25  # documents: imports, connections and caches, as many for one kind as for the other
PEER = BareChain("bare Celery chain", events=False)
EVENTS = BareChain("bare Celery chain, task events on", events=True)
NULL = Platform("ocr_platform, null engine and null store", "null")
EMULATOR = Platform("ocr_platform, null engine, S3 emulator", "null-reader", share=0.1)
ENTRIES: dict[str, Entry] = {"peer": PEER, "events": EVENTS, "null": NULL, "emulator": EMULATOR}
TARGET = 0.5


@dataclass(frozen=True, slots=True)
class Round:
    """One kind's figures of one round: documents, wall seconds, CPU seconds by process."""

    documents: int
    seconds: float
    cpu: dict[str, float]

    @property
    def rate(self) -> float:
        """Documents a second."""
        return self.documents / self.seconds

    def cpu_ms(self, process: str) -> float:
        """CPU milliseconds a document of one kind of process."""
        return 1000 * self.cpu[process] / self.documents


def measure_throughput(
    servers: Servers, documents: int, concurrency: int, rounds: int, entries: Iterable[Entry]
) -> dict[str, list[Round]]:
    """Let every entry have its turn, `rounds` times over: what slows the machine down meets all of them alike."""
    measured: dict[str, list[Round]] = {}
    entries = list(entries)
    for number in range(1, rounds + 1):
        for entry in entries:
            done = _round(servers, entry, max(1, round(documents * entry.share)), concurrency)
            measured.setdefault(entry.name, []).append(done)
            sys.stderr.write(f"round {number}: {entry.name}: {done.rate:.1f} documents/s\n")
    return measured


def _round(servers: Servers, entry: Entry, documents: int, concurrency: int) -> Round:
    with entry.started(servers, concurrency) as running:
        wait_for_worker(running.service, running.app)
        queues = Queues.of(servers, running.app)
        warm_up = min(documents, _WARM_UP_PER_CHILD * concurrency)
        _publish(running, warm_up)
        queues.wait_until_empty()
        with held(running.service):
            _publish(running, documents)
            before = _cpu(servers, running)
            started = time.monotonic()
        queues.wait_until_empty()
        seconds = time.monotonic() - started
        cpu = {name: used - before[name] for name, used in _cpu(servers, running).items()}
        running.verify(documents + warm_up)
    return Round(documents, seconds, cpu)


def _publish(running: Contender, documents: int) -> None:
    for _ in range(documents):
        running.submit()


def _cpu(servers: Servers, running: Contender) -> dict[str, float]:
    services = {"worker": running.service, **servers.services}
    return {name: cpu_seconds(service) for name, service in services.items()}


def throughput_table(measured: dict[str, list[Round]]) -> Table:
    """Medians and spread; CPU milliseconds a document by process. Ratios are those of a round's neighbours."""
    processes = ("worker", "redis", "postgres", "aws")
    rows = []
    for name, rounds in measured.items():
        pairs = zip(rounds, measured.get(PEER.name, ()), strict=False)
        ratios = [ours.rate / peers.rate for ours, peers in pairs]
        cpu = [f"{statistics.median(each.cpu_ms(process) for each in rounds):.2f}" for process in processes]
        rates = [each.rate for each in rounds]
        rows.append([name, spread(rates, 1), spread(ratios, 2) if ratios else "", *cpu])
    title = f"Throughput of one-page documents (target: null engine and null store >= {TARGET} of the bare chain)"
    columns = ["", "documents/s", "of the bare chain", *(f"{process} CPU ms" for process in processes)]
    return Table(title, columns, rows, "Median (least-greatest) of the rounds; CPU a document.")
