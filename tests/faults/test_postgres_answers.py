"""One statement of each kind is lost on its way to Postgres, or its answer on the way back: then nobody knows."""

import random
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from ocr_platform import Client
from ocr_platform.errors import TransientError
from tests.faults.answers import s3_error
from tests.faults.documents import Document, Undisturbed
from tests.faults.installation import LEASE_SECONDS, LIMIT, WORK_SECONDS, Installation
from tests.faults.rules import Answer, DropAnswer, DropRequest

Finder = Callable[[Document], Undisturbed]
Rounds = Callable[[int, int], int]

# What is asked for each document that is submitted below: one of the first few is struck.
OF_DOCUMENTS = {
    "claim": rb"SET state = 'running'",
    "record_plan": rb"SET stage = 'ocr'",
    "claim_pages": rb"UPDATE pages SET holder = ",
    "checkpoint": rb"SET pages_left = pages_left - new",
    "staged": rb"SELECT staged, array_agg",
    "record_outputs": rb"INSERT INTO outputs",
    "finish": rb"UPDATE jobs\s+SET state = CASE WHEN lost = 0",
}
# What the reaper asks twice a second: one of the first six seconds is struck.
OF_BEAT = {
    "lost": rb"WHERE lease_until < now\(\) ORDER BY lease_until",
    "unclaimed": rb"woken_at < now\(\) - CAST\(",
    "unpublished": rb"^SELECT outbox\.id",
    "reaper_lock": rb"pg_try_advisory_lock",
}
SELDOM = {
    "renew": rb"UPDATE jobs SET lease_until=\(clock_timestamp",
    "hand_back": rb"UPDATE jobs SET attempts=\(jobs\.attempts -",
    "retry_later": rb"UPDATE jobs SET fence=",
    "postpone": rb"^INSERT INTO outbox",
    "fail": rb"UPDATE jobs SET state='failed'",
    "submit": rb"INSERT INTO jobs",
    "published": rb"DELETE FROM outbox",
    "due": rb"AND woken_at IS NULL AND lease_until IS NULL",
}
DOCUMENTS = 10
LONG_DOCUMENTS = 3
# Whatever one document meets: three lost leases, and the reaper's patience at each of its stages.
WITHIN = 2 * WORK_SECONDS + 3 * (LEASE_SECONDS + 0.5) + 4 * 2.5


@pytest.mark.parametrize("fault", [DropAnswer(), DropRequest()], ids=["the answer", "the statement"])
def test_what_is_lost_once_of_each_kind_changes_nothing(
    fault: DropAnswer | DropRequest,
    installation: Installation,
    page: Document,
    long_document: Document,
    undisturbed_of: Finder,
    tmp_path: Path,
    rng: random.Random,
    rounds: Rounds,
) -> None:
    # Given that one of each kind is lost, not always the first
    times = rounds(1, 3)
    rules = {
        name: installation.postgres.on(pattern, fault, times=times, skip=rng.randrange(first))
        for first, patterns in ((3, OF_DOCUMENTS), (12, OF_BEAT), (1, SELDOM))
        for name, pattern in patterns.items()
    }
    # and documents that meet all of them: good ones, long ones that outlast a slice, one that is none, and now and then
    # no S3 and no Redis, the latter for longer than a message is tried
    installation.redis.on(rb"^LPUSH ocr\.cpu", Answer(b"-OOM no room\r\n"), times=9 * times)
    installation.s3.on(rb"^GET /\S+/uploads/", Answer(s3_error("KMS.ThrottlingException", 400)), times=2 * times)
    nothing = tmp_path / "nothing.png"
    nothing.write_bytes(b"no document")

    expected: dict[UUID, Undisturbed] = {}
    installation.fleet.documents |= {page, long_document}
    with closing(installation.client()) as application:
        for document, count in ((page, DOCUMENTS), (long_document, LONG_DOCUMENTS)):
            submitted = _submitted(application, document, count * times)
            expected |= dict.fromkeys(submitted, undisturbed_of(document))
        failed = _submitted(application, Document(nothing, 0, ()), times)
    jobs = [*expected, *failed]

    # Then all end well; the reaper asks on when they have ended
    installation.until(lambda: all(rules[name].hits == times for name in OF_BEAT), times * WITHIN)
    figures = installation.settle(jobs, times * WITHIN, expected=expected, expected_states=("succeeded", "failed"))
    assert {name: rule.hits for name, rule in rules.items()} == dict.fromkeys(rules, times)
    assert figures.states == {"succeeded": len(expected), "failed": len(failed)}
    assert figures.max_claims < 4 * LIMIT


def _submitted(application: Client, document: Document, count: int) -> list[UUID]:
    """Submit so many times, each until it is answered."""
    with document.path.open("rb") as file:
        source = application.upload(file)
    return [_once(application, source, str(uuid4())) for _ in range(count)]


def _once(application: Client, source: str, token: str) -> UUID:
    while True:
        try:
            return application.submit(source, client_token=token)
        except TransientError:
            continue  # with the same token: was it stored, this is the same job
