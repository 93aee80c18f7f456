"""Without any fault the invariants hold, and they see when they do not."""

from collections.abc import Callable

from tests.faults.documents import Document, Undisturbed
from tests.faults.fleet import SHORT, Fleet
from tests.faults.invariants import check

LIMIT = int(SHORT["OCR_MAX_ATTEMPTS"])


def test_documents_that_nothing_disturbs_end_well(
    fleet: Fleet, page: Document, undisturbed_of: Callable[[Document], Undisturbed]
) -> None:
    fleet.start_worker(wait=False)
    fleet.start_beat()

    jobs = fleet.submit(page, 5)
    fleet.wait_all(jobs, 30)
    figures = check(fleet, jobs, limit=LIMIT, expected=undisturbed_of(page))

    print(figures)
    assert (figures.outputs, figures.max_claims) == (10, 4)
