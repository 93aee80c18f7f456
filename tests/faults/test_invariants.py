"""The checks see each thing that they are there to see."""

import base64
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest

from tests.conftest import Servers
from tests.faults import evidence, invariants, leftovers, outputs
from tests.faults.documents import Document, Undisturbed
from tests.faults.fleet import Fleet
from tests.faults.invariants import check
from tests.faults.processes import MARK

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture(scope="module")
def ended(servers: Servers, page: Document) -> Iterator[Fleet]:
    """A fleet in which two jobs have ended well; every test leaves it as it was."""
    with Fleet(servers) as fleet:
        fleet.start_worker()
        fleet.wait_all(fleet.submit(page, 2), 30)
        fleet.end_processes()
        yield fleet


@pytest.fixture
def jobs(ended: Fleet) -> list[UUID]:
    return [UUID(row["id"]) for row in evidence.rows(ended, "SELECT id FROM jobs ORDER BY created_at")]


@contextmanager
def changed(fleet: Fleet, *statements: str) -> Iterator[None]:
    """A database in which these were executed, until the block ends."""
    tables = ("jobs", "pages", "outputs", "outbox")
    with evidence.database(fleet) as connection, connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # no constraints between tables
        for table in tables:
            cursor.execute(f"CREATE TABLE kept_{table} AS TABLE {table}")
        for statement in statements:
            cursor.execute(statement)
        yield
        for table in tables:
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608  names of our own
            cursor.execute(f"INSERT INTO {table} TABLE kept_{table}")
            cursor.execute(f"DROP TABLE kept_{table}")


def test_all_is_well_when_nothing_was_done(ended: Fleet, jobs: list[UUID]) -> None:
    figures = check(ended, jobs, limit=1)

    assert (figures.jobs, figures.outputs) == (2, 4)
    assert figures.searched_bytes > 5_000


@pytest.mark.parametrize(
    ("statement", "seen"),
    [
        ("UPDATE jobs SET state = 'running', finished_at = NULL", "I1: .* is running"),
        ("UPDATE jobs SET state = 'cancelled'", "I1: .* is cancelled"),
        ("UPDATE jobs SET error_code = 'internal_error'", "I1: .* succeeded, internal_error"),
        ("ALTER TABLE jobs DROP CONSTRAINT ck_jobs_lease; UPDATE jobs SET lease_until = now()", "I1: .* lease"),
        ("UPDATE pages SET state = 'pending'", "I1: .*pending"),
        ("DELETE FROM pages", "I1: .* not all its pages"),
        ("DELETE FROM jobs", "I1: the jobs"),
        ("INSERT INTO outbox (job_id, stage) SELECT id, 'ocr' FROM jobs", "I1: messages in the outbox"),
        ("DELETE FROM outputs WHERE format = 'text'", "I2: .* has .*json.* and was asked for"),
        ("UPDATE outputs SET sha256 = 'a'", "I2: .* other bytes"),
        ("UPDATE outputs SET version_id = 'a'", "I2: .* has in S3"),
        ("UPDATE jobs SET attempts = 6", "I4: more than 5"),
        ("UPDATE jobs SET error_message = 'a {word}'", "I3: plaintext"),
    ],
)
def test_rows_that_are_wrong_are_seen(
    statement: str, seen: str, ended: Fleet, jobs: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invariants, "_OUTBOX_SECONDS", 0.3)
    word = next(iter(ended.documents)).canary[0]

    with changed(ended, statement.format(word=word)), pytest.raises(AssertionError, match=seen) as failure:
        check(ended, jobs, limit=5)

    assert "--- log of worker" in "".join(failure.value.__notes__)


def put(fleet: Fleet, key: str) -> str:
    with evidence.bucket(fleet) as s3:
        return s3.put_object(Bucket=fleet.servers.aws.bucket, Key=key, Body=b"x")["VersionId"]


def remove_version(fleet: Fleet, key: str, version_id: str) -> None:
    with evidence.bucket(fleet) as s3:
        s3.delete_object(Bucket=fleet.servers.aws.bucket, Key=key, VersionId=version_id)


@pytest.mark.parametrize("name", ["text.txt", "another.txt"])
def test_another_version_or_object_of_a_result_is_seen(name: str, ended: Fleet, jobs: list[UUID]) -> None:
    key = f"results/default/{jobs[0]}/{name}"
    version = put(ended, key)

    with pytest.raises(AssertionError, match=r"I2: .* has in S3"):
        check(ended, jobs, limit=5)
    remove_version(ended, key, version)


def test_a_delete_marker_over_a_result_is_seen(ended: Fleet, jobs: list[UUID]) -> None:
    key = f"results/default/{jobs[0]}/text.txt"
    with evidence.bucket(ended) as s3:
        marker = s3.delete_object(Bucket=ended.servers.aws.bucket, Key=key)["VersionId"]

    with pytest.raises(AssertionError, match=r"I2: .* has in S3"):
        check(ended, jobs, limit=5)
    remove_version(ended, key, marker)


def test_results_of_a_failed_job_are_seen(ended: Fleet, jobs: list[UUID]) -> None:
    with changed(ended, "DELETE FROM outputs"), pytest.raises(AssertionError, match=r"I2: .* has in S3"):
        outputs.check(ended, dict.fromkeys(jobs, "failed"), None)


def test_another_text_than_expected_is_seen(
    ended: Fleet, jobs: list[UUID], page: Document, undisturbed_of: Callable[[Document], Undisturbed]
) -> None:
    right = undisturbed_of(page)
    for wrong in (Undisturbed(right.text + "x", right.pages), Undisturbed(right.text, [])):
        with pytest.raises(AssertionError, match=r"I2: the (text|words) of"):
            check(ended, jobs, limit=5, expected={jobs[1]: wrong})


def test_what_is_staged_is_seen(ended: Fleet, jobs: list[UUID], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invariants, "STAGED_SECONDS", 0.3)
    bucket, key = ended.servers.aws.bucket, f"work/{jobs[0]}/a.json"
    version = put(ended, key)
    with evidence.bucket(ended) as s3:
        marker = s3.delete_object(Bucket=bucket, Key=key)["VersionId"]
        upload = s3.create_multipart_upload(Bucket=bucket, Key=f"work/{jobs[0]}/b.json")["UploadId"]
        for _ in range(3):
            with pytest.raises(AssertionError, match=r"I5: staged objects"):
                check(ended, jobs, limit=5)
            if version:
                remove_version(ended, key, version)
                version = ""
            elif marker:
                remove_version(ended, key, marker)
                marker = ""
        s3.abort_multipart_upload(Bucket=bucket, Key=f"work/{jobs[0]}/b.json", UploadId=upload)
    assert leftovers.staged(ended) == []


@pytest.mark.parametrize("where", ["mark", "scratch"])
def test_a_process_that_is_left_is_seen(where: str, ended: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "_END_SECONDS", 0.3)
    environment = {MARK: ended.name} if where == "mark" else {"TMPDIR": str(ended.scratch / "ocr-sandbox-x")}

    with subprocess.Popen(SLEEP, env=environment) as orphan:
        try:
            with pytest.raises(AssertionError, match=f"I5: processes are left: .*{orphan.pid}"):
                leftovers.check(ended)
        finally:
            orphan.kill()


def test_files_that_are_left_are_seen(ended: Fleet) -> None:
    for place in (ended.scratch / "ocr-sandbox-x", ended.ground.temp / "worker/tess_x.png"):
        place.write_bytes(b"")
        with pytest.raises(AssertionError, match=r"I5: files are left"):
            leftovers.check(ended)
        place.unlink()


@pytest.mark.parametrize("encode", [bytes, base64.b64encode, lambda text: text.decode().encode("utf-16"), bytes.upper])
def test_plaintext_is_seen_in_redis_and_in_files(encode: Callable[[bytes], bytes], ended: Fleet) -> None:
    (document,) = ended.documents
    content = encode(f"a word: {document.canary[0]}, and more".encode())
    with evidence.redis_admin(ended) as connection:
        connection.hset("unacked", "tag", content)
        with pytest.raises(AssertionError, match=r"I3: .*'Redis': .'"):
            leftovers.search(ended)
        connection.delete("unacked")
    planted = ended.ground.logs / "planted.log"
    planted.write_bytes(content)
    with pytest.raises(AssertionError, match=r"I3: .*'logs and other files': .'"):
        leftovers.search(ended)
    planted.unlink()
    assert leftovers.search(ended) > 0
