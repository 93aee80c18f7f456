"""Pages: the first result of a page counts, and a job's end is the sum of its pages."""

from collections.abc import Sequence
from uuid import UUID

import pytest
from sqlalchemy import Engine, select, update

from ocr_platform.db.repository import JobRepository
from ocr_platform.db.tables import JobRow, PageRow
from ocr_platform.models import JobState, PageResult, Stage
from tests.integration.db.support import at_once, job_in, page, row_of, stored


def ended(engine: Engine, repository: JobRepository, results: Sequence[PageResult]) -> UUID:
    """A job with these results that has reached its last stage."""
    job_id = job_in(engine, Stage.OCR, pages=len(results))
    if results:
        repository.checkpoint(job_id, results, stored())
    with engine.begin() as connection:
        connection.execute(update(JobRow).where(JobRow.id == job_id).values(stage=Stage.PERSIST))
    return job_id


def failed(number: int, code: str = "page_damaged") -> PageResult:
    return PageResult(number, error=code)


def test_a_checkpoint_counts_the_pages_that_were_new(engine: Engine, repository: JobRepository) -> None:
    job_id = job_in(engine, Stage.OCR, pages=4)

    assert repository.checkpoint(job_id, [page(1), page(2)], stored()) == 2
    assert repository.checkpoint(job_id, [page(2), page(3), failed(4)], stored()) == 2
    assert repository.checkpoint(job_id, [page(1), page(4)], stored()) == 0
    assert repository.unfinished(job_id, 10) == []


def test_the_first_result_of_a_page_is_kept(engine: Engine, repository: JobRepository) -> None:
    # Given a page that one worker has recognised
    job_id = job_in(engine, Stage.OCR, pages=1)
    first, second = stored(), stored()
    repository.checkpoint(job_id, [page(1, ("first", 90.0))], first)
    with engine.begin() as connection:
        before = connection.execute(select(*PageRow.__table__.columns)).one()

    # When another worker comes with its own
    repository.checkpoint(job_id, [failed(1)], second)

    # Then neither the figures nor the staged object have changed
    with engine.begin() as connection:
        assert connection.execute(select(*PageRow.__table__.columns)).one() == before
    assert repository.staged(job_id) == [(first, [1])]


def test_two_workers_that_checkpoint_the_same_pages_share_them(engine: Engine, repository: JobRepository) -> None:
    for _ in range(20):
        job_id = job_in(engine, Stage.OCR, pages=5)
        results = [page(number) for number in range(1, 6)]

        new = at_once(
            lambda: repository.checkpoint(job_id, results[:4], stored()),  # noqa: B023
            lambda: repository.checkpoint(job_id, results[1:], stored()),  # noqa: B023
        )

        counted = [number for _, numbers in repository.staged(job_id) for number in numbers]
        assert sum(new) == 5
        assert sorted(counted) == [1, 2, 3, 4, 5]


def test_a_checkpoint_touches_no_other_job(engine: Engine, repository: JobRepository) -> None:
    job_id, other = (job_in(engine, Stage.OCR, pages=1) for _ in range(2))

    repository.checkpoint(job_id, [page(1)], stored())

    assert repository.unfinished(other, 10) == [1]
    assert repository.staged(other) == []


def test_a_checkpoint_is_progress(engine: Engine, repository: JobRepository) -> None:
    job_id = job_in(engine, Stage.OCR, pages=1)
    before = row_of(engine, job_id).updated_at

    repository.checkpoint(job_id, [page(1)], stored())

    assert row_of(engine, job_id).updated_at > before


@pytest.mark.parametrize(
    ("results", "state", "code"),
    [
        pytest.param([page(1, ("a", 80.0)), page(2)], JobState.SUCCEEDED, None, id="all pages are read"),
        pytest.param([page(1, ("a", 80.0)), failed(2)], JobState.PARTIAL, None, id="a page is lost"),
        pytest.param([failed(1), page(2)], JobState.PARTIAL, None, id="only a blank page is left"),
        pytest.param([failed(1), failed(2)], JobState.FAILED, "document_damaged", id="all pages are damaged"),
        pytest.param([failed(1, "page_timeout")], JobState.FAILED, "page_timeout", id="the only page is too slow"),
    ],
)
def test_a_job_ends_as_the_sum_of_its_pages(
    results: list[PageResult], state: JobState, code: str | None, engine: Engine, repository: JobRepository
) -> None:
    job_id = ended(engine, repository, results)

    assert repository.finish(job_id) is state

    row = row_of(engine, job_id)
    assert (row.state, row.error_code) == (state, code)
    assert bool(row.error_message) is (code is not None)
    assert row.finished_at is not None


def test_a_job_whose_pages_failed_for_different_reasons_is_not_called_damaged(
    engine: Engine, repository: JobRepository
) -> None:
    # Given one page that cannot be decoded and one that took too long: the document may be read another time
    job_id = ended(engine, repository, [failed(1, "page_damaged"), failed(2, "page_timeout")])

    repository.finish(job_id)

    assert row_of(engine, job_id).error_code == "page_timeout"


def test_confidence_is_weighted_by_letters(engine: Engine, repository: JobRepository) -> None:
    # Given one letter read at 10 and nine letters read at 90, on two pages, and a page that failed
    job_id = ended(engine, repository, [page(1, ("a", 10.0)), page(2, ("abcde", 90.0), ("fghi", 90.0)), failed(3)])

    repository.finish(job_id)

    assert row_of(engine, job_id).confidence == pytest.approx((1 * 10 + 9 * 90) / 10)


def test_a_document_of_blank_pages_succeeds_with_no_confidence(engine: Engine, repository: JobRepository) -> None:
    job_id = ended(engine, repository, [page(1), page(2)])

    assert repository.finish(job_id) is JobState.SUCCEEDED
    assert row_of(engine, job_id).confidence == 0.0
