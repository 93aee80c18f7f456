"""Transfers from and to S3 are cut, lost, slow or garbled."""

from collections.abc import Callable
from uuid import UUID

import pytest

from tests.faults import requests
from tests.faults.documents import Document, Undisturbed
from tests.faults.installation import LEASE_SECONDS, STAGES, WORK_SECONDS, Installation
from tests.faults.rules import Corrupt, Delay, DropAnswer, Truncate

Finder = Callable[[Document], Undisturbed]


def test_objects_whose_receipt_is_lost_are_recognised(
    installation: Installation, page: Document, undisturbed_of: Finder
) -> None:
    # Given writes that S3 has done and whose answers are lost: one, so that boto3 meets its own object, or all
    settings = installation.fleet.settings
    tries = requests.tries(settings)
    jobs: dict[UUID, int] = {}
    for times in (1, tries):
        for pattern in (lambda job: requests.staged("PUT", job), requests.output):
            (job,) = installation.fleet.submit(page)
            installation.s3.on(pattern(job), DropAnswer(), times=times)
            jobs[job] = times

    installation.fleet.wait_all(list(jobs), WORK_SECONDS + requests.tries_seconds(settings))

    assert installation.claims() == {job: STAGES + (times == tries) for job, times in jobs.items()}
    installation.settle(list(jobs), 0, expected=undisturbed_of(page))


def test_a_source_that_comes_slowly_is_read_under_one_claim(
    installation: Installation, page: Document, undisturbed_of: Finder
) -> None:
    source = installation.uploaded(page)
    slow = installation.s3.on(requests.source("GET", source), Delay(LEASE_SECONDS + 1.0))

    jobs = [installation.fleet.client.submit(source) for _ in range(2)]

    figures = installation.settle(jobs, WORK_SECONDS, expected=undisturbed_of(page))
    assert slow.hits == 4
    assert figures.max_claims == STAGES
    assert not installation.logged("job_woken", why="lost")


def test_what_is_cut_short_is_read_again(installation: Installation, page: Document, undisturbed_of: Finder) -> None:
    source = installation.uploaded(page)
    installation.s3.on(requests.source("GET", source), Truncate(), times=1)
    jobs = [installation.fleet.client.submit(source), *installation.fleet.submit(page)]
    installation.s3.on(requests.staged("GET", jobs[1]), Truncate(), times=1)

    installation.fleet.wait_all(jobs, WORK_SECONDS)

    assert installation.claims() == dict.fromkeys(jobs, STAGES + 1)
    installation.settle(jobs, 0, expected=undisturbed_of(page))


@pytest.mark.parametrize("own_upload", [True, False], ids=["Client.upload", "boto3"])
def test_what_is_garbled_once_is_read_again(
    own_upload: bool, installation: Installation, page: Document, undisturbed_of: Finder
) -> None:
    # Given a source that is garbled for the first stage, one for the second, and staged pages
    sources = [installation.uploaded(page) if own_upload else installation.stored(page) for _ in range(2)]
    rules = [
        installation.s3.on(requests.source("GET", source), Corrupt(), times=1, skip=skip)
        for skip, source in enumerate(sources)
    ]
    jobs = [*map(installation.fleet.client.submit, sources), *installation.fleet.submit(page)]
    rules.append(installation.s3.on(requests.staged("GET", jobs[2]), Corrupt(), times=1))

    figures = installation.settle(jobs, WORK_SECONDS, expected=undisturbed_of(page))

    assert [rule.hits for rule in rules] == [1, 1, 1]
    assert figures.max_claims == STAGES


def test_what_is_garbled_again_fails_its_document(
    installation: Installation, page: Document, undisturbed_of: Finder
) -> None:
    sources = [installation.uploaded(page) for _ in range(2)]
    for skip, source in enumerate(sources):
        installation.s3.on(requests.source("GET", source), Corrupt(), skip=skip)
    failing = [*map(installation.fleet.client.submit, sources), *installation.fleet.submit(page)]
    installation.s3.on(requests.staged("GET", failing[2]), Corrupt())
    good = installation.fleet.submit(page, 3)

    figures = installation.settle(
        [*failing, *good],
        WORK_SECONDS,
        expected=dict.fromkeys(good, undisturbed_of(page)),
        expected_states=("succeeded", "failed"),
    )

    assert figures.states == {"failed": 3, "succeeded": 3}
    assert len(installation.logged("job_failed", code="source_changed")) == 3
