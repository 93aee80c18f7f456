"""I3 and I5: what is left of documents, and of the processes that had them."""

import time
from collections.abc import Collection
from typing import TYPE_CHECKING
from uuid import UUID

from tests import canary
from tests.faults import evidence, processes
from tests.faults.fleet import Fleet
from tests.places import redis_keys, tables

if TYPE_CHECKING:
    import psutil

# What a killed worker's sandbox takes to notice, and to end its recogniser.
_END_SECONDS = 5.0


def staged(fleet: Fleet) -> list[str]:
    """Everything under work/: versions, delete markers, uploads in parts."""
    found = [f"{item['Key']} {item['VersionId']}" for item in evidence.versions(fleet, "work/")]
    return found + evidence.multipart_uploads(fleet, "work/")


def results(fleet: Fleet, job_ids: Collection[UUID]) -> list[str]:
    """Everything of these jobs under results/: versions and delete markers."""
    if not job_ids:
        return []
    owners = {str(job_id) for job_id in job_ids}
    return [
        f"{item['Key']} {item['VersionId']}"
        for item in evidence.versions(fleet, "results/")
        if item["Key"].split("/")[2] in owners
    ]


def check(fleet: Fleet) -> None:
    """I5: assert that no process and no file of the fleet is left. Its processes were told to end."""
    ends = time.monotonic() + _END_SECONDS
    left = running(fleet)
    while left and time.monotonic() < ends:
        time.sleep(0.1)
        left = running(fleet)
    assert not left, f"I5: processes are left: {[_described(process) for process in left]}"
    files = [str(path.relative_to(fleet.scratch)) for path in fleet.scratch.rglob("*")]
    # Killed workers leave an empty directory of multiprocessing's in their TMPDIR.
    files += [str(path) for path in fleet.ground.temp.rglob("*") if not path.is_dir()]
    assert not files, f"I5: files are left: {files}"


def running(fleet: Fleet) -> "list[psutil.Process]":
    """Processes of the platform, sandboxes too."""
    return processes.belonging(fleet.name, fleet.scratch)


def search(fleet: Fleet) -> int:
    """I3: assert that no word of a document is in Redis, Postgres, logs or any file; the bytes that were searched."""
    words = sorted({word for document in fleet.documents for word in document.canary})
    with evidence.redis_admin(fleet) as connection:
        in_redis = redis_keys(connection)
    with evidence.database(fleet) as connection:
        in_postgres = tables(connection)
    places = {
        "Redis": in_redis,
        "Postgres": in_postgres,
        "logs and other files": canary.files(fleet.ground.directory.path),
    }
    found = {place: canary.traces(content, words) for place, content in places.items()}
    assert not any(found.values()), f"I3: plaintext: {found}"
    return sum(map(len, places.values()))


def _described(process: "psutil.Process") -> str:
    try:
        return f"{process.pid} {process.status()} {' '.join(process.cmdline())[:200]}"
    except Exception as exc:  # noqa: BLE001  it ended while we looked
        return f"{process.pid} {type(exc).__name__}"
