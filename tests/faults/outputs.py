"""I2: a job has one accepted set of outputs in the bucket, it is the one in the database, and it is right.

So is its sealed text.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tests.faults import evidence
from tests.faults.documents import Undisturbed
from tests.faults.fleet import Fleet


@dataclass(frozen=True)
class Delivered:
    """How many outputs there are, and their size in bytes."""

    count: int
    size: int


def check(
    fleet: Fleet, states: Mapping[UUID, str], expected: Mapping[UUID, Undisturbed] | Undisturbed | None
) -> Delivered:
    """Assert it of every job, of which `states` tells how it ended."""
    rows: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in evidence.rows(fleet, "SELECT * FROM outputs"):
        rows[UUID(row["job_id"])].append(row)
    stored: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for version in evidence.versions(fleet, "results/"):
        stored[UUID(version["Key"].split("/")[2])].append(version)
    assert set(stored) <= set(states), "I2: there are results of unknown jobs"
    parts = evidence.multipart_uploads(fleet, "results/")
    assert not parts, f"I2: uploads in parts were left: {parts}"
    asked = {UUID(row["id"]): row for row in evidence.rows(fleet, "SELECT id, tenant, options FROM jobs")}
    sealed = {UUID(row["job_id"]) for row in evidence.rows(fleet, "SELECT job_id FROM text_keys")}
    count = size = 0
    for job_id, state in states.items():
        formats = asked[job_id]["options"]["formats"] if state in ("succeeded", "partial") else []
        found = sorted(row["format"] for row in rows[job_id])
        assert found == sorted(formats), f"I2: {job_id} is {state}, has {found} and was asked for {formats}"
        contents = _contents(fleet, job_id, rows[job_id], stored[job_id])
        assert (job_id in sealed) == bool(formats), f"I2: {job_id} is {state}, its text sealed: {job_id in sealed}"
        wanted = expected.get(job_id) if isinstance(expected, Mapping) else expected
        if wanted is not None and formats:
            _compare(job_id, contents, wanted)
            text = fleet.client.result(job_id).text
            assert text == wanted.text, f"I2: the sealed text of {job_id} is not that of an undisturbed run"
        count += len(contents)
        size += sum(map(len, contents.values()))
    return Delivered(count, size)


def _contents(
    fleet: Fleet, job_id: UUID, rows: list[dict[str, Any]], versions: list[dict[str, Any]]
) -> dict[str, bytes]:
    """The bytes of each output, by format. What lies in the bucket is exactly what the rows say."""
    lies = sorted((item["Key"], item["VersionId"], item["IsDeleteMarker"]) for item in versions)
    assert lies == sorted((row["key"], row["version_id"], False) for row in rows), f"I2: {job_id} has in S3: {lies}"
    contents = {}
    with evidence.bucket(fleet) as s3:
        for row in rows:
            answer = s3.get_object(Bucket=row["bucket"], Key=row["key"], VersionId=row["version_id"])
            body = answer["Body"].read()
            assert hashlib.sha256(body).hexdigest() == row["sha256"], f"I2: {row['key']} has other bytes than its row"
            assert len(body) == row["size"], f"I2: {row['key']} has another size than its row"
            contents[row["format"]] = body
    return contents


def _compare(job_id: UUID, contents: dict[str, bytes], wanted: Undisturbed) -> None:
    if "text" in contents:
        text = contents["text"].decode()
        assert text == wanted.text, f"I2: the text of {job_id} is not that of an undisturbed run"
    if "json" in contents:
        pages = json.loads(contents["json"])["pages"]
        assert pages == wanted.pages, f"I2: the words of {job_id} are not those of an undisturbed run"
