"""A key that is off while a hundred documents wait: S3 refuses by itself, and nothing is lost by it.

The key is disabled, or its policy denies the platform, by calls of KMS' own API; SeaweedFS then cannot have a data key
from ministack, and refuses (`strict.py`). The worker has two processes, and a second between its first two looks.
"""

import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.faults import evidence, logs
from tests.faults.documents import Document, Undisturbed
from tests.faults.fleet import Fleet
from tests.faults.installation import LIMIT, STAGES, WORK_SECONDS
from tests.faults.invariants import check
from tests.faults.strict import Strict

PROCESSES = 2
OFF_SECONDS = 6.0
PROBE_SECONDS = 1.0
# The longest pause between two looks is twelve times the first; in this time it has doubled three times.
BACK_SECONDS = 8 * PROBE_SECONDS + 2
# A process meets the fault with one document, and looks after 0, 1, 3 and 7 seconds; a look is one request. One that is
# refused a source also asks why, which needs no key.
REFUSALS = PROCESSES * 6


def disable(strict: Strict) -> None:
    strict.kms.disable_key(KeyId=strict.servers.aws.kms_key_id)


def deny(strict: Strict) -> None:
    strict.deny(strict.servers.aws.kms_key_id, "kms:GenerateDataKey", "kms:Decrypt")


@pytest.fixture
def strict_fleet(strict: Strict, rng: random.Random) -> Iterator[Fleet]:
    with Fleet(strict.servers, rng=rng, env={"OCR_PROBE_SECONDS": str(PROBE_SECONDS)}) as fleet:
        yield fleet
    strict.put_in_order()


@pytest.mark.parametrize(
    ("turn_off", "codes", "documents"),
    [(disable, {"key_unusable"}, 100), (deny, {"key_unusable", "storage_denied"}, 20)],
    ids=["disabled", "denied"],
)
def test_documents_wait_for_a_key_that_is_off_and_lose_nothing(
    turn_off: Callable[[Strict], None],
    codes: set[str],
    documents: int,
    strict: Strict,
    strict_fleet: Fleet,
    page: Document,
    undisturbed_of: Callable[[Document], Undisturbed],
) -> None:
    # Given a worker of two processes that is in the middle of its documents
    fleet = strict_fleet
    fleet.start_worker(concurrency=PROCESSES)
    fleet.start_beat()
    jobs = fleet.submit(page, documents)
    waited(fleet, "SELECT count(*) >= 10 FROM jobs WHERE stage <> 'fetch_decrypt'", WORK_SECONDS)
    before = strict.front.refusals

    # When the key is off for some seconds
    turn_off(strict)
    off_at = time.monotonic()
    waited(fleet, "SELECT count(*) = 2 FROM breakers", OFF_SECONDS)
    done = ended(fleet)
    code, while_off = health(fleet, "--json")
    _, figures = health(fleet, "--openmetrics")
    time.sleep(max(0.0, OFF_SECONDS - (time.monotonic() - off_at)))
    refused = strict.front.refusals - before
    done_while_off = ended(fleet) - done
    strict.put_in_order()
    back = waited(fleet, "SELECT count(*) = 0 FROM breakers", BACK_SECONDS)

    # Then operators saw it
    assert_seen(json.loads(while_off), figures, codes)
    assert code == 1
    assert json.loads(while_off)["waiting"] > documents // 2
    assert_logged(fleet, codes)
    # And nobody asked without end, nor got anything done
    assert done_while_off == 0
    assert PROCESSES < refused <= REFUSALS

    # And every document is done as if nothing had been
    fleet.wait_all(jobs, 4 * WORK_SECONDS)
    rows = evidence.rows(fleet, "SELECT state, attempts, claims, held_code FROM jobs")
    found = Counter((row["state"], row["attempts"], row["claims"], row["held_code"]) for row in rows)
    assert found == {("succeeded", 1, STAGES, None): documents}
    assert health(fleet, "--json")[0] == 0
    print(f"{refused} requests were refused, at work again after {back:.1f} s; meanwhile:\n{while_off}\n{figures}")
    for line in lines(fleet):
        print({name: value for name, value in line.items() if name not in ("logger", "error")})
    print(check(fleet, jobs, limit=LIMIT, expected=undisturbed_of(page)))


def ended(fleet: Fleet) -> int:
    return int(evidence.rows(fleet, "SELECT count(*) FROM jobs WHERE finished_at IS NOT NULL")[0]["count"])


def waited(fleet: Fleet, question: str, seconds: float) -> float:
    """Wait until Postgres says yes; the seconds that it took. Asks rarely: the workers need the machine."""
    started = time.monotonic()
    while not evidence.rows(fleet, f"SELECT ({question}) AS yes")[0]["yes"]:
        assert time.monotonic() - started < seconds, f"not within {seconds} s: {question}\n{evidence.report(fleet)}"
        time.sleep(0.2)
    return time.monotonic() - started


def health(fleet: Fleet, option: str) -> tuple[int, str]:
    """Exit code and output of the operator's command."""
    command = [sys.executable, "-m", "ocr_platform", "health", option]
    environment = fleet.ground.bare | fleet.environment
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=30)
    return found.returncode, found.stdout


def assert_seen(while_off: dict[str, Any], figures: str, codes: set[str]) -> None:
    """The command's JSON and its figures tell of both processes, and of the documents that met the fault."""
    assert len(while_off["breakers"]) == PROCESSES
    assert {breaker["code"] for breaker in while_off["breakers"]} <= codes
    assert set(while_off["held"]) <= codes
    assert sum(while_off["held"].values()) == PROCESSES, "one document met it in each process, and no other"
    by_name: Counter[str] = Counter()
    for family in text_string_to_metric_families(figures):
        for sample in family.samples:
            by_name[sample.name] += int(sample.value)
    assert by_name["ocr_breakers_open"] == by_name["ocr_jobs_held"] == PROCESSES
    assert by_name["ocr_jobs_waiting"] == while_off["waiting"]


def assert_logged(fleet: Fleet, codes: set[str]) -> None:
    """Each process told that it stopped, that it still waits, and that it goes on; no document told anything else."""
    found = Counter(line["event"] for line in lines(fleet))
    assert found["breaker_opened"] == found["breaker_closed"] == found["stage_held"] == PROCESSES
    assert PROCESSES <= found["breaker_stays_open"] <= 4 * PROCESSES
    assert {line["code"] for line in lines(fleet)} <= codes
    assert all(line["everybodys"] for line in lines(fleet) if line["event"] == "stage_held")
    for event in ("stage_retried", "stage_failed", "job_failed", "stage_crashed"):
        assert not logs.events(fleet, "worker", event)


def lines(fleet: Fleet) -> list[dict[str, Any]]:
    names = ("breaker_opened", "breaker_stays_open", "breaker_closed", "stage_held")
    return [line for line in logs.events(fleet, "worker") if line["event"] in names]
