"""Faults that every document meets: the breaker opens, jobs wait without losing anything, and go on by themselves.

On SeaweedFS with ministack's keys, and on ministack alone as a bucket that has no bucket key to tell of (`strict.py`).
"""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from ocr_platform.errors import OutputNotProtected
from tests.faults import evidence, fault_table, logs
from tests.faults.documents import Document, Undisturbed
from tests.faults.fleet import Fleet
from tests.faults.installation import STAGES, WORK_SECONDS, Installation
from tests.faults.strict import Strict

WEED = "SeaweedFS"
_HELD = "SELECT id, state, held_code, attempts, claims FROM jobs WHERE held_code IS NOT NULL"
TurnOff = Callable[[Strict, Fleet], None]


def disable(strict: Strict, _fleet: Fleet) -> None:
    strict.kms.disable_key(KeyId=strict.servers.aws.kms_key_id)


def delete(strict: Strict, _fleet: Fleet) -> None:
    strict.kms.schedule_key_deletion(KeyId=strict.servers.aws.kms_key_id, PendingWindowInDays=7)


def deny_all(strict: Strict, _fleet: Fleet) -> None:
    strict.deny(strict.servers.aws.kms_key_id, "kms:GenerateDataKey", "kms:Decrypt")


def deny_reading(strict: Strict, _fleet: Fleet) -> None:
    strict.deny(strict.servers.aws.kms_key_id, "kms:Decrypt")


def deny_writing(strict: Strict, fleet: Fleet) -> None:
    bucket = fleet.servers.aws.bucket
    denied = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": [f"arn:aws:s3:::{bucket}/work/*", f"arn:aws:s3:::{bucket}/results/*"],
    }
    fleet.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [denied]}))


def without_bucket_key(strict: Strict, _fleet: Fleet) -> None:
    strict.front.tells_bucket_key = False


@pytest.mark.parametrize(
    ("name", "turn_off", "codes"),
    [
        ("key disabled", disable, {"key_unusable"}),
        ("key waits for its deletion", delete, {"key_unusable"}),
        ("key's policy denies all use", deny_all, {"key_unusable", "storage_denied"}),
        ("key's policy denies kms:Decrypt", deny_reading, {"key_unusable", "storage_denied"}),
        ("bucket's policy denies s3:PutObject", deny_writing, {"storage_denied"}),
        ("bucket tells of no bucket key when read", without_bucket_key, {"output_not_protected"}),
    ],
)
def test_jobs_wait_for_the_end_of_it_and_lose_nothing(
    name: str,
    turn_off: TurnOff,
    codes: set[str],
    strict_installation: Installation,
    strict: Strict,
    page: Document,
    undisturbed_of: Callable[[Document], Undisturbed],
    record_fault: Callable[[fault_table.Row], None],
) -> None:
    installation, fleet = strict_installation, strict_installation.fleet
    source = installation.uploaded(page)
    turn_off(strict, fleet)

    # When documents come
    jobs = [fleet.client.submit(source) for _ in range(4)]
    installation.until(lambda: installation.logged("breaker_opened") and evidence.rows(fleet, _HELD))
    installation.until(lambda: installation.logged("breaker_stays_open"))
    held = evidence.rows(fleet, _HELD)
    in_order(strict, fleet)

    # Then they go on by themselves, and it cost them nothing
    fleet.wait_all(jobs, WORK_SECONDS)
    assert {row["held_code"] for row in held} <= codes
    rows = evidence.rows(fleet, "SELECT state, attempts, claims, held_code FROM jobs")
    assert [tuple(row.values()) for row in rows] == [("succeeded", 1, STAGES, None)] * len(jobs)
    opened = installation.logged("breaker_opened")
    assert {line["code"] for line in opened} <= codes
    installation.until(lambda: len(installation.logged("breaker_closed")) == len(opened))
    assert not installation.logged("stage_retried")
    state = f"{held[0]['state']}, then {rows[0]['state']}"
    record_fault(as_row(name, WEED, state, held[0]["held_code"], rows[0], opened[0]))
    installation.settle(jobs, 0, expected=undisturbed_of(page))


def in_order(strict: Strict, fleet: Fleet) -> None:
    strict.put_in_order()
    with suppress(fleet.s3.exceptions.ClientError):
        fleet.s3.delete_bucket_policy(Bucket=fleet.servers.aws.bucket)


def as_row(name: str, server: str, state: str, code: str, row: dict[str, Any], line: dict[str, Any]) -> fault_table.Row:
    return fault_table.Row(name, server, state, code, row["attempts"], row["claims"], fault_table.described(line))


def test_a_bucket_that_never_tells_of_a_bucket_key_keeps_nothing_of_a_document(
    strict: Strict, page: Document, record_fault: Callable[[fault_table.Row], None]
) -> None:
    # Given all of AWS by ministack, whose S3 has no bucket keys, and a document that somebody else has stored there
    aws = replace(strict.servers.aws, endpoint_url=strict.ministack)
    with Fleet(replace(strict.servers, aws=aws)) as fleet:
        bucket = fleet.servers.aws.bucket
        fleet.s3.put_object(Bucket=bucket, Key="uploads/page", Body=page.path.read_bytes())
        fleet.start_worker(concurrency=1)

        fleet.client.submit(f"s3://{bucket}/uploads/page")

        logs.wait_until(lambda: logs.events(fleet, "worker", "stage_held"), WORK_SECONDS, "the job is held")
        (held,) = evidence.rows(fleet, _HELD)
        assert held["held_code"] == OutputNotProtected.code
        assert (held["attempts"], held["claims"]) == (0, 1), "the stage that wrote cost nothing"
        assert not evidence.versions(fleet, "work/")
        assert not evidence.versions(fleet, "results/")
        (opened,) = logs.events(fleet, "worker", "breaker_opened")
        record_fault(as_row("bucket has no bucket key", "ministack", held["state"], held["held_code"], held, opened))
