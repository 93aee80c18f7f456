"""The platform as it is: its worker, Redis, Postgres, and S3 with KMS as an emulator."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from benchmarks.servers import Servers, wait_for_worker
from benchmarks.speed.contenders.base import JOBS, ContenderFailed, Ground, Turn, tail
from benchmarks.speed.contenders.served import measured_with_servers
from ocr_platform.broker import make_app
from ocr_platform.client import Client
from ocr_platform.errors import StackFailed
from ocr_platform.local.service import Service
from ocr_platform.models import JobState, JobStatus

_PROGRAM = "ocr_platform"
_SERVERS = ("redis", "postgres", "aws")
_POLL_SECONDS = 0.05
_PATIENCE_SECONDS = 300.0  # for one page; it is there to end a run that hangs


@dataclass(frozen=True, slots=True)
class PlatformWorker:
    """A document a page, every output that there is; the worker has done one document before."""

    name: str = "platform"
    title: str = "**ocr_platform**, whole pipeline"

    def turn(self, ground: Ground) -> Turn:
        """Recognise all pages once, from the first submission to the last terminal state."""
        servers = ground.servers.with_database()
        client, app = Client(servers.settings), make_app(servers.settings)
        try:
            with servers.program(_PROGRAM, "worker", f"--concurrency={JOBS}") as service:
                wait_for_worker(service, app)
                return _turn(ground, servers, client, service)
        except (StackFailed, TimeoutError) as exc:
            raise ContenderFailed(f"{exc}{tail(servers.log_of(_PROGRAM))}") from exc
        finally:
            app.close()
            client.close()


def _turn(ground: Ground, servers: Servers, client: Client, service: Service) -> Turn:
    sources = []
    for path in ground.files:
        with path.open("rb") as document:
            sources.append(client.upload(document))
    languages = [page.languages for page in ground.pages]
    _all_done(client, service, [client.submit(sources[0], languages=languages[0])])
    with measured_with_servers(service, servers, _SERVERS) as figures:
        jobs = [client.submit(source, languages=each) for source, each in zip(sources, languages, strict=True)]
        _all_done(client, service, jobs)
    return Turn(figures.usage, [client.result(job).text for job in jobs], figures.servers_cpu)


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
