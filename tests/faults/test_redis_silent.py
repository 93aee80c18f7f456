"""Redis is there and says nothing, or refuses to be asked: connections stay open, and nothing comes through."""

import random
import threading
from collections.abc import Callable
from contextlib import closing

from tests.faults import evidence
from tests.faults.documents import Document, Undisturbed
from tests.faults.installation import LEASE_SECONDS, STAGES, WORK_SECONDS, Installation
from tests.faults.rules import DropAnswer

Finder = Callable[[Document], Undisturbed]
Rounds = Callable[[int, int], int]

DOCUMENTS = 10


def test_workers_go_on_after_a_silence(
    installation: Installation, page: Document, undisturbed_of: Finder, rounds: Rounds
) -> None:
    # Given a silence longer than a lease, in mid-run; in long runs also longer than every timeout of a connection
    silence = rounds(int(2 * LEASE_SECONDS), 60)
    jobs = installation.fleet.submit(page, DOCUMENTS)
    installation.until_ended(2)
    installation.redis.black_hole()
    threading.Timer(silence, installation.redis.pass_through).start()

    # When documents also come in meanwhile
    jobs += installation.fleet.submit(page, 2)

    figures = installation.settle(jobs, silence + 2 * WORK_SECONDS, expected=undisturbed_of(page))
    assert figures.longest_job > silence / 2
    assert not installation.logged("job_woken", why="lost"), "leases do not depend on Redis"
    installation.assert_fit(page, undisturbed_of(page))


def test_documents_submitted_without_redis_are_published_later(
    installation: Installation, page: Document, undisturbed_of: Finder
) -> None:
    # Given an application that Redis refuses, in the middle of other work
    jobs = installation.fleet.submit(page, 4)
    installation.redis.refuse()
    installation.redis.reset_all()
    with closing(installation.client()) as application, page.path.open("rb") as file:
        source = application.upload(file)

        jobs += [application.submit(source) for _ in range(4)]

    waiting = evidence.rows(installation.fleet, "SELECT job_id FROM outbox WHERE stage = 'fetch_decrypt'")
    assert len(waiting) == 4
    installation.redis.pass_through()
    figures = installation.settle(jobs, 2 * WORK_SECONDS, expected=undisturbed_of(page))
    assert figures.max_claims == STAGES
    assert any(line["outbox"] for line in installation.logged("reaped") if "outbox" in line)


def test_messages_whose_receipt_is_lost_are_sent_twice_and_worked_on_once(
    installation: Installation, page: Document, undisturbed_of: Finder
) -> None:
    # Given that Redis takes messages of each kind without the sender hearing of it: it sends them once more
    rules = [installation.redis.on(rb"^LPUSH " + queue, DropAnswer(), times=3) for queue in (rb"ocr\.io", rb"ocr\.cpu")]

    with closing(installation.client()) as application, page.path.open("rb") as file:
        source = application.upload(file)
        jobs = [application.submit(source) for _ in range(DOCUMENTS)]

    figures = installation.settle(jobs, WORK_SECONDS + 10, expected=undisturbed_of(page))
    assert [rule.hits for rule in rules] == [3, 3]
    assert figures.max_claims == STAGES
    assert installation.logged("message_dropped")


def test_lost_answers_to_workers_cost_a_message_at_most(
    installation: Installation, page: Document, undisturbed_of: Finder, rng: random.Random, rounds: Rounds
) -> None:
    # Given that what was taken is never heard of, is not heard to be noted, is not heard to be acknowledged
    times = rounds(3, 30)
    commands = (rb"^BRPOP ", rb"ZADD unacked_index", rb"ZREM unacked_index")
    rules = [installation.redis.on(command, DropAnswer(), times=times, probability=0.3) for command in commands]

    jobs = installation.fleet.submit(page, DOCUMENTS * rounds(1, 6))

    figures = installation.settle(jobs, 2 * WORK_SECONDS * rounds(1, 6), expected=undisturbed_of(page))
    assert [rule.hits for rule in rules] == [times] * 3
    assert figures.max_claims == STAGES
    assert not installation.logged("job_woken", why="lost")
    installation.assert_fit(page, undisturbed_of(page))
