"""Faults of one document: what its job's row and the workers' logs say afterwards, by servers that really behave so.

All documents are at work at the same time, on SeaweedFS with ministack's keys (`strict.py`). What only the way can do
is done by the proxy before S3, or by the one between S3 and KMS. Undisturbed, a job has one attempt and four claims.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest

from ocr_platform.db import submission
from ocr_platform.db.engine import make_engine
from ocr_platform.errors import SourceNotEncrypted, SourceWrongKey
from ocr_platform.models import JobOptions, OutputFormat, SourceRef
from tests.faults import evidence, fault_table, requests
from tests.faults.answers import kms_error, s3_error
from tests.faults.documents import Document, Undisturbed
from tests.faults.installation import STAGES, WORK_SECONDS, Installation
from tests.faults.rules import Action, Answer, Corrupt, DropAnswer, Garble, Rewrite, Rule, Truncate
from tests.faults.strict import Strict

BUSY = Answer(s3_error("SlowDown"))
THROTTLED = Answer(kms_error("ThrottlingException"))
OTHER_CHECKSUM = Rewrite(rb"(?<=x-amz-checksum-sha256: )[^\r]+", b"A" * 43 + b"=")
OTHER_KEY = Rewrite(rb"(?<=key-id: arn:aws:kms:)[^\r]+", b"eu-central-1:000000000000:key/of-somebody-else")
WEED = "SeaweedFS"
WAY = "SeaweedFS, faulty way"
# SeaweedFS asks KMS twice, and the platform S3 three times: borne, and given up.
BORNE, GIVEN_UP = 2, 6
DONE = ("stage_done", {"stage": "persist"})


@dataclass(frozen=True)
class Scene:
    """An installation on strict servers, a document, and another one."""

    installation: Installation
    strict: Strict
    page: Document
    other: Document
    rules: list[Rule] = field(default_factory=list)

    def put(self, key: str, document: Document, **encryption: str) -> SourceRef:
        """Store a document as its owner does, without the platform's code."""
        fleet = self.installation.fleet
        fleet.documents.add(document)
        bucket = fleet.servers.aws.bucket
        answer = fleet.s3.put_object(Bucket=bucket, Key=key, Body=document.path.read_bytes(), **encryption)  # type: ignore[arg-type]
        return SourceRef(bucket, key, answer["VersionId"])

    def submit(self, source: SourceRef) -> UUID:
        """Submit as an application does that does not look: of an older version, or lied to."""
        fleet = self.installation.fleet
        options = JobOptions.of("eng", tuple(OutputFormat))
        new = submission.NewJob("default", source, 1, options, None)
        engine = make_engine(fleet.settings)
        submitted = submission.submit(engine, new)
        engine.dispose()
        fleet.client.dispatch(submitted)
        return submitted.job_id

    def disturbed_source(self, action: Action, times: int) -> UUID:
        """A job whose source is not brought as it is."""
        url = self.installation.uploaded(self.page)
        self.rules.append(self.installation.s3.on(requests.source("GET", url), action, times=times))
        return self.installation.fleet.client.submit(url)

    def disturbed(self, pattern: Callable[[UUID], bytes], action: Action, times: int) -> UUID:
        """A job of which these requests to S3 are disturbed."""
        (job,) = self.installation.fleet.submit(self.page)
        self.rules.append(self.installation.s3.on(pattern(job), action, times=times))
        return job

    def throttled(self, times: int) -> UUID:
        """A job for whose source KMS has no time. Without a bucket key the context that KMS gets names the object."""
        key = self.strict.servers.aws.kms_key_id
        source = self.put(f"uploads/{uuid4()}", self.page, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
        pattern = rf"TrentService.Decrypt.*{source.key}".encode()
        self.rules.append(self.strict.kms_way.on(pattern, THROTTLED, times=times))
        return self.submit(source)


def unencrypted(scene: Scene) -> UUID:
    source = scene.put(f"uploads/{uuid4()}", scene.page, ServerSideEncryption="AES256")
    with pytest.raises(SourceNotEncrypted):
        scene.installation.fleet.client.submit(f"s3://{source.bucket}/{source.key}")
    return scene.submit(source)


def foreign_key(scene: Scene) -> UUID:
    key = scene.strict.new_key()
    source = scene.put(f"uploads/{uuid4()}", scene.page, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    with pytest.raises(SourceWrongKey):
        scene.installation.fleet.client.submit(f"s3://{source.bucket}/{source.key}")
    return scene.submit(source)


def foreign_key_off(scene: Scene) -> UUID:
    key = scene.strict.new_key()
    source = scene.put(f"uploads/{uuid4()}", scene.page, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    scene.strict.kms.disable_key(KeyId=key)
    return scene.submit(source)


def replaced(scene: Scene) -> UUID:
    source = scene.put(f"uploads/{uuid4()}", scene.page)
    scene.put(source.key, scene.other)
    return scene.submit(source)


def removed(scene: Scene) -> UUID:
    source = scene.put(f"uploads/{uuid4()}", scene.page)
    scene.installation.fleet.s3.delete_object(Bucket=source.bucket, Key=source.key, VersionId=source.version_id)
    return scene.submit(source)


def staged(method: str) -> Callable[[UUID], bytes]:
    return lambda job: requests.staged(method, job)


@dataclass(frozen=True)
class Case:
    """A fault, how it is brought about, and what is to become of the job; `logged` is in a line of its."""

    name: str
    server: str
    begin: Callable[[Scene], UUID]
    event: str
    logged: Mapping[str, Any] = field(default_factory=dict)
    code: str | None = None
    claims: int = STAGES

    @property
    def state(self) -> str:
        return "failed" if self.code else "succeeded"


def fails(name: str, begin: Callable[[Scene], UUID], code: str, server: str = WEED) -> Case:
    """A case that ends its job in the first stage, by its only claim."""
    return Case(name, server, begin, "job_failed", {"code": code}, code, 1)


def again(name: str, begin: Callable[[Scene], UUID]) -> Case:
    """A case that costs the stage one attempt, and the job one claim more."""
    return Case(name, WAY, begin, "stage_retried", {"code": "storage_unavailable"}, claims=STAGES + 1)


def waits_once(name: str, begin: Callable[[Scene], UUID]) -> Case:
    """A case that holds the job for a moment, which costs nothing."""
    return Case(name, WAY, begin, "stage_held", {"code": "output_not_protected", "everybodys": False})


CASES = (
    fails("source not under KMS", unencrypted, "source_not_encrypted"),
    fails("source under a foreign key", foreign_key, "source_wrong_key"),
    fails("source under a foreign key that is disabled", foreign_key_off, "source_wrong_key"),
    Case("source replaced after submission", WEED, replaced, *DONE),
    fails("source's version removed after submission", removed, "source_missing"),
    again("body of a source cut short", lambda scene: scene.disturbed_source(Truncate(), 1)),
    again("body of a staged page cut short", lambda scene: scene.disturbed(staged("GET"), Truncate(), 1)),
    Case(
        "source garbled once, against its SHA-256",
        WAY,
        lambda scene: scene.disturbed_source(Corrupt(), 1),
        "source_fetched_again",
    ),
    fails("source garbled twice", lambda scene: scene.disturbed_source(Corrupt(), 2), "source_changed", WAY),
    again("staged page garbled on its way to S3", lambda scene: scene.disturbed(staged("PUT"), Garble(), 1)),
    waits_once("S3 tells another SHA-256", lambda scene: scene.disturbed(staged("PUT"), OTHER_CHECKSUM, 1)),
    waits_once("S3 tells another key", lambda scene: scene.disturbed(requests.output, OTHER_KEY, 1)),
    Case("KMS throttles S3, briefly", WAY, lambda scene: scene.throttled(BORNE), *DONE),
    again("KMS throttles S3, for longer", lambda scene: scene.throttled(GIVEN_UP)),
    Case("two 503", WAY, lambda scene: scene.disturbed(staged("PUT"), BUSY, 2), *DONE),
    again("three 503", lambda scene: scene.disturbed(staged("PUT"), BUSY, 3)),
    Case(
        "own 412: the first answer was lost",
        WAY,
        lambda scene: scene.disturbed(requests.output, DropAnswer(), 1),
        "own_write_found",
    ),
)


def test_each_fault_of_one_document_gives_what_the_table_says(
    strict_installation: Installation,
    strict: Strict,
    page: Document,
    long_document: Document,
    undisturbed_of: Callable[[Document], Undisturbed],
    record_fault: Callable[[fault_table.Row], None],
) -> None:
    installation, scene = strict_installation, Scene(strict_installation, strict, page, long_document)
    jobs = {case.begin(scene): case for case in CASES}

    installation.fleet.wait_all(list(jobs), 3 * WORK_SECONDS)

    found = {}
    for job, case in jobs.items():
        logged = installation.logged(case.event, job_id=str(job), **case.logged)
        assert logged, f"{case.name}: no line {case.event} with {case.logged}"
        (row,) = evidence.rows(
            installation.fleet, "SELECT state, error_code, attempts, claims FROM jobs WHERE id = %s", str(job)
        )
        found[case.name] = row["state"], row["error_code"], row["attempts"], row["claims"]
        code = row["error_code"] or "-"
        line = fault_table.described(logged[-1])
        record_fault(fault_table.Row(case.name, case.server, row["state"], code, row["attempts"], row["claims"], line))
    assert found == {case.name: (case.state, case.code, 1, case.claims) for case in CASES}
    assert all(rule.spent for rule in scene.rules), "each disturbance was met"
    assert not installation.logged("breaker_opened"), "none of this is everybody's"
    expected = {job: undisturbed_of(page) for job, case in jobs.items() if case.code is None}
    installation.settle(list(jobs), 0, expected=expected, expected_states=("succeeded", "failed"))
