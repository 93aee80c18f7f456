"""No process of a worker has a connection that another one has."""

from pathlib import Path

import psutil

from tests.faults.documents import Document
from tests.faults.fleet import Fleet
from tests.faults.installation import WORK_SECONDS
from tests.processes import alive, kind_of


def test_no_connection_is_carried_over_a_fork(fleet: Fleet, page: Document) -> None:
    # Given a worker that has checked everything, and connected to everything
    worker = fleet.start_worker()
    fleet.start_beat()
    fleet.wait_all(fleet.submit(page, 6), WORK_SECONDS)
    assert worker.process is not None
    main = psutil.Process(worker.process.pid)
    assert _connections(main)
    first = _pool(main)

    # When a process is replaced while they are open
    first[0].kill()
    fleet.wait_all(fleet.submit(page, 6), 2 * WORK_SECONDS)
    processes = [main, *_pool(main)]

    # Then all have some, and no two the same
    assert first[0] not in processes
    found = [_connections(process) for process in processes]
    assert sum(map(len, found)) == len(set().union(*found))
    assert len(set().union(*found)) >= 3


def _pool(main: psutil.Process) -> list[psutil.Process]:
    return [child for child in alive(*main.children()) if kind_of(child) not in ("host", "sandbox")]


def _connections(process: psutil.Process) -> set[str]:
    """The kernel's numbers of the Internet sockets that a process has."""
    of_machine = {
        line.split()[9] for kind in ("tcp", "tcp6") for line in _lines(Path(f"/proc/{process.pid}/net/{kind}"))
    }
    links = [link.readlink().name for link in Path(f"/proc/{process.pid}/fd").iterdir() if link.is_symlink()]
    held = {link.removeprefix("socket:[").removesuffix("]") for link in links if link.startswith("socket:")}
    return held & of_machine


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines()[1:] if path.exists() else []
