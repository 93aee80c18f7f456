"""Documents that nobody vouches for, sent through a whole fleet: what went in, what it took, how it ended."""

import io
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

from ocr_platform.errors import DocumentError
from ocr_platform.local.service import Service
from tests.faults import evidence, processes
from tests.faults.fleet import Fleet
from tests.faults.logs import events
from tests.processes import high_water, repeatedly


@dataclass
class Batch:
    """Jobs with the names of their documents, letters among them, and the codes of what was refused at once."""

    names: dict[UUID, str] = field(default_factory=dict)
    letters: list[UUID] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def jobs(self) -> list[UUID]:
        """All of them."""
        return [*self.names, *self.letters]

    def name(self, job: UUID | None) -> str:
        """Of what is not known it was a letter."""
        return self.names.get(job, "letter") if job else "none"

    def submit(self, fleet: Fleet, name: str, body: bytes) -> None:
        """Upload and submit a document, with its name as token so that every report has it; it may be refused."""
        source = fleet.client.upload(io.BytesIO(body))
        try:
            self.names[fleet.client.submit(source, client_token=name)] = name
        except DocumentError as exc:
            self.refused[exc.code] += 1


class Crew:
    """The processes of a worker that have to live through all of it: itself, its children, their sandboxes' hosts."""

    def __init__(self, worker: Service) -> None:
        self._worker = worker
        self.main = processes.main_process(worker)
        self.children = processes.children(worker)
        self.hosts = processes.sandboxes(worker)
        self.open_at_first = self.open_files()
        self.peak = 0

    def open_files(self) -> dict[int, int]:
        """How many descriptors each process has open: a document's memory is one, and would be kept by it."""
        return {each.pid: each.num_fds() for each in (*self.children, *self.hosts)}

    def changes(self) -> list[str]:
        """What died, was started anew or is still busy."""
        there = {
            "worker": ([processes.main_process(self._worker)], [self.main]),
            "children": (processes.children(self._worker), self.children),
            "sandboxes": (processes.sandboxes(self._worker), self.hosts),
        }
        return [f"{kind}: {now}, were {then}" for kind, (now, then) in there.items() if set(now) != set(then)]

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Note the most memory that any sandbox has resident, by the kernel's own account."""

        def look() -> None:
            for host in self.hosts:
                self.peak = max([self.peak, *map(high_water, _started_by(host.pid))])

        with repeatedly(look):
            yield


def _started_by(pid: int) -> list[int]:
    """Processes that a process of one thread has started (proc(5)): psutil would look at all of the machine's."""
    with suppress(OSError):
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


class Ends:
    """How the jobs of a fleet ended, and how long each request to a sandbox took, in seconds."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self.jobs: dict[UUID, dict[str, Any]] = {
            UUID(row["id"]): row for row in evidence.rows(fleet, "SELECT * FROM jobs")
        }
        self.pages = evidence.rows(fleet, "SELECT job_id, state, error_code, seconds FROM pages")

    @property
    def codes(self) -> Counter[str]:
        """Jobs by state, and those that failed by their code."""
        return Counter(row["error_code"] or row["state"] for row in self.jobs.values())

    @property
    def page_codes(self) -> Counter[str]:
        """Pages that failed, by their code."""
        return Counter(row["error_code"] for row in self.pages if row["state"] == "failed")

    @cached_property
    def times_ended(self) -> Counter[UUID]:
        """How often the worker says that it ended each job."""
        ended = events(self._fleet, "worker", "job_failed")
        ended += events(self._fleet, "worker", "stage_done", stage="persist", next=None)
        return Counter(UUID(each["job_id"]) for each in ended)

    @cached_property
    def slowest_page(self) -> tuple[float, UUID | None]:
        """The page that took longest, whether it could be read or not."""
        taken = [(row["seconds"], UUID(row["job_id"])) for row in self.pages if row["seconds"] is not None]
        return max(taken, default=(0.0, None))

    @cached_property
    def slowest_opening(self) -> tuple[float, UUID | None]:
        """The document that took longest to be fetched, opened and counted, or refused; no queue lies in between."""
        ends = {job: row["finished_at"] for job, row in self.jobs.items() if row["page_count"] is None}
        for each in events(self._fleet, "worker", "stage_done", stage="fetch_decrypt"):
            if (job := UUID(each["job_id"])) in self.jobs:
                ends[job] = datetime.fromisoformat(each["time"])
        taken = [((at - self.jobs[job]["started_at"]).total_seconds(), job) for job, at in ends.items()]
        return max(taken, default=(0.0, None))


@dataclass
class Tally:
    """What came of all batches."""

    jobs: int = 0
    letters: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    page_codes: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    slowest_page: tuple[float, str] = (0.0, "")
    slowest_opening: tuple[float, str] = (0.0, "")

    def add(self, batch: Batch, ends: Ends) -> None:
        """Count a batch that has ended."""
        self.jobs += len(batch.jobs)
        self.letters += len(batch.letters)
        self.codes += ends.codes
        self.page_codes += ends.page_codes
        self.refused += batch.refused
        for kind in ("slowest_page", "slowest_opening"):
            seconds, job = getattr(ends, kind)
            setattr(self, kind, max(getattr(self, kind), (seconds, batch.name(job))))

    def __str__(self) -> str:
        return (
            f"{self.jobs} jobs, {self.letters} of them letters: {_listed(self.codes)}\n"
            f"refused at once: {_listed(self.refused)}; pages that failed: {_listed(self.page_codes)}\n"
            f"slowest page {self.slowest_page[0]:.2f} s ({self.slowest_page[1]}), "
            f"slowest opening {self.slowest_opening[0]:.2f} s ({self.slowest_opening[1]})"
        )


def _listed(counted: Counter[str]) -> str:
    return ", ".join(f"{count} {what}" for what, count in counted.most_common()) or "none"
