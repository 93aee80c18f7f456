"""kill -9 of anything at any moment, while many documents are under way."""

import random
from collections.abc import Callable, Iterable
from functools import partial

import pytest

from ocr_platform.models import EngineName, JobStatus
from ocr_platform.sandbox.scratch import remove_stale
from tests.faults.documents import Document, Undisturbed
from tests.faults.fleet import Fleet
from tests.faults.invariants import check
from tests.faults.killer import Killer
from tests.faults.supervisor import Supervisor

# So often that chance does not use one document's attempts up: a worker is killed every second or two.
LIMIT = 20
WORKERS = ("one", "two")
BEATS = ("one beat", "other beat")
# In turn: only the second one has a recogniser in a process of its own, which can be killed alone.
ENGINES = (EngineName.TESSEROCR, EngineName.PYTESSERACT)
# A page whose sandbox is killed is read once more; one that loses it twice, or its recogniser, counts as one that
# killed them: nobody can tell the two apart.
PAGE_ERRORS = {"decoder_crash", "page_memory", "recognition_failed"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each round is a test of its own."""
    if "number" in metafunc.fixturenames:
        metafunc.parametrize("number", range(20 if metafunc.config.getoption("--long") else 2))


@pytest.mark.timeout(900)
def test_documents_outlive_kills_of_anything_at_any_moment(
    number: int,
    seed: int,
    make_fleet: Callable[..., Fleet],
    rounds: Callable[[int, int], int],
    page: Document,
    long_document: Document,
    undisturbed_of: Callable[..., Undisturbed],
) -> None:
    # Given one-page documents, one of twelve pages among each ten, and something that kills now and then
    rng = random.Random(f"{seed} {number}")
    documents = [long_document, *[page] * 9] * rounds(2, 10)
    engine = ENGINES[number % len(ENGINES)]
    env = {"OCR_LEASE_SECONDS": "2", "OCR_MAX_ATTEMPTS": str(LIMIT), "OCR_ENGINE": engine}
    fleet = make_fleet(env=env)
    supervisor = Supervisor()
    supervisor.keep(*(partial(fleet.start_worker, name, wait=False) for name in WORKERS))
    supervisor.keep(*(partial(fleet.start_beat, name, wait=False) for name in BEATS))
    recognisers = engine is EngineName.PYTESSERACT
    killer = Killer(fleet, rng, rounds(2, 10), workers=WORKERS, beats=BEATS, recognisers=recognisers)

    def meanwhile() -> None:
        killer()
        supervisor()

    rng.shuffle(documents)
    jobs = {fleet.submit(document)[0]: document for document in documents}
    took = fleet.wait_all(list(jobs), rounds(180, 600), meanwhile)

    # Then all have ended well but for pages whose own process was killed
    found = fleet.client.statuses(list(jobs))
    lost = lost_to_kills(found.values())
    assert set(lost) <= PAGE_ERRORS
    assert len(lost) <= sum(killer.kills[kind] for kind in ("host", "sandbox", "recogniser"))
    whole = {job: undisturbed_of(jobs[job], engine) for job, status in found.items() if status.state == "succeeded"}
    stale = remove_stale(fleet.scratch)
    states = ("succeeded", "partial", "failed")
    figures = check(fleet, list(jobs), limit=LIMIT, expected_states=states, expected=whole)
    print(
        f"round {number} of seed {seed}, {engine}: {took:.1f} s, {dict(killer.kills)}, {supervisor.restarts} restarts,"
    )
    print(f"{len(lost)} pages lost with their processes, {stale} scratch directories; {figures}")
    assert min(killer.kills.values()) > 0


def lost_to_kills(statuses: Iterable[JobStatus]) -> list[str]:
    """The code of each page that failed, and of each document that failed without any."""
    lost: list[str] = []
    for status in statuses:
        if status.pages_failed:
            lost += status.pages_failed.values()
        elif status.error is not None:
            lost.append(status.error.code)
    return lost
