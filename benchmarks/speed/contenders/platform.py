"""The platform as it is: its worker, Redis, Postgres, and S3 with KMS as an emulator."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from uuid import UUID

from PIL import Image

from benchmarks.servers import Servers, wait_for_worker
from benchmarks.speed.contenders.base import JOBS, ContenderFailed, Ground, Turn, tail
from benchmarks.speed.contenders.served import measured_with_servers
from ocr_platform.broker import make_app
from ocr_platform.client import Client
from ocr_platform.errors import StackFailed
from ocr_platform.local.service import Service
from ocr_platform.models import JobState, JobStatus

_SERVERS = ("redis", "postgres", "aws")
_POLL_SECONDS = 0.05
_PATIENCE_SECONDS = 300.0  # for one page; it is there to end a run that hangs


@dataclass(frozen=True, slots=True)
class PlatformWorker:
    """Every output that there is; the worker has done one document before.

    With `one_page_each` every page is a document of its own; otherwise they come as scanners deliver them, in as many
    TIFFs of many pages as there are worker children, for each language. `program` is the module of its command.
    """

    name: str
    title: str
    one_page_each: bool
    jobs: int = JOBS
    program: str = "ocr_platform"

    def turn(self, ground: Ground) -> Turn:
        """Recognise all pages once, from the first submission to the last terminal state."""
        servers = ground.servers.with_database()
        client, app = Client(servers.settings), make_app(servers.settings)
        try:
            with servers.program(self.program, "worker", f"--concurrency={self.jobs}") as service:
                wait_for_worker(service, app)
                return self._turn(ground, servers, client, service)
        except (StackFailed, TimeoutError) as exc:
            raise ContenderFailed(f"{exc}{tail(servers.log_of(self.program))}") from exc
        finally:
            app.close()
            client.close()

    def _turn(self, ground: Ground, servers: Servers, client: Client, service: Service) -> Turn:
        every = range(len(ground.pages))
        numbers = [[number] for number in every] if self.one_page_each else documents_of(ground, self.jobs)
        languages = [ground.pages[each[0]].languages for each in numbers]
        sources = [client.upload(document_of([ground.files[number] for number in each])) for each in numbers]
        first = client.upload(document_of(ground.files[:1]))
        _all_done(client, service, [client.submit(first, languages=languages[0])])
        with measured_with_servers(service, servers, _SERVERS) as figures:
            jobs = [client.submit(source, languages=each) for source, each in zip(sources, languages, strict=True)]
            _all_done(client, service, jobs)
        texts = dict[int, str]()
        for job, each in zip(jobs, numbers, strict=True):
            texts |= zip(each, client.result(job).text.split("\f"), strict=False)
        return Turn(figures.usage, [texts[number] for number in every], figures.servers_cpu)


def documents_of(ground: Ground, count: int) -> list[list[int]]:
    """Numbers of the pages of each document, so many documents for each language."""
    by_languages: dict[str, list[int]] = {}
    for number, page in enumerate(ground.pages):
        by_languages.setdefault(page.languages, []).append(number)
    dealt = [numbers[start::count] for numbers in by_languages.values() for start in range(count)]
    return [numbers for numbers in dealt if numbers]


def document_of(files: Sequence[Path]) -> BytesIO:
    """The file as it is, or a TIFF of many pages without loss."""
    if len(files) == 1:
        return BytesIO(files[0].read_bytes())
    out = BytesIO()
    pages = [_page(path) for path in files]
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:])
    out.seek(0)
    return out


def _page(path: Path) -> Image.Image:
    """A page that keeps its resolution, compressed as scanners do."""
    page = Image.open(path)
    page.load()
    page.encoderinfo = {
        "compression": "group4" if page.mode == "1" else "tiff_adobe_deflate",
        "dpi": page.info.get("dpi", (1, 1)),
    }
    return page


def _all_done(client: Client, service: Service, jobs: Sequence[UUID]) -> None:
    """Wait until every job has ended. Raises ContenderFailed unless all succeeded."""
    ends = time.monotonic() + _PATIENCE_SECONDS * len(jobs)
    ended: dict[UUID, JobStatus] = {}
    while len(ended) < len(jobs):
        # One job is asked about and not all: the answer is the same in the end, and Postgres has less to do.
        first = next(job for job in jobs if job not in ended)
        status = client.status(first)
        if status.state.terminal:
            ended[first] = status
            continue
        service.check()
        if time.monotonic() > ends:
            raise TimeoutError(f"{len(ended)} of {len(jobs)} documents have ended")
        time.sleep(_POLL_SECONDS)
    failed = [status for status in ended.values() if status.state is not JobState.SUCCEEDED]
    if failed:
        codes = {status.error.code if status.error else str(status.state) for status in failed}
        raise ContenderFailed(f"{len(failed)} of {len(jobs)} documents did not succeed: {', '.join(sorted(codes))}")
