"""kill -9 of what a document does not hang on alone: a helper, and the main process of a worker."""

from collections.abc import Callable
from functools import partial

from ocr_platform.crash_points import CrashPoint
from ocr_platform.workflow import ASSIST_QUEUE, ASSIST_TASK, CPU_QUEUE, IO_QUEUE
from tests.faults import processes
from tests.faults.aftermath import SANDBOX_SECONDS, SandboxWatch, assert_no_plaintext_and_tidy
from tests.faults.documents import Document, Undisturbed
from tests.faults.fleet import SHORT, Fleet
from tests.faults.invariants import check
from tests.faults.supervisor import Supervisor, wait_for
from tests.processes import alive, recognises

LIMIT = int(SHORT["OCR_MAX_ATTEMPTS"])
# Lease, sweep and the pages once more, in seconds; and four times as long on a busy machine.
BOUND = 4 * (2 + 0.5 + 8)


def test_a_document_does_not_depend_on_its_helpers(
    make_fleet: Callable[..., Fleet], long_document: Document, undisturbed_of: Callable[[Document], Undisturbed]
) -> None:
    # Given a worker that has the document, and helpers that are killed in mid-page, twice
    fleet = make_fleet(env={"OCR_LEASE_SECONDS": "2", "OCR_BATCH_PAGES": "2", "OCR_TIME_SLICE_SECONDS": "1"})
    kill = fleet.crash(CrashPoint.PAGE_STARTED, "kill_worker", times=2).amid("sandbox")
    sandboxes = SandboxWatch([kill])
    supervisor = Supervisor()
    supervisor.keep(partial(fleet.start_worker, "helpers", queues=ASSIST_QUEUE, crash=kill, wait=False))
    fleet.start_worker("own", queues=f"{IO_QUEUE},{CPU_QUEUE}", concurrency=1)
    fleet.start_beat(wait=False)

    def meanwhile() -> None:
        supervisor()
        sandboxes()

    jobs = fleet.submit(long_document, 8)  # enough to do until helpers have started twice more
    took = fleet.wait_all(jobs, BOUND, meanwhile)

    assert [strike.task for strike in kill.strikes] == [ASSIST_TASK, ASSIST_TASK]
    assert_no_plaintext_and_tidy(fleet)
    figures = check(fleet, jobs, limit=LIMIT, expected=undisturbed_of(long_document))
    print(f"helpers: {took:.1f} s, sandboxes gone after {sandboxes.slowest:.2f} s\n{figures}")


def test_children_end_with_their_worker(
    make_fleet: Callable[..., Fleet],
    page: Document,
    long_document: Document,
    undisturbed_of: Callable[[Document], Undisturbed],
) -> None:
    # Given a worker of which one process is in mid-page, and the other one waits
    fleet = make_fleet(env={"OCR_LEASE_SECONDS": "2", "OCR_MAX_HELPERS": "0"})
    worker = fleet.start_worker(wait=False)
    fleet.start_beat(wait=False)
    (busy,) = fleet.submit(long_document)
    wait_for(lambda: any(map(recognises, processes.sandboxes(worker))))
    pool, sandboxes = processes.children(worker), processes.sandboxes(worker)

    # When its main process alone is killed
    processes.kill_main(worker)

    # Then nothing goes on without it, and the next worker does what is left
    pool_ended = wait_for(lambda: not alive(*pool), 1)
    sandbox_ended = wait_for(lambda: not alive(*sandboxes), SANDBOX_SECONDS)
    fleet.start_worker(wait=False)
    others = fleet.submit(page, 3)
    took = fleet.wait_all([busy, *others], BOUND)
    assert_no_plaintext_and_tidy(fleet)
    expected = {busy: undisturbed_of(long_document), **dict.fromkeys(others, undisturbed_of(page))}
    figures = check(fleet, list(expected), limit=LIMIT, expected=expected)
    print(f"main process: {took:.1f} s, children ended after {pool_ended:.2f} s, sandboxes after {sandbox_ended:.2f} s")
    print(figures)
