"""S3 answers that it cannot just now: shorter than boto3 tries by itself, and longer."""

import threading
from collections.abc import Callable
from contextlib import closing
from uuid import UUID

import pytest

from ocr_platform.broker import make_app
from ocr_platform.errors import StorageUnavailable
from tests.conftest import Servers
from tests.faults import requests
from tests.faults.answers import s3_error
from tests.faults.documents import Document, Undisturbed
from tests.faults.installation import LEASE_SECONDS, STAGES, WORK_SECONDS, Installation
from tests.faults.rules import Answer

Finder = Callable[[Document], Undisturbed]
Rounds = Callable[[int, int], int]

BUSY = Answer(s3_error("SlowDown"))
# How many refusals boto3 bears by itself, as against what makes it give up.
FEW = 1


def test_what_s3_is_too_busy_for_is_done_later(
    installation: Installation, page: Document, undisturbed_of: Finder, rounds: Rounds
) -> None:
    # Given jobs that each meet a busy S3 at one kind of request: a few times, which boto3 bears, or too often
    tries = requests.tries(installation.fleet.settings)
    jobs: dict[UUID, tuple[str, int]] = {}
    for _ in range(rounds(1, 5)):
        for times in (FEW, tries):
            for kind, pattern in (
                ("PUT staged", lambda job: requests.staged("PUT", job)),
                ("GET staged", lambda job: requests.staged("GET", job)),
                ("PUT output", requests.output),
                ("LIST", requests.listing),
                ("DELETE", requests.removal),
            ):
                (job,) = installation.fleet.submit(page)
                installation.s3.on(pattern(job), BUSY, times=times)
                jobs[job] = kind, times
            jobs[_submitted_with_busy_source(installation, page, times)] = "GET source", times

    # When they have ended
    within = 2 * (requests.tries_seconds(installation.fleet.settings) + WORK_SECONDS) * rounds(1, 5)
    installation.fleet.wait_all(list(jobs), within)

    # Then each claimed once a stage; once more where boto3 had given up, but not for the removal, which can wait
    more = {(kind, tries): 1 for kind in ("PUT staged", "GET staged", "PUT output", "GET source")}
    assert installation.claims() == {job: STAGES + more.get(met, 0) for job, met in jobs.items()}
    assert len(installation.logged("stage_retried", code="storage_unavailable")) == len(more) * rounds(1, 5)
    assert len(installation.logged("staged_left")) == 2 * rounds(1, 5)
    installation.settle(list(jobs), 0, expected=undisturbed_of(page))


def _submitted_with_busy_source(installation: Installation, page: Document, times: int) -> UUID:
    source = installation.uploaded(page)
    installation.s3.on(requests.source("GET", source), BUSY, times=times)
    return installation.fleet.client.submit(source)


def test_an_application_that_s3_is_too_busy_for_hears_so_and_may_ask_again(
    installation: Installation, page: Document, undisturbed_of: Finder
) -> None:
    sources = [installation.uploaded(page) for _ in range(2)]
    for source, times in zip(sources, (FEW, requests.tries(installation.fleet.settings)), strict=True):
        installation.s3.on(requests.source("HEAD", source), BUSY, times=times)

    with closing(installation.client()) as application:
        jobs = [application.submit(sources[0])]
        with pytest.raises(StorageUnavailable):
            application.submit(sources[1])
        jobs.append(application.submit(sources[1]))

    figures = installation.settle(jobs, WORK_SECONDS, expected=undisturbed_of(page))
    assert figures.max_claims == STAGES


def test_one_request_in_five_fails(
    installation: Installation, page: Document, long_document: Document, undisturbed_of: Finder, rounds: Rounds
) -> None:
    failing = installation.s3.on(b"^", Answer(s3_error("InternalError", 500)), probability=0.2)

    expected = dict.fromkeys(installation.fleet.submit(page, 10 * rounds(1, 10)), undisturbed_of(page))
    expected |= dict.fromkeys(installation.fleet.submit(long_document), undisturbed_of(long_document))

    installation.settle(list(expected), 2 * WORK_SECONDS * rounds(1, 10), expected=expected)
    assert failing.hits >= 10


def test_work_goes_on_after_a_silence(
    installation: Installation, page: Document, undisturbed_of: Finder, rounds: Rounds
) -> None:
    # Given a silence of S3 that is longer than a lease; in long runs also longer than boto3 waits
    silence = rounds(int(LEASE_SECONDS) + 2, 90)
    jobs = installation.fleet.submit(page, 10)
    installation.until_ended(2)
    installation.s3.black_hole()
    threading.Timer(silence, installation.s3.pass_through).start()

    figures = installation.settle(jobs, silence + 2 * WORK_SECONDS, expected=undisturbed_of(page))

    assert figures.longest_job > silence
    assert not installation.logged("job_woken", why="lost"), "a claim that waits for S3 is kept"


def test_a_request_is_given_up_before_its_stage_is_ended(servers: Servers) -> None:
    # Given the shortest stages that settings allow for
    settings = servers.settings(OCR_PAGE_TIMEOUT_SECONDS="1", OCR_TIME_SLICE_SECONDS="0")
    soft_limit = make_app(settings).conf.task_soft_time_limit

    config = requests.configuration(settings)

    silence = requests.tries(settings) * max(config.connect_timeout, config.read_timeout)
    assert silence + requests.tries_seconds(settings) < soft_limit
