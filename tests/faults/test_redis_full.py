"""Redis' memory is full: it gives out what it has and takes nothing."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import redis

from tests.faults import evidence
from tests.faults.documents import Document, Undisturbed
from tests.faults.installation import STAGES, WORK_SECONDS, Installation

Finder = Callable[[Document], Undisturbed]
Rounds = Callable[[int, int], int]

FULL_SECONDS = 3.0


@contextmanager
def full(installation: Installation) -> Iterator[redis.Redis]:
    """While this lasts Redis takes nothing that needs memory."""
    with evidence.redis_admin(installation.fleet) as connection:
        connection.config_set("maxmemory", "1")
        try:
            with pytest.raises(redis.exceptions.OutOfMemoryError):
                connection.set("anything", "x")
            yield connection
        finally:
            connection.config_set("maxmemory", "0")


def test_what_a_full_redis_does_not_take_follows_later(
    installation: Installation, page: Document, undisturbed_of: Finder, rounds: Rounds
) -> None:
    jobs = installation.fleet.submit(page, 20)
    for ended in range(1, 1 + rounds(1, 5)):
        installation.until_ended(ended)
        with full(installation):
            # When it fills up where messages wait, stages end and documents come in
            jobs += installation.fleet.submit(page, 2)
            time.sleep(FULL_SECONDS)

    figures = installation.settle(jobs, 2 * WORK_SECONDS, expected=undisturbed_of(page))

    assert installation.logged("broker_refused"), "a message was taken from the queue and could not be noted"
    assert installation.logged("message_postponed"), "a stage was over and the next one's message was not taken"
    assert installation.logged("job_woken", why="unclaimed")
    assert any(line.get("outbox") for line in installation.logged("reaped"))
    assert figures.max_claims == STAGES


def test_workers_outlive_a_full_redis_that_they_have_to_connect_to_anew(
    installation: Installation, page: Document, undisturbed_of: Finder
) -> None:
    jobs = installation.fleet.submit(page, 8)
    installation.until_ended(1)
    with full(installation) as connection:
        connection.client_kill_filter(_type="normal")
        time.sleep(FULL_SECONDS)

    figures = installation.settle(jobs, 2 * WORK_SECONDS, expected=undisturbed_of(page))

    assert figures.max_claims == STAGES
    installation.assert_fit(page, undisturbed_of(page))
