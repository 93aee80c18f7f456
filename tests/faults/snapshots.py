"""All that is known of jobs at one moment, to be compared with what is known later."""

from collections.abc import Collection
from typing import Any

from tests.faults import evidence
from tests.faults.fleet import Fleet

# A thread renews these while a claim holds, whatever else happens.
RENEWED = frozenset({"lease_until", "updated_at"})


def snapshot(fleet: Fleet, *, without: Collection[str] = ()) -> dict[str, list[dict[str, Any]]]:
    """Rows of jobs, pages and outputs, without these columns, and the versions of all results."""
    tables = {"jobs": "id", "pages": "job_id, number", "outputs": "job_id, format"}
    found = {
        table: [
            {name: value for name, value in row.items() if name not in without}
            for row in evidence.rows(fleet, f"SELECT * FROM {table} ORDER BY {order}")  # noqa: S608  names of our own
        ]
        for table, order in tables.items()
    }
    results = evidence.versions(fleet, "results/")
    return {**found, "results": [{name: item[name] for name in ("Key", "VersionId", "ETag")} for item in results]}
