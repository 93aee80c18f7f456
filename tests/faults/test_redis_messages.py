"""What is no message lies in the queues, more of it than there are processes: workers live and take what comes next."""

from collections.abc import Callable

from tests.faults.documents import Document, Undisturbed
from tests.faults.installation import STAGES, WORK_SECONDS, Installation
from tests.faults.messages import push, wire

Finder = Callable[[Document], Undisturbed]

TASK = "ocr_platform.ocr"
PICKLED = {"content-type": "application/x-python-serialize", "content-encoding": "binary"}
NO_MESSAGES = (
    b"\x00\xff\xfegarbage",
    b'{"body": "\xff"}',
    b"",
    b"{}",
    b"[]",
    b"null",
    b"42",
    b"[" * 100_000,
    wire(TASK)[:100],
    wire(TASK, properties={}),
)
# Messages that Celery stumbles over, each at another place.
NO_TASKS = (
    wire(TASK, None, None, **PICKLED),
    wire(TASK, None, None, **{"content-type": None}),
    wire(TASK, None, None, **{"content-encoding": 7}),
    wire(TASK, raw_body=None),
    wire(TASK, raw_body="==="),
    wire(TASK, body=None),
    wire(TASK, body=[]),
    wire(TASK, headers={"id": None}),
    wire(TASK, headers={"id": []}),
    wire(TASK, headers={"expires": {}}),
    wire(TASK, headers={"eta": []}),
    wire(TASK, headers={"timelimit": ["a", "b"]}),
    wire(TASK, headers={"stamped_headers": 7}),
    wire([1]),
    wire("os.system", ["true"]),
)


def test_what_is_no_message_keeps_no_worker_from_the_next(
    installation: Installation, page: Document, undisturbed_of: Finder
) -> None:
    for queue in ("ocr.io", "ocr.cpu", "ocr.assist"):
        push(installation.fleet, queue, *NO_MESSAGES, *NO_TASKS)

    jobs = installation.fleet.submit(page, 10)

    figures = installation.settle(jobs, 2 * WORK_SECONDS, expected=undisturbed_of(page))
    assert figures.max_claims == STAGES
    assert installation.logged("message_malformed")
    installation.assert_fit(page, undisturbed_of(page))
