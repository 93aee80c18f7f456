"""Peak memory of a worker child and of its sandbox, by how long the document is."""

import argparse
import io
import sys
from collections.abc import Mapping, Sequence

from benchmarks.documents import long_document
from benchmarks.report import Table, machine
from benchmarks.servers import Servers, started_servers, wait_for_worker
from benchmarks.speed.usage import Sampler, memory_bytes, process_tree, sandbox_hosts
from ocr_platform.broker import make_app
from ocr_platform.client import Client
from ocr_platform.models import JobState

_EVERY_SECONDS = 0.1  # speed is not measured here
_PATIENCE_SECONDS = 60.0  # for one page; it is there to end a run that hangs
_MIB = 1024 * 1024
_NOTE = """\
Peaks in MiB of what was seen ten times a second, each process with its share of what it shares (PSS). Sandbox: the
processes whose command line names it, and all that they start. One worker child; pages have 1000 x 360 pixels."""


def measure_memory(arguments: Sequence[str], parser: argparse.ArgumentParser) -> int:
    """Measure each length in turn and print a table; the exit code."""
    add = parser.add_argument
    add("--pages", type=int, nargs="+", default=[10, 100, 1000], metavar="N", help="lengths (default: 10 100 1000)")
    add("--format", choices=["TIFF", "PDF"], default="TIFF", help="of the document (default: %(default)s)")
    given = parser.parse_args(arguments)
    rows = []
    with started_servers() as servers:
        for pages in given.pages:
            document = long_document(pages, given.format)
            peaks = _peaks(servers.with_database(), document, pages)
            figures = [f"{peaks.get(name, 0) / _MIB:.0f}" for name in ("child", "sandbox", "all")]
            sys.stderr.write(f"{pages} pages: child, sandbox, all in MiB: {', '.join(figures)}\n")
            rows.append([f"{pages:,}", f"{len(document) / _MIB:.1f}", *figures])
    columns = ["pages", "document", "worker child", "its sandbox", "worker with all children"]
    table = Table(f"Memory by length of a {given.format}", columns, rows, _NOTE)
    sys.stdout.write(f"Measured on {machine()}.\n\n{table.markdown()}")
    return 0


def _peaks(servers: Servers, document: bytes, pages: int) -> Mapping[str, int]:
    """Peaks in bytes while one document is worked on, from a fresh worker on."""
    client, app = Client(servers.settings), make_app(servers.settings)
    try:
        with servers.program("ocr_platform", "worker", "--concurrency=1") as service:
            wait_for_worker(service, app)
            if service.process is None:
                raise TypeError("a service that runs")
            main = service.process.pid
            with Sampler(lambda: _by_kind(main), _EVERY_SECONDS) as sampler:
                status = client.wait(client.submit(client.upload(io.BytesIO(document))), _PATIENCE_SECONDS * pages)
    finally:
        app.close()
        client.close()
    if status.state is not JobState.SUCCEEDED or status.pages != pages:
        raise RuntimeError(f"the document did not end well: {status.state}, {status.pages} pages")
    return sampler.peaks


def _by_kind(main: int) -> dict[str, int]:
    """Bytes of a worker's processes at this moment."""
    sizes = {pid: memory_bytes(pid) for pid in process_tree(main)}
    sandbox = {pid for root in sandbox_hosts(list(sizes)) for pid in process_tree(root)}
    child = sum(size for pid, size in sizes.items() if pid != main and pid not in sandbox)
    return {
        "child": child,
        "sandbox": sum(size for pid, size in sizes.items() if pid in sandbox),
        "all": sum(sizes.values()),
    }
