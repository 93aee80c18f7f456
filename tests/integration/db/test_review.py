"""The pages that a status lists for review are the same that the pages' own figures say."""

from dataclasses import replace

from sqlalchemy import Engine, text

from ocr_platform.db import queries
from ocr_platform.db.repository import JobRepository
from ocr_platform.models import JobStatus, PageResult, ReviewReason, Stage, worst_first
from ocr_platform.models.review import MOST_REVIEWS
from tests.integration.db.support import failed, job_claimed_in, page, stored


def recorded(engine: Engine, repository: JobRepository, pages: list[PageResult]) -> JobStatus:
    """The status of a job with these pages."""
    job = job_claimed_in(repository, Stage.OCR, pages=len(pages) + 1)
    repository.claim_pages(job, len(pages))
    repository.checkpoint(job, pages, stored())
    return queries.statuses(engine, [job.id])[job.id]


def test_pages_with_a_reason_are_listed_the_worst_first(engine: Engine, repository: JobRepository) -> None:
    pages = [
        page(1, ("sure", 97.0)),
        page(2, ("unsure", 60.0)),
        failed(3, "page_timeout"),
        page(4),
        replace(page(5), blank=True),
        replace(page(6, ("sure", 97.0)), disputed=0.6),
        page(7, ("lost", 20.0)),
    ]

    status = recorded(engine, repository, pages)

    assert [(each.number, each.reasons) for each in status.review] == [
        (3, (ReviewReason.PAGE_FAILED,)),
        (4, (ReviewReason.NO_TEXT_FOUND,)),
        (7, (ReviewReason.LOW_CONFIDENCE,)),
        (2, (ReviewReason.LOW_CONFIDENCE,)),
        (6, (ReviewReason.READINGS_DISAGREE,)),
    ]
    assert status.review == worst_first([each.figures for each in pages])
    assert status.pages_failed == {3: "page_timeout"}


def test_the_list_is_bounded_and_the_failed_pages_are_all_named(engine: Engine, repository: JobRepository) -> None:
    pages = [failed(number) for number in range(1, 31)] + [page(number, ("lost", 20.0)) for number in range(31, 61)]

    status = recorded(engine, repository, pages)

    assert len(status.review) == MOST_REVIEWS
    assert sorted(status.pages_failed) == list(range(1, 31))


def test_pages_that_a_version_before_recorded_are_not_suspected(engine: Engine, repository: JobRepository) -> None:
    # Given a page without a word, of which that version did not say whether it is blank
    job = job_claimed_in(repository, Stage.OCR, pages=2)
    repository.claim_pages(job, 1)
    repository.checkpoint(job, [page(1)], stored())
    with engine.begin() as connection:
        connection.execute(text("UPDATE pages SET blank = NULL, disputed = NULL"))

    assert queries.statuses(engine, [job.id])[job.id].review == ()
