"""What somebody writes who needs OCR in the background soon: pytesseract in a Celery task."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from celery import Celery
from celery.result import AsyncResult

from benchmarks.servers import wait_for_worker
from benchmarks.speed.contenders.base import JOBS, ContenderFailed, Ground, Turn, required, tail
from benchmarks.speed.contenders.served import measured_with_servers
from ocr_platform.broker import broker_url, fixed_login
from ocr_platform.errors import StackFailed

_PATIENCE_SECONDS = 300.0  # for one page; it is there to end a run that hangs
_WORKER = ("-A", "benchmarks.speed.peers.celery_app", "worker", f"--concurrency={JOBS}", "--loglevel=WARNING")


@dataclass(frozen=True, slots=True)
class CeleryPytesseract:
    """Two recognitions a page, for the text and for the words; the worker is up, and warm, as the platform's is."""

    name: str = "pytesseract"
    title: str = "pytesseract in a Celery task"

    def turn(self, ground: Ground) -> Turn:
        """Recognise all pages once, from the first message to the last result."""
        python = required("python")
        required("pytesseract")
        url = broker_url(ground.servers.settings, fixed_login(ground.servers.settings))
        log = ground.servers.log_of("celery")
        app = Celery("peer", broker=url, backend=url, set_as_current=False)
        with ground.folder() as folder:
            own = ground.environment(folder) | {"OMP_THREAD_LIMIT": "1", "BENCH_REDIS_URL": url}
            servers = ground.servers.with_environment(**own)
            try:
                with servers.program("celery", *_WORKER, python=python) as service:
                    wait_for_worker(service, app)
                    _recognised(app, ground, 1)
                    with measured_with_servers(service, servers, ("redis",)) as figures:
                        texts = _recognised(app, ground, len(ground.pages))
            except (StackFailed, TimeoutError, OSError, RuntimeError) as exc:
                raise ContenderFailed(f"{exc}{tail(log)}") from exc
            finally:
                app.close()
        return Turn(figures.usage, texts, figures.servers_cpu)


def _recognised(app: Celery, ground: Ground, count: int) -> Sequence[str]:
    pairs = list(zip(ground.files, ground.pages, strict=True))[:count]
    sent: list[AsyncResult[Any]] = [
        app.send_task("peer.recognise", [str(path), page.languages]) for path, page in pairs
    ]
    return [each.get(timeout=_PATIENCE_SECONDS * (place + 1))["text"] for place, each in enumerate(sent)]
