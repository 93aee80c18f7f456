"""One installation that lives through one fault after another: two workers and a beat, each behind proxies.

Starting and ending processes takes longer than a fault: tests that come one after the other share them, and each looks
at the invariants of its own jobs. That no process and no file is left is looked at after the last of them.
"""

import random
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from typing import Any
from uuid import UUID, uuid4

import pytest

from ocr_platform import Client
from tests.conftest import Servers
from tests.faults import evidence, leftovers, logs
from tests.faults.documents import Document, Undisturbed
from tests.faults.fleet import SHORT, Fleet
from tests.faults.forgetting import forget
from tests.faults.invariants import Figures, check
from tests.faults.rules import Delay

LIMIT = int(SHORT["OCR_MAX_ATTEMPTS"])
LEASE_SECONDS = float(SHORT["OCR_LEASE_SECONDS"])
# What ten pages may take when nothing is wrong, on a machine that others use too.
WORK_SECONDS = 30.0
STAGES = 4
_WORKERS = ("one", "two")
_PROCESSES = 4
# Long documents are given back and taken up again here too.
_ENVIRONMENT = {"OCR_TIME_SLICE_SECONDS": "0.5"}
_POLL_SECONDS = 0.02


class Installation:
    """Two workers of two processes each, and a beat, on a fleet; `start` makes them ready."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.s3, self.redis, self.postgres = (fleet.proxy(kind) for kind in ("s3", "redis", "postgres"))
        self.in_order = False
        self._earlier: dict[str, int] = {}

    def start(self) -> None:
        """Start all processes, and wait until each is ready."""
        for name in _WORKERS:
            self.fleet.start_worker(name, wait=False)
        self.fleet.start_beat()
        self.until(lambda: all(" ready." in self.fleet.log(name) for name in _WORKERS), WORK_SECONDS)

    def begin(self) -> None:
        """A test begins, and with it its log; the installation is in order again when its jobs have ended well."""
        self.in_order = False
        self._earlier = {name: len(logs.events(self.fleet, name)) for name in self.fleet.services}

    def logged(self, event: str, *names: str, **fields: Any) -> list[dict[str, Any]]:
        """What processes have logged in this test: those of these names, or all."""
        wanted = fields | {"event": event}
        of_each = [logs.events(self.fleet, name)[self._earlier[name] :] for name in names or self._earlier]
        return [line for lines in of_each for line in lines if wanted.items() <= line.items()]

    def client(self) -> Client:
        """An application whose ways lead through the proxies too; close it."""
        ways = {"REDIS_PORT": str(self.redis.port), "DB_PORT": str(self.postgres.port)}
        ways["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{self.s3.port}"
        return Client(self.fleet.servers.settings(**self.fleet.environment | ways))

    def uploaded(self, document: Document) -> str:
        """The URL of a document that was uploaded past the proxies, as applications do; no job is submitted."""
        self.fleet.documents.add(document)
        with document.path.open("rb") as file:
            return self.fleet.client.upload(file)

    def stored(self, document: Document) -> str:
        """The URL of a document that somebody stored by boto3, without the platform's code."""
        self.fleet.documents.add(document)
        bucket, key = self.fleet.servers.aws.bucket, f"uploads/{uuid4()}"
        self.fleet.s3.put_object(Bucket=bucket, Key=key, Body=document.path.read_bytes())
        return f"s3://{bucket}/{key}"

    def claims(self) -> dict[UUID, int]:
        """How often each job was claimed."""
        return {UUID(row["id"]): row["claims"] for row in evidence.rows(self.fleet, "SELECT id, claims FROM jobs")}

    def until(self, condition: Callable[[], object], seconds: float = WORK_SECONDS) -> None:
        """Wait until something is so. Fails the test with a report when it takes longer."""
        ends = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > ends:
                pytest.fail(f"waited {seconds} s in vain\n{evidence.report(self.fleet)}", pytrace=False)
            time.sleep(_POLL_SECONDS)

    def until_ended(self, count: int) -> None:
        """Wait until so many jobs have ended: the others are in any stage by then."""
        ended = "SELECT count(*) FROM jobs WHERE finished_at IS NOT NULL"
        self.until(lambda: evidence.rows(self.fleet, ended)[0]["count"] >= count)

    def settle(
        self,
        jobs: Sequence[UUID],
        within: float,
        *,
        expected: Mapping[UUID, Undisturbed] | Undisturbed | None,
        expected_states: Collection[str] = ("succeeded",),
    ) -> Figures:
        """Assert the invariants of this test's jobs, which must all end in that time; then forget them."""
        self.fleet.wait_all(jobs, within)
        ended = [name for name, service in self.fleet.services.items() if not service.running()]
        assert not ended, f"processes have ended: {ended}\n{evidence.report(self.fleet)}"
        figures = check(
            self.fleet, jobs, limit=LIMIT, expected=expected, expected_states=expected_states, processes_end=False
        )
        print(figures)
        for proxy in (self.s3, self.redis, self.postgres):
            proxy.clear_rules()
        forget(self.fleet, "results/")
        self.in_order = True
        return figures

    def assert_fit(self, document: Document, undisturbed: Undisturbed) -> None:
        """Assert that every process of every worker still takes messages: all are at work in the same moment."""
        self.begin()
        held = self.s3.on(rb"GET /\S+/uploads/", Delay(1.0), times=_PROCESSES)
        jobs = self.fleet.submit(document, _PROCESSES)
        busy = "SELECT count(*) FROM jobs WHERE lease_until > now() AND stage = 'fetch_decrypt'"
        self.until(lambda: evidence.rows(self.fleet, busy)[0]["count"] == _PROCESSES)
        figures = self.settle(jobs, WORK_SECONDS, expected=undisturbed)
        assert held.hits == _PROCESSES
        assert figures.max_claims == STAGES


class Shared:
    """Keeps one installation for several tests."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self._rng = random.Random(0)
        self._opened = ExitStack()
        self._kept: Installation | None = None

    def installation(self, rng: random.Random) -> Installation:
        """The one that there is if the test before left it in order; `rng` decides what its proxies leave to chance."""
        if self._kept is None or not self._kept.in_order:
            self.close()
            fleet = self._opened.enter_context(Fleet(self._servers, env=_ENVIRONMENT, rng=self._rng))
            self._kept = Installation(fleet)
            self._kept.start()
        self._rng.seed(rng.random())
        self._kept.begin()
        return self._kept

    def end(self) -> None:
        """End it, and assert that no process and no file is left."""
        try:
            if self._kept is not None and self._kept.in_order:
                self._kept.fleet.end_processes()
                leftovers.check(self._kept.fleet)
        finally:
            self.close()

    def close(self) -> None:
        """End it, whatever is left."""
        self._kept = None
        self._opened.close()
