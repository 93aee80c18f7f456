"""What a fleet can do to its processes and servers. What becomes of documents then, other tests say."""

import json
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from tests.faults import evidence, processes
from tests.faults.answers import s3_error
from tests.faults.crash import Arming, Crash, loads
from tests.faults.documents import Document, Undisturbed, undisturbed, write_document
from tests.faults.fleet import SHORT, Fleet
from tests.faults.invariants import check
from tests.faults.rules import Answer
from tests.processes import alive

LIMIT = int(SHORT["OCR_MAX_ATTEMPTS"])
SHIFTED = """
from tests.faults.clock import shift
shift(7200)
import time, datetime, pickle
from datetime import datetime as named
right = datetime.datetime.fromtimestamp(time.clock_gettime(time.CLOCK_REALTIME))
for wrong in (named.now(), named.today(), named.fromtimestamp(time.time()), named(*time.localtime()[:6])):
    assert 7190 < (wrong - right).total_seconds() < 7210, wrong
    assert isinstance(wrong, named) and isinstance(right, datetime.datetime) and type(wrong) is type(right)
assert 7190 < (named.now(datetime.UTC) - right.astimezone(datetime.UTC)).total_seconds() < 7210
assert issubclass(type(right), named) and named.strptime("2020", "%Y").year == 2020
assert time.time_ns() > time.clock_gettime_ns(time.CLOCK_REALTIME) + 7000 * 10**9
"""


def wait_for(condition: Callable[[], object], seconds: float = 20.0) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.02)


def test_a_crash_strikes_as_often_as_it_may(fleet: Fleet, page: Document) -> None:
    crash = fleet.crash("claimed", "kill_child", times=2)
    worker = fleet.start_worker(crash=crash)
    fleet.start_beat()
    before = {child.pid for child in processes.children(worker)}

    jobs = fleet.submit(page, 4)
    fleet.wait_all(jobs, 60)

    assert crash.struck == 2
    assert len(before - {child.pid for child in processes.children(worker)}) >= 1
    check(fleet, jobs, limit=LIMIT)


def test_a_worker_is_killed_in_mid_page_with_all_that_take_tasks(fleet: Fleet, long_document: Document) -> None:
    # Given a sandbox that is at work when its worker is killed
    crash = fleet.crash("page_started", "kill_worker", delay=0.1)
    worker = fleet.start_worker(crash=crash, wait=False)
    jobs = fleet.submit(long_document)
    wait_for(lambda: crash.struck)
    wait_for(lambda: not worker.running())

    # Then nothing of it runs any more, a moment later
    wait_for(lambda: not processes.belonging(fleet.name, fleet.scratch), 5)

    fleet.start_worker("another")
    fleet.start_beat()
    fleet.wait_all(jobs, 60)
    check(fleet, jobs, limit=LIMIT)


def test_a_process_is_stopped_and_goes_on_later(fleet: Fleet, page: Document) -> None:
    crash = fleet.crash("staged", "stop_child")
    worker = fleet.start_worker(crash=crash, concurrency=1)
    jobs = fleet.submit(page)
    wait_for(lambda: processes.stopped(worker))
    assert not fleet.client.status(jobs[0]).state.terminal

    processes.resume(*processes.stopped(worker))

    fleet.wait_all(jobs, 30)
    check(fleet, jobs, limit=LIMIT)


def test_a_process_stays_where_it_is_for_a_while(fleet: Fleet, page: Document) -> None:
    crash = fleet.crash("finishing", "sleep", delay=2)
    fleet.start_worker(crash=crash)

    jobs = fleet.submit(page)

    assert fleet.wait_all(jobs, 30) > 2
    check(fleet, jobs, limit=LIMIT)


def test_beat_can_be_killed_at_a_point_too(fleet: Fleet, page: Document) -> None:
    crash = fleet.crash("reaped", "kill_child")
    beat = fleet.start_beat(crash=crash)
    with evidence.redis_admin(fleet) as connection:
        jobs = fleet.submit(page)
        connection.flushall()

    wait_for(lambda: not beat.running())

    assert crash.struck == 1
    fleet.start_beat()  # the same name, once more, and in good health
    fleet.start_worker()
    fleet.wait_all(jobs, 30)


def test_servers_go_away_and_come_back(make_fleet: Callable[..., Fleet], page: Document) -> None:
    fleet = make_fleet(own_postgres=True, own_aws=True)
    fleet.start_worker()
    fleet.start_beat()

    fleet.ground.stop_redis()
    jobs = fleet.submit(page)
    fleet.ground.start_redis()
    jobs += fleet.submit(page)
    fleet.ground.restart_postgres()
    time.sleep(1)  # a connection that was just used is not asked whether it is still there
    jobs += fleet.submit(page)
    fleet.ground.restart_redis(kill=True)

    fleet.wait_all(jobs, 60)
    check(fleet, jobs, limit=LIMIT)


def test_a_worker_is_led_through_the_proxies_that_are_made_for_it(
    fleet: Fleet, page: Document, undisturbed_of: Callable[[Document], Undisturbed]
) -> None:
    s3, redis, postgres = (fleet.proxy(kind, "lame") for kind in ("s3", "redis", "postgres"))
    throttled = s3.on(rb"^PUT /[^/]+/results/", Answer(s3_error("SlowDown")), times=1)
    fleet.start_worker("lame", via="lame")
    fleet.start_beat()
    redis.reset_all()

    jobs = fleet.submit(page, 2)
    fleet.wait_all(jobs, 60)

    assert throttled.hits == 1
    assert min(s3.accepted, redis.accepted, postgres.accepted) > 0
    check(fleet, jobs, limit=LIMIT, expected=undisturbed_of(page))


def test_killed_processes_are_gone_at_once(fleet: Fleet) -> None:
    worker = fleet.start_worker()
    pool = processes.children(worker)
    assert len(pool) == 2

    processes.kill(worker)

    assert alive(*pool) == []
    assert not worker.running()


def test_a_shifted_clock_is_consistent() -> None:
    subprocess.run([sys.executable, "-c", SHIFTED], check=True)


@pytest.mark.parametrize("odd", [Arming(wall_clock_offset=7200.0), Arming(protocol_version=0)])
def test_an_odd_worker_starts(odd: Arming, fleet: Fleet) -> None:
    worker = fleet.start_worker(crash=odd)

    line = json.loads(fleet.log("worker").splitlines()[-1])

    ahead = time.mktime(time.strptime(line["time"][:19], "%Y-%m-%dT%H:%M:%S")) - time.mktime(time.gmtime())
    assert abs(ahead - odd.wall_clock_offset) < 60
    processes.stop(worker, 10)


def test_an_arming_survives_its_way_to_the_process(fleet: Fleet) -> None:
    crash = fleet.crash("moved", "stop_child", times=3, delay=0.5, skip=2)
    armings = [Arming(), Arming((crash,), 1.5, 2), Arming((crash, crash))]

    assert [loads(arming.dumps()) for arming in armings] == armings
    assert loads(json.dumps({"point": "moved", "do": "sleep", "latch": str(crash.latch)})) == Arming(
        (Crash("moved", "sleep", crash.latch),)
    )


@pytest.mark.parametrize("name", ["three.tif", "three.pdf"])
def test_documents_are_quick_and_read_without_a_fault(
    name: str, fleet: Fleet, tmp_path_factory: pytest.TempPathFactory
) -> None:
    document = write_document(tmp_path_factory.mktemp("documents") / name, pages=3, seed=5)
    started = time.monotonic()

    read = undisturbed(document, fleet.settings)

    assert time.monotonic() - started < 6
    assert [f"page {number} of 3" in text for number, text in enumerate(read.text.split("\f"), 1)] == [True] * 3
    assert all(word in read.text for word in document.canary)
