"""The fakes keep the rules of what they stand for."""

from uuid import uuid4

import pytest

from ocr_platform.errors import (
    EngineMissing,
    OutputConflict,
    PageMemory,
    SourceChanged,
    SourceMissing,
    SourceNotAllowed,
    StorageUnavailable,
)
from ocr_platform.models import DocumentFormat, JobState, PageResult, SourceRef, Stage, StoredObject
from ocr_platform.ports import DocumentReader, ObjectStore, Repository
from ocr_platform.testing import KMS_KEY, FakeReader, InMemoryRepository, InMemoryStore

STAGED = StoredObject("documents", "work/1/a.json", "1", 2, "00", KMS_KEY, True)


def test_fakes_are_what_the_steps_ask_for() -> None:
    # Checked by mypy.
    store: ObjectStore = InMemoryStore()
    repository: Repository = InMemoryRepository()
    reader: DocumentReader = FakeReader()

    assert all((store, repository, reader))


class TestStore:
    def test_source_is_opened_with_its_facts_and_all_its_bytes(self, store: InMemoryStore) -> None:
        source = store.put_source(b"%PDF-1.7", version_id="v1")

        with store.open_source(source) as (facts, chunks):
            assert (facts.version_id, facts.size) == ("v1", 8)
            assert b"".join(chunks) == b"%PDF-1.7"

    def test_version_is_part_of_what_is_opened(self, store: InMemoryStore) -> None:
        source = store.put_source(b"%PDF-1.7")

        with pytest.raises(SourceMissing), store.open_source(SourceRef(source.bucket, source.key, "other")):
            pass

    @pytest.mark.parametrize("key", ["work/1/a.json", "results/a/b", ""])
    def test_sources_of_the_platforms_own_are_refused(self, store: InMemoryStore, key: str) -> None:
        with pytest.raises(SourceNotAllowed), store.open_source(store.put_source(b"x", key)):
            pass

    def test_other_buckets_are_refused(self, store: InMemoryStore) -> None:
        with pytest.raises(SourceNotAllowed), store.open_source(SourceRef("another", "uploads/a", "1")):
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


class TestRepository:
    def test_jobs_move_only_out_of_the_stage_that_they_are_in(self, repository: InMemoryRepository) -> None:
        job_id = repository.add(SourceRef("documents", "uploads/a", "1"))

        assert repository.begin(job_id, Stage.OCR) is None
        assert not repository.complete(job_id)
        assert not repository.record_outputs(job_id, [])
        assert repository.finish(job_id) is None
        assert not repository.fail(job_id, Stage.PERSIST, "source_missing", "")
        assert repository.record_plan(job_id, "00", DocumentFormat.PDF, 1)
        assert not repository.record_plan(job_id, "00", DocumentFormat.PDF, 2)
        assert repository.job(job_id).page_count == 1

    @pytest.mark.parametrize("state", [state for state in JobState if state.terminal])
    def test_jobs_that_have_ended_do_not_move(self, repository: InMemoryRepository, state: JobState) -> None:
        job_id = repository.add(SourceRef("documents", "uploads/a", "1"))
        repository.displace(job_id, state=state)

        assert repository.begin(job_id, Stage.FETCH_DECRYPT) is None
        assert not repository.fail(job_id, Stage.FETCH_DECRYPT, "source_missing", "")
        assert repository.status(job_id).state is state

    def test_unknown_jobs_do_not_move(self, repository: InMemoryRepository) -> None:
        assert repository.begin(uuid4(), Stage.FETCH_DECRYPT) is None

    def test_job_does_not_complete_while_a_page_is_pending(self, repository: InMemoryRepository) -> None:
        job_id = repository.add(SourceRef("documents", "uploads/a", "1"))
        repository.record_plan(job_id, "00", DocumentFormat.PDF, 2)

        assert repository.checkpoint(job_id, [PageResult(1)], STAGED) == 1
        assert not repository.complete(job_id)
        assert repository.unfinished(job_id, 5) == [2]

        assert repository.checkpoint(job_id, [PageResult(1), PageResult(2), PageResult(3)], STAGED) == 1
        assert repository.complete(job_id)
        assert repository.staged(job_id) == [(STAGED, [1, 2])]

    def test_outputs_are_shown_once_the_job_has_ended(self, repository: InMemoryRepository) -> None:
        job_id = repository.add(SourceRef("documents", "uploads/a", "1"))

        status = repository.status(job_id)

        assert (status.state, status.stage, status.outputs) == (JobState.QUEUED, Stage.FETCH_DECRYPT, ())


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
