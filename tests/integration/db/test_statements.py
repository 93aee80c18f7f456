"""What a job costs the database: a budget of statements for each stage, so that no change adds to it unseen."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine

from ocr_platform.db import submission
from ocr_platform.db.reaping import ReaperLog
from ocr_platform.db.repository import JobRepository
from ocr_platform.models import HandOver, Job, Stage
from ocr_platform.sealing import Sealer
from ocr_platform.steps import Pace, encrypt_upload, fetch_decrypt, persist, recognise_pages
from ocr_platform.testing import FakeReader, InMemoryKeys, InMemoryStore
from tests.integration.db.support import PATIENCE, claimed, counted_statements, helper_of, job_claimed_in, request

PACE = Pace(batch_pages=8, batch_seconds=3600, slice_seconds=3600)
BUDGET = {
    Stage.FETCH_DECRYPT: 2,  # claim; plan
    Stage.OCR: 3,  # claim; take the page; checkpoint, which moves on
    Stage.ENCRYPT_UPLOAD: 4,  # claim; what is staged; the sealed text; outputs, which moves on
    Stage.PERSIST: 2,  # claim; end
}
Step = Callable[[Job], object]


@contextmanager
def at_most(engine: Engine, statements: int) -> Iterator[None]:
    with counted_statements(engine) as sent:
        yield
    assert len(sent) <= statements, "\n---\n".join(sent)


def steps_of(store: InMemoryStore, reader: FakeReader, repository: JobRepository) -> dict[Stage, Step]:
    """The stages; what is not the database's is the fakes that the package ships."""
    return {
        Stage.FETCH_DECRYPT: lambda job: fetch_decrypt(job, store, reader, repository, PACE),
        Stage.OCR: lambda job: recognise_pages(job, store, reader, repository, PACE),
        Stage.ENCRYPT_UPLOAD: lambda job: encrypt_upload(job, store, FakeReader(), repository, Sealer(InMemoryKeys())),
        Stage.PERSIST: lambda job: persist(job, store, repository),
    }


def test_a_job_of_one_page_stays_within_its_budget(engine: Engine, repository: JobRepository) -> None:
    store, reader = InMemoryStore(), FakeReader(["text"])
    source = store.put_source(b"%PDF-1.7\nany bytes")
    with at_most(engine, 2):
        submitted = submission.submit(engine, request(source=source))
        assert submitted.outbox_id is not None
        submission.published(engine, submitted.outbox_id)

    for stage, step in steps_of(store, reader, repository).items():
        with at_most(engine, BUDGET[stage]):
            assert step(claimed(repository, submitted.job_id, stage))


def test_a_batch_of_pages_costs_two_statements_however_many_pages_it_has(
    engine: Engine, repository: JobRepository
) -> None:
    store, reader = InMemoryStore(), FakeReader(["text"] * 40)
    job_id = submission.submit(engine, request(source=store.put_source(b"%PDF-1.7\nany bytes"))).job_id
    steps = steps_of(store, reader, repository)
    steps[Stage.FETCH_DECRYPT](claimed(repository, job_id, Stage.FETCH_DECRYPT))

    with at_most(engine, 1 + 5 * 2):
        assert steps[Stage.OCR](claimed(repository, job_id, Stage.OCR)) == HandOver(Stage.ENCRYPT_UPLOAD)


@pytest.mark.parametrize(
    ("end", "statements"),
    [
        pytest.param(lambda repo, job: repo.renew(job), 2, id="renew"),
        pytest.param(lambda repo, job: repo.hand_back(job), 2, id="hand back"),
        pytest.param(lambda repo, job: repo.hold(job, "key_unusable", 1), 2, id="hold"),
        pytest.param(lambda repo, job: repo.retry_later(job, lambda _: 1), 3, id="retry later"),
        pytest.param(lambda repo, job: repo.fail(job, "internal_error", "No."), 1, id="fail"),
        pytest.param(lambda repo, job: repo.claim(job.id, Stage.OCR), 1, id="be refused"),
    ],
)
def test_keeping_and_ending_a_claim_is_cheap(
    end: Callable[[JobRepository, Job], object], statements: int, engine: Engine, repository: JobRepository
) -> None:
    job = job_claimed_in(repository, Stage.OCR, pages=3)

    with at_most(engine, statements):
        end(repository, job)


def test_a_helper_costs_as_much_as_its_batches(engine: Engine, repository: JobRepository) -> None:
    job = job_claimed_in(repository, Stage.OCR, pages=3)

    with at_most(engine, 2):
        repository.claim_pages(helper_of(repository, job.id), 2)


def test_each_question_of_the_reaper_is_one_statement(engine: Engine, log: ReaperLog) -> None:
    with at_most(engine, 5):
        log.lost(500)
        log.due(500)
        log.unclaimed(list(Stage), PATIENCE, 500, queue_is_empty=True)
        log.unpublished(PATIENCE, 500)
        log.uncleaned(PATIENCE, 500)
