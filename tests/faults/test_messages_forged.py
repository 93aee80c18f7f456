"""Somebody with the platform's rights in Redis writes what he likes: workers live, and documents end well."""

import random
from uuid import uuid4

from ocr_platform.models import Stage
from ocr_platform.workflow import CPU_QUEUE, QUEUES, TASK_NAMES
from tests.faults import evidence, forgeries, messages
from tests.faults.documents import Document
from tests.faults.fleet import SHORT, Fleet
from tests.faults.invariants import check
from tests.faults.logs import events, wait_until

LIMIT = int(SHORT["OCR_MAX_ATTEMPTS"])
CONTROL_CHANNEL = "/0.celery.pidbox"
# A forged message costs a line of a few hundred bytes, and no more of it is repeated than helps to find its sender.
LOG_BYTES = 2_000


def secrets_of(fleet: Fleet) -> list[str]:
    servers = fleet.servers
    logins = (servers.redis_login, servers.redis_admin, servers.database_login)
    return [*(login.password for login in logins), servers.aws.secret_key, "uploads/"]


def nothing_waits(fleet: Fleet) -> bool:
    return not any(evidence.queue_lengths(fleet).values())


def control(method: object, **arguments: object) -> bytes:
    body = {"method": method, "arguments": arguments, "destination": None, "pattern": None, "matcher": None}
    return messages.wire("x", body=body, headers={"expires": 9e9, "clock": 1})


def test_messages_of_wrong_form_cost_no_worker_and_no_document(
    fleet: Fleet, page: Document, rng: random.Random
) -> None:
    worker = fleet.start_worker()
    fleet.start_beat(wait=False)
    assert worker.process is not None
    main, logged = worker.process.pid, len(fleet.log("worker"))
    forged = [(queue, message) for queue in QUEUES for message in forgeries.malformed(str(uuid4())).values()]
    rng.shuffle(forged)

    # When more of them come than a worker holds messages, before documents, between them and after
    jobs = fleet.submit(page, 2)
    middle = len(forged) // 2
    messages.push_all(fleet, forged[:middle])
    jobs += fleet.submit(page, 2)
    messages.push_all(fleet, forged[middle:])
    jobs += fleet.submit(page, 2)
    fleet.wait_all(jobs, 60)

    # Then the same process is still there, holds nothing, and has not said much
    wait_until(lambda: nothing_waits(fleet), 20, "all messages are gone")
    assert worker.running()
    assert worker.process.pid == main
    log = fleet.log("worker")[logged:]
    assert len(log) < LOG_BYTES * len(forged)
    assert not [word for word in secrets_of(fleet) if word in log]
    figures = check(fleet, jobs, limit=LIMIT)
    print(f"{len(forged)} forged, {len(log) // len(forged)} bytes of log each; {figures}")
    assert figures.max_claims == 4


def test_messages_that_lie_about_a_job_do_not_hurt_it(fleet: Fleet, page: Document, rng: random.Random) -> None:
    # Given jobs that have ended, jobs that are on their way and jobs that nobody knows
    worker = fleet.start_worker()
    fleet.start_beat(wait=False)
    ended = fleet.submit(page, 2)
    fleet.wait_all(ended, 30)
    jobs = fleet.submit(page, 6)
    strangers = [uuid4() for _ in range(2)]

    # When messages come for each of them: for every stage, in every queue, with limits and delays that would hurt
    forged = [
        (rng.choice([*QUEUES, messages.QUEUE_OF_TASK[task]]), message)
        for job_id in (*ended, *jobs, *strangers)
        for task, message in forgeries.hurting(str(job_id))
    ]
    rng.shuffle(forged)
    messages.push_all(fleet, forged)
    messages.send(fleet, TASK_NAMES[Stage.PERSIST], str(jobs[0]), queue=CPU_QUEUE)
    messages.send(fleet, "os.system", "id")
    fleet.wait_all(jobs, 60)
    wait_until(lambda: nothing_waits(fleet), 20, "all messages are gone")

    # Then they cost no attempt
    newer = len(events(fleet, "worker", "message_newer"))
    assert worker.running()
    figures = check(fleet, [*ended, *jobs], limit=LIMIT)
    print(f"{len(forged) + 2} forged, {newer} left to newer workers; {figures}")
    assert figures.max_claims == 4
    assert newer > 0


def test_the_remote_control_ends_no_worker_and_makes_none_deaf(fleet: Fleet, page: Document) -> None:
    worker = fleet.start_worker()
    fleet.start_beat(wait=False)
    ocr = TASK_NAMES[Stage.OCR]
    forged = [b"\xff", b"5", b"{}", b"[]", control(5), control("os.system", a=1), control("rate_limit", x=1)]
    forged += [
        control("time_limit", task_name=ocr, soft=0.01, hard=0.01),
        control("rate_limit", task_name=ocr, rate_limit="1/h"),
        *(control("cancel_consumer", queue=queue) for queue in QUEUES),
        control("pool_shrink", n=2),
        control("shutdown"),
    ]

    with messages.redis_platform(fleet) as connection:
        for message in forged:
            connection.publish(CONTROL_CHANNEL, message)
    jobs = fleet.submit(page, 3)
    fleet.wait_all(jobs, 30)

    assert worker.running()
    figures = check(fleet, jobs, limit=LIMIT)
    print(f"{len(forged)} forged commands; {figures}")
    assert figures.max_claims == 4
