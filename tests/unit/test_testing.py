"""The fakes keep the rules of what they stand for."""

from uuid import UUID, uuid4

import pytest

from ocr_platform.errors import (
    ClaimLost,
    DatabaseUnavailable,
    EngineMissing,
    OutputConflict,
    PageMemory,
    SourceChanged,
    SourceMissing,
    SourceNotAllowed,
    StorageUnavailable,
)
from ocr_platform.models import (
    DocumentFormat,
    Job,
    JobState,
    Output,
    OutputFormat,
    PageResult,
    Progress,
    SourceRef,
    Stage,
    StoredObject,
)
from ocr_platform.ports import DocumentReader, ObjectStore, Repository
from ocr_platform.testing import KMS_KEY, FakeReader, InMemoryRepository, InMemoryStore
from tests.unit.support import FACTS, claimed, helper

SOURCE = SourceRef("documents", "uploads/a", "1")
OUTPUT = Output(OutputFormat.TEXT, "text/plain", StoredObject("documents", "results/a", "1", 2, "00", KMS_KEY, True))
STAGED = StoredObject("documents", "work/1/a.json", "1", 2, "00", KMS_KEY, True)


def _soon(_attempts: int) -> float:
    return 1.0


def test_fakes_are_what_the_steps_ask_for() -> None:
    # Checked by mypy.
    store: ObjectStore = InMemoryStore()
    repository: Repository = InMemoryRepository()
    reader: DocumentReader = FakeReader()

    assert all((store, repository, reader))


class TestStore:
    def test_source_is_opened_with_its_facts_and_all_its_bytes(self, store: InMemoryStore) -> None:
        source = store.put_source(b"%PDF-1.7", version_id="v1")

        with store.open_source(source, "default") as (facts, chunks):
            assert (facts.version_id, facts.size) == ("v1", 8)
            assert b"".join(chunks) == b"%PDF-1.7"

    def test_version_is_part_of_what_is_opened(self, store: InMemoryStore) -> None:
        source = store.put_source(b"%PDF-1.7")

        with pytest.raises(SourceMissing), store.open_source(SourceRef(source.bucket, source.key, "other"), "default"):
            pass

    @pytest.mark.parametrize("key", ["work/1/a.json", "results/a/b", ""])
    def test_sources_of_the_platforms_own_are_refused(self, store: InMemoryStore, key: str) -> None:
        with pytest.raises(SourceNotAllowed), store.open_source(store.put_source(b"x", key), "default"):
            pass

    def test_other_buckets_are_refused(self, store: InMemoryStore) -> None:
        with pytest.raises(SourceNotAllowed), store.open_source(SourceRef("another", "uploads/a", "1"), "default"):
            pass

    def test_same_bytes_again_are_the_same_object(self, store: InMemoryStore) -> None:
        first = store.write("results/a", b"bytes", "text/plain")

        assert store.write("results/a", b"bytes", "text/plain") == first
        assert store.read(first) == b"bytes"

    def test_other_bytes_are_a_conflict(self, store: InMemoryStore) -> None:
        store.write("results/a", b"bytes", "text/plain")

        with pytest.raises(OutputConflict):
            store.write("results/a", b"others", "text/plain")

    def test_removed_and_changed_objects_are_not_read(self, store: InMemoryStore) -> None:
        removed, changed = (store.write(f"{name}/a", b"bytes", "text/plain") for name in ("work/1", "work/2"))

        assert store.remove_all("work/1/") == 1
        store.tamper("work/2/a", b"forged")

        with pytest.raises(SourceMissing):
            store.read(removed)
        with pytest.raises(SourceChanged):
            store.read(changed)

    def test_injected_errors_are_raised_as_often_as_asked_for(self, store: InMemoryStore) -> None:
        store.inject("write", StorageUnavailable(), times=2)

        for _ in range(2):
            with pytest.raises(StorageUnavailable):
                store.write("a", b"", "text/plain")
        assert store.write("a", b"", "text/plain").size == 0


class TestClaims:
    def test_claim_counts_an_attempt_and_has_a_number_of_its_own(self, repository: InMemoryRepository) -> None:
        job_id = repository.add(SOURCE)

        first = claimed(repository, job_id, Stage.FETCH_DECRYPT)
        repository.expire(job_id)
        second = claimed(repository, job_id, Stage.FETCH_DECRYPT)

        assert first.fence is not None
        assert second.fence is not None
        assert second.fence > first.fence
        assert (first.attempts, second.attempts) == (1, 2)
        assert first.holder != second.holder
        assert repository.status(job_id).state is JobState.RUNNING
        assert repository.status(job_id).started_at

    def test_job_is_to_be_had_once_its_lease_has_ended(self, repository: InMemoryRepository) -> None:
        job_id = repository.add(SOURCE)
        claimed(repository, job_id, Stage.FETCH_DECRYPT)

        assert repository.claim(job_id, Stage.FETCH_DECRYPT) is None
        repository.expire(job_id)
        assert repository.claim(job_id, Stage.FETCH_DECRYPT)

    def test_job_is_to_be_had_in_its_own_stage_alone(self, repository: InMemoryRepository) -> None:
        job_id = repository.add(SOURCE)

        assert [stage for stage in Stage if repository.claim(job_id, stage)] == [Stage.FETCH_DECRYPT]

    @pytest.mark.parametrize("state", [state for state in JobState if state.terminal])
    def test_job_that_has_ended_is_not_to_be_had_and_does_not_move(
        self, repository: InMemoryRepository, state: JobState
    ) -> None:
        job = claimed(repository, repository.add(SOURCE), Stage.FETCH_DECRYPT)
        repository.displace(job.id, state=state)

        assert repository.claim(job.id, Stage.FETCH_DECRYPT) is None
        assert not repository.fail(job, "source_missing", "")
        assert not repository.hand_back(job)
        assert not repository.retry_later(job, lambda _: 1)
        assert repository.status(job.id).state is state

    def test_unknown_job_is_not_to_be_had(self, repository: InMemoryRepository) -> None:
        assert repository.claim(uuid4(), Stage.FETCH_DECRYPT) is None
        assert repository.assist(uuid4()) is None

    def test_what_comes_under_an_old_claim_changes_nothing(self, repository: InMemoryRepository) -> None:
        old = claimed(repository, repository.add(SOURCE), Stage.FETCH_DECRYPT)
        repository.expire(old.id)
        claimed(repository, old.id, Stage.FETCH_DECRYPT)
        before = repository.record(old.id)

        assert not repository.record_plan(old, FACTS, "00", DocumentFormat.PDF, 1)
        assert not repository.fail(old, "source_missing", "")
        assert not repository.hand_back(old)
        assert not repository.retry_later(old, lambda _: 1)
        with pytest.raises(ClaimLost):
            repository.renew(old)
        assert repository.record(old.id) == before

    def test_claim_whose_lease_ended_may_write_until_somebody_else_claims(self, repository: InMemoryRepository) -> None:
        job = claimed(repository, repository.add(SOURCE), Stage.FETCH_DECRYPT)
        repository.expire(job.id)

        assert repository.record_plan(job, FACTS, "00", DocumentFormat.PDF, 1)

    def test_renewed_lease_holds_again(self, repository: InMemoryRepository) -> None:
        job = claimed(repository, repository.add(SOURCE), Stage.FETCH_DECRYPT)
        repository.expire(job.id)

        repository.renew(job)

        assert repository.claim(job.id, Stage.FETCH_DECRYPT) is None

    def test_job_that_was_handed_back_is_to_be_had_and_its_attempt_is_not_counted(
        self, repository: InMemoryRepository
    ) -> None:
        job = claimed(repository, repository.add(SOURCE), Stage.FETCH_DECRYPT)

        assert repository.hand_back(job)

        assert not repository.hand_back(job)
        assert claimed(repository, job.id, Stage.FETCH_DECRYPT).attempts == 1

    def test_job_that_waits_is_to_be_had_when_its_time_has_come(self, repository: InMemoryRepository) -> None:
        job = claimed(repository, repository.add(SOURCE), Stage.FETCH_DECRYPT)

        assert repository.retry_later(job, lambda _: 8.0)

        assert repository.record(job.id).wait_seconds == 8.0
        assert repository.claim(job.id, Stage.FETCH_DECRYPT) is None
        repository.expire(job.id)
        assert claimed(repository, job.id, Stage.FETCH_DECRYPT).attempts == 2

    def test_last_attempt_is_not_followed_by_another_and_its_pages_are_free(self) -> None:
        repository = InMemoryRepository(max_attempts=2)
        job_id = _planned(repository, pages=1)
        repository.retry_later(claimed(repository, job_id, Stage.OCR), _soon)
        repository.expire(job_id)
        last = claimed(repository, job_id, Stage.OCR)
        repository.claim_pages(last, 1)

        assert not repository.retry_later(last, _soon)

        assert repository.record(job_id).leased
        assert repository.claim_pages(helper(repository, job_id), 1) == [1]
        assert repository.fail(last, "storage_unavailable", "")

    def test_wait_is_for_the_attempts_that_count_and_not_for_those_before_the_progress(
        self, repository: InMemoryRepository
    ) -> None:
        job_id = _planned(repository, pages=2)
        for _ in range(3):
            repository.retry_later(claimed(repository, job_id, Stage.OCR), _soon)
            repository.expire(job_id)
        job = claimed(repository, job_id, Stage.OCR)
        repository.claim_pages(job, 1)
        repository.checkpoint(job, [PageResult(1)], STAGED)
        asked: list[int] = []

        def wait(attempts: int) -> float:
            asked.append(attempts)
            return 1.0

        repository.retry_later(job, wait)

        assert (job.attempts, asked) == (4, [1])

    def test_attempts_are_bounded(self) -> None:
        repository = InMemoryRepository(max_attempts=2)
        job_id = repository.add(SOURCE)
        for _ in range(2):
            claimed(repository, job_id, Stage.FETCH_DECRYPT)
            repository.expire(job_id)

        assert repository.claim(job_id, Stage.FETCH_DECRYPT) is None

    def test_claims_are_bounded_even_if_each_is_handed_back(self) -> None:
        repository = InMemoryRepository(max_claims=3)
        job_id = repository.add(SOURCE)
        for _ in range(3):
            repository.hand_back(claimed(repository, job_id, Stage.FETCH_DECRYPT))

        assert repository.record(job_id).attempts == 0
        assert repository.claim(job_id, Stage.FETCH_DECRYPT) is None

    def test_each_page_allows_for_one_claim_more(self) -> None:
        repository = InMemoryRepository(max_claims=1)
        job_id = _planned(repository, pages=2)

        for _ in range(2):
            repository.hand_back(claimed(repository, job_id, Stage.OCR))

        assert repository.claim(job_id, Stage.OCR) is None

    def test_failed_job_has_no_outputs(self, repository: InMemoryRepository) -> None:
        job = _delivered(repository)

        assert repository.fail(job, "storage_unavailable", "")

        assert repository.record(job.id).outputs == ()

    def test_outputs_are_shown_once_the_job_has_ended(self, repository: InMemoryRepository) -> None:
        job = _delivered(repository)

        assert repository.status(job.id).outputs == ()
        assert repository.finish(job) is JobState.SUCCEEDED
        assert repository.status(job.id).outputs == (OUTPUT,)

    def test_status_of_a_new_job(self, repository: InMemoryRepository) -> None:
        status = repository.status(repository.add(SOURCE))

        assert (status.state, status.stage, status.attempts) == (JobState.QUEUED, Stage.FETCH_DECRYPT, 0)
        assert (status.pages, status.pages_done, status.pages_failed) == (None, 0, {})


class TestPages:
    def test_pages_are_taken_in_order_and_each_by_one_alone(self, repository: InMemoryRepository) -> None:
        job_id = _planned(repository, pages=5)
        job, first, second = (
            claimed(repository, job_id, Stage.OCR),
            helper(repository, job_id),
            helper(repository, job_id),
        )

        assert repository.claim_pages(first, 2) == [1, 2]
        assert repository.claim_pages(job, 2) == [3, 4]
        assert repository.claim_pages(second, 2) == [5]

    def test_who_asks_again_keeps_what_it_has(self, repository: InMemoryRepository) -> None:
        job = claimed(repository, _planned(repository, pages=4), Stage.OCR)
        repository.claim_pages(job, 2)

        assert repository.claim_pages(job, 1) == [1]
        assert repository.claim_pages(job, 3) == [1, 2, 3]

    def test_pages_are_free_once_their_lease_has_ended(self, repository: InMemoryRepository) -> None:
        job_id = _planned(repository, pages=2)
        dead, other = helper(repository, job_id), helper(repository, job_id)
        repository.claim_pages(dead, 2)
        assert repository.claim_pages(other, 2) == []

        repository.expire(job_id)

        assert repository.claim_pages(other, 1) == [1]
        assert repository.checkpoint(dead, [PageResult(1), PageResult(2)], STAGED) == Progress(1, 1, moved=False)

    def test_renewed_pages_are_held_again(self, repository: InMemoryRepository) -> None:
        job_id = _planned(repository, pages=2)
        slow, other = helper(repository, job_id), helper(repository, job_id)
        repository.claim_pages(slow, 2)
        repository.expire(job_id)

        repository.renew(slow)

        assert repository.claim_pages(other, 2) == []

    @pytest.mark.parametrize("end", ["hand_back", "retry_later"])
    def test_pages_are_free_at_once_when_their_claim_ends(self, repository: InMemoryRepository, end: str) -> None:
        job_id = _planned(repository, pages=2)
        job, other = claimed(repository, job_id, Stage.OCR), helper(repository, job_id)
        repository.claim_pages(job, 2)

        assert repository.hand_back(job) if end == "hand_back" else repository.retry_later(job, lambda _: 1)

        assert repository.claim_pages(other, 2) == [1, 2]

    def test_held_claim_costs_nothing_and_is_remembered(self, repository: InMemoryRepository) -> None:
        job_id = _planned(repository, pages=2)
        before = repository.record(job_id)

        assert repository.hold(claimed(repository, job_id, Stage.OCR), "key_unusable", 5.0)

        held = repository.record(job_id)
        assert (held.attempts, held.claims) == (before.attempts, before.claims)
        assert (held.held_code, held.wait_seconds) == ("key_unusable", 5.0)
        repository.expire(job_id)
        assert claimed(repository, job_id, Stage.OCR).held_code == "key_unusable"

    def test_helper_that_gives_its_pages_back_leaves_the_job_alone(self, repository: InMemoryRepository) -> None:
        job_id = _planned(repository, pages=2)
        job, helping = claimed(repository, job_id, Stage.OCR), helper(repository, job_id)
        before = repository.record(job_id)
        repository.claim_pages(helping, 2)

        assert not repository.hand_back(helping)

        assert repository.record(job_id) == before
        repository.renew(job)

    def test_only_pages_that_are_held_and_pending_count(self, repository: InMemoryRepository) -> None:
        job = claimed(repository, _planned(repository, pages=3), Stage.OCR)
        repository.claim_pages(job, 1)

        results = [PageResult(number) for number in (1, 2, 9)]
        assert repository.checkpoint(job, results, STAGED) == Progress(1, 2, moved=False)
        assert repository.checkpoint(job, results, STAGED) == Progress(0, 2, moved=False)
        assert repository.staged(job) == [(STAGED, [1])]

    def test_last_page_moves_the_job_on_whoever_does_it(self, repository: InMemoryRepository) -> None:
        job_id = _planned(repository, pages=1)
        job, helping = claimed(repository, job_id, Stage.OCR), helper(repository, job_id)
        repository.claim_pages(helping, 1)

        assert repository.checkpoint(helping, [PageResult(1)], STAGED) == Progress(1, 0, moved=True)

        with pytest.raises(ClaimLost):
            repository.claim_pages(job, 1)
        with pytest.raises(ClaimLost):
            repository.renew(job)
        assert claimed(repository, job_id, Stage.ENCRYPT_UPLOAD).attempts == 1

    def test_progress_of_the_claim_makes_its_attempt_the_first_and_that_of_a_helper_does_not(
        self, repository: InMemoryRepository
    ) -> None:
        # Given a job at its third attempt
        job_id = _planned(repository, pages=3)
        for _ in range(2):
            repository.retry_later(claimed(repository, job_id, Stage.OCR), lambda _: 1)
            repository.expire(job_id)
        job, helping = claimed(repository, job_id, Stage.OCR), helper(repository, job_id)

        attempts = []
        for one, number in ((helping, 1), (job, 2)):
            assert repository.claim_pages(one, 1) == [number]
            repository.checkpoint(one, [PageResult(number)], STAGED)
            attempts.append(repository.record(job_id).attempts)

        assert attempts == [3, 1]

    def test_work_on_pages_under_an_old_claim_is_refused(self, repository: InMemoryRepository) -> None:
        job = claimed(repository, _planned(repository, pages=2), Stage.OCR)
        repository.claim_pages(job, 2)
        repository.expire(job.id)
        claimed(repository, job.id, Stage.OCR)

        for work in (
            lambda: repository.claim_pages(job, 1),
            lambda: repository.checkpoint(job, [PageResult(1)], STAGED),
        ):
            with pytest.raises(ClaimLost):
                work()
        assert repository.status(job.id).pages_done == 0

    def test_there_are_no_pages_to_take_in_another_stage(self, repository: InMemoryRepository) -> None:
        job = claimed(repository, repository.add(SOURCE), Stage.FETCH_DECRYPT)

        with pytest.raises(ClaimLost):
            repository.claim_pages(job, 1)

    def test_plan_is_made_once(self, repository: InMemoryRepository) -> None:
        job_id = _planned(repository, pages=2)
        job = claimed(repository, job_id, Stage.OCR)

        assert not repository.record_plan(job, FACTS, "00", DocumentFormat.PDF, 9)
        assert repository.status(job_id).pages == 2

    def test_injected_errors_change_nothing(self, repository: InMemoryRepository) -> None:
        job = claimed(repository, _planned(repository, pages=1), Stage.OCR)
        repository.claim_pages(job, 1)
        before = repository.record(job.id)
        repository.inject("checkpoint", DatabaseUnavailable())

        with pytest.raises(DatabaseUnavailable):
            repository.checkpoint(job, [PageResult(1)], STAGED)

        assert repository.record(job.id) == before


def _planned(repository: InMemoryRepository, pages: int) -> UUID:
    job = claimed(repository, repository.add(SOURCE), Stage.FETCH_DECRYPT)
    assert repository.record_plan(job, FACTS, "00", DocumentFormat.PDF, pages)
    return job.id


def _delivered(repository: InMemoryRepository) -> Job:
    """A job that only has to end, under a claim."""
    job = claimed(repository, _planned(repository, pages=1), Stage.OCR)
    repository.claim_pages(job, 1)
    repository.checkpoint(job, [PageResult(1)], STAGED)
    assert repository.record_outputs(claimed(repository, job.id, Stage.ENCRYPT_UPLOAD), [OUTPUT])
    return claimed(repository, job.id, Stage.PERSIST)


class TestReader:
    def test_pages_have_their_texts_and_words(self) -> None:
        reader = FakeReader(["Dear Ms Roe,"])

        with reader.load([b"%PDF", b"-1.7"]) as document:
            page = reader.recognise(document, 1, ["eng"])

        assert document.format is DocumentFormat.PDF
        assert page.text == "Dear Ms Roe,"
        assert [word.text for word in page.words] == ["Dear", "Ms", "Roe,"]

    def test_faults_of_pages_are_results_and_others_are_raised(self) -> None:
        reader = FakeReader(["a", "b"], faults={1: PageMemory(), 2: EngineMissing()})

        with reader.load([b"%PDF"]) as document:
            assert reader.recognise(document, 1, ["eng"]) == PageResult(1, error="page_memory")
            with pytest.raises(EngineMissing):
                reader.recognise(document, 2, ["eng"])

    def test_language_that_is_not_there_is_a_failed_page(self) -> None:
        reader = FakeReader(languages=["eng"])

        with reader.load([b"%PDF"]) as document:
            assert reader.recognise(document, 1, ["eng", "deu"]).error == "recognition_failed"

    def test_document_that_was_let_go_cannot_be_asked_about(self) -> None:
        reader = FakeReader()
        with reader.load([b"%PDF"]) as document:
            pass

        with pytest.raises(TypeError):
            reader.count_pages(document)
