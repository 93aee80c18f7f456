"""Part 2: what one document of one page costs in requests and bytes, by stage, counted on the wire."""

import io
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from benchmarks.overhead.counted_worker import BETWEEN
from benchmarks.overhead.proxy import CountingProxy, Labels, Tally, closing_all
from benchmarks.overhead.queue import Queues, held
from benchmarks.overhead.wire import HttpReader, PostgresReader, RedisReader, WireReader
from benchmarks.report import Table
from benchmarks.servers import Servers, wait_for_worker
from ocr_platform.broker import make_app
from ocr_platform.client import Client
from ocr_platform.workflow import CHAIN

_WARM_UP = 8
_IDLE_SECONDS = 5.0
_SUBMIT = "submission"
_STAGES = (_SUBMIT, *map(str, CHAIN), BETWEEN)
_KINDS: dict[str, Callable[[], WireReader]] = {"Postgres": PostgresReader, "Redis": RedisReader, "AWS": HttpReader}


@dataclass(frozen=True, slots=True)
class Counts:
    """Per document: requests by (kind, stage, name), bytes by (kind, stage, direction)."""

    requests: Mapping[tuple[str, str, str], float]
    traffic: Mapping[tuple[str, str, str], float]


def count_requests(servers: Servers, documents: int) -> Counts:
    """Submit while the worker is held, let it go, and subtract what an idle worker sends in the same time."""
    with _proxied(servers.with_database()) as (seen, proxies, labels):
        client, app = Client(seen.settings), make_app(seen.settings)
        watched = Queues.of(servers, app)
        with seen.program("benchmarks.overhead.counted_worker", "--concurrency=1") as service:
            wait_for_worker(service, app)
            for _ in range(_WARM_UP):
                client.submit(client.upload(io.BytesIO(b"%PDF-1.7 counted")))
            watched.wait_until_empty()
            _take(proxies)
            time.sleep(_IDLE_SECONDS)
            idle = _take(proxies)
            sys.stderr.write(f"counting {documents} documents\n")
            with held(service):
                sources = [client.upload(io.BytesIO(b"%PDF-1.7 counted")) for _ in range(documents)]
                _take(proxies)
                labels.now = _SUBMIT
                for source in sources:
                    client.submit(source)
                labels.now = BETWEEN
                started = time.monotonic()
            watched.wait_until_empty()
            seconds = time.monotonic() - started
            busy = _take(proxies)
        client.close()
        app.close()
    return _per_document(busy, idle, seconds / _IDLE_SECONDS, documents)


@contextmanager
def _proxied(servers: Servers) -> Iterator[tuple[Servers, dict[str, CountingProxy], Labels]]:
    """The servers behind counting proxies."""
    labels = Labels(BETWEEN)
    aws_port = urlsplit(servers.aws.endpoint_url).port or 80
    ports = {"Postgres": servers.database_port, "Redis": servers.redis_port, "AWS": aws_port}
    proxies = {kind: CountingProxy(port, _KINDS[kind], lambda: labels.now) for kind, port in ports.items()}
    with ExitStack() as stack:
        stack.enter_context(closing_all(labels, *proxies.values()))
        yield (
            servers.with_environment(
                DB_PORT=str(proxies["Postgres"].port),
                REDIS_PORT=str(proxies["Redis"].port),
                AWS_ENDPOINT_URL=f"http://127.0.0.1:{proxies['AWS'].port}",
                BENCH_LABEL_PORT=str(labels.port),
            ),
            proxies,
            labels,
        )


def _take(proxies: Mapping[str, CountingProxy]) -> dict[str, Tally]:
    return {kind: proxy.take() for kind, proxy in proxies.items()}


def _per_document(busy: dict[str, Tally], idle: dict[str, Tally], share: float, documents: int) -> Counts:
    """What is left of `busy` without what `idle` would have been in that time."""
    requests, traffic = {}, {}
    for kind, tally in busy.items():
        before = idle[kind]
        for (stage, name), count in tally.requests.items():
            requests[kind, stage, name] = max(0.0, count - share * before.requests[stage, name]) / documents
        for direction in ("sent", "received"):
            quiet = getattr(before, direction)
            for stage, count in getattr(tally, direction).items():
                traffic[kind, stage, direction] = max(0.0, count - share * quiet[stage]) / documents
    return Counts(requests, traffic)


def counts_tables(counts: Counts) -> list[Table]:
    """One table of sums by stage, one of names."""
    return [_sums(counts), _names(counts)]


def _sums(counts: Counts) -> Table:
    def requests(kind: str, stage: str, *, among: tuple[str, ...] = (), but: tuple[str, ...] = ()) -> float:
        return sum(
            count
            for (of, at, name), count in counts.requests.items()
            if of == kind and stage in (at, "") and (not among or name in among) and name not in but
        )

    def row(title: str, stage: str) -> list[str]:
        trips = requests("Postgres", stage)
        control = ("BEGIN", "COMMIT", "ROLLBACK")
        traffic = {
            direction: sum(
                size
                for (of, at, way), size in counts.traffic.items()
                if (of, way) == ("Redis", direction) and stage in (at, "")
            )
            for direction in ("sent", "received")
        }
        figures = [
            f"{trips:.1f}",
            f"{requests('Postgres', stage, but=(*control, 'ping', 'connect')):.1f}",
            f"{requests('Postgres', stage, among=control):.1f}",
            f"{requests('Postgres', stage, among=('ping',)):.1f}",
            f"{requests('Redis', stage):.1f}",
            f"{traffic['sent']:.0f}",
            f"{traffic['received']:.0f}",
            f"{requests('AWS', stage, but=_KMS):.1f}",
            f"{requests('AWS', stage, among=_KMS):.1f}",
        ]
        return [title, *figures]

    columns = ["", "SQL round trips", "statements", "BEGIN, COMMIT", "pings", "Redis commands", "bytes in", "bytes out"]
    note = (
        "Bytes as Redis sees them. An idle worker's own traffic in the same time is subtracted. "
        "With SSE-KMS S3 asks KMS itself, and the bucket key makes that one request in a while; these never pass here."
    )
    rows = [row(stage, stage) for stage in _STAGES] + [row("**together**", "")]
    return Table("Requests for one document of one page", [*columns, "S3 requests", "KMS requests"], rows, note)


_KMS = ("Encrypt", "Decrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "DescribeKey")


def _names(counts: Counts) -> Table:
    rows = []
    for stage in _STAGES:
        for kind in _KINDS:
            named = {name: count for (of, at, name), count in counts.requests.items() if (of, at) == (kind, stage)}
            listed = [f"{name} {count:.2f}" for name, count in sorted(named.items(), key=lambda item: -item[1])]
            shown = [text for text in listed if not text.endswith(" 0.00")]
            if shown:
                rows.append([stage, kind, ", ".join(shown)])
    return Table("The same by name", ["", "", "requests"], rows)
