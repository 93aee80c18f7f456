"""Part 4: one long document, by one worker child and by two, with real recognition."""

import io
import sys

from benchmarks.documents import long_document
from benchmarks.report import Table
from benchmarks.servers import Servers, wait_for_worker
from ocr_platform.broker import make_app
from ocr_platform.client import Client

TARGET = 1.8
_PATIENCE_SECONDS = 3600.0


def measure_pages(servers: Servers, pages: int) -> dict[int, float]:
    """Wall seconds from the first claim to the terminal state, by number of children."""
    document = long_document(pages)
    measured = {}
    for children in (1, 2):
        measured[children] = _seconds(servers, document, children, pages)
        sys.stderr.write(f"{pages} pages on {children}: {measured[children]:.1f} s\n")
    return measured


def _seconds(servers: Servers, document: bytes, children: int, pages: int) -> float:
    made = servers.with_database()
    with made.program("benchmarks.overhead.worker", "real", f"--concurrency={children}") as service:
        client, app = Client(made.settings), make_app(made.settings)
        wait_for_worker(service, app)
        status = client.wait(client.submit(client.upload(io.BytesIO(document))), _PATIENCE_SECONDS)
        app.close()
        client.close()
    if status.state != "succeeded" or status.pages != pages or not status.started_at or not status.finished_at:
        raise RuntimeError(f"the document did not end well: {status.state}, {status.pages} pages")
    return (status.finished_at - status.started_at).total_seconds()


def pages_table(measured: dict[int, float], pages: int) -> Table:
    """Seconds and the ratio."""
    rows = [
        [str(children), f"{seconds:.1f}", f"{pages / seconds:.2f}", f"{measured[1] / seconds:.2f}"]
        for children, seconds in measured.items()
    ]
    title = f"One document of {pages} pages (target: twice the children, >= {TARGET} times as fast)"
    return Table(title, ["worker children", "seconds", "pages/s", "ratio"], rows)
