from dataclasses import replace
from uuid import UUID

import pytest

from ocr_platform.errors import (
    ClaimLost,
    DatabaseUnavailable,
    EngineMissing,
    PageDamaged,
    PageTimeout,
    SourceChanged,
    StorageUnavailable,
)
from ocr_platform.models import HandOver, JobState, PageResult, Stage
from ocr_platform.staging import pack, staging_key, staging_prefix, unpack
from ocr_platform.steps import Pace, recognise_pages
from ocr_platform.testing import FakeReader, InMemoryRepository, InMemoryStore
from tests.unit.support import UNHURRIED, claimed, helper, planned

SECONDS_A_PAGE = 10.0
LEASE = 60.0
ON = HandOver(Stage.ENCRYPT_UPLOAD)


def _pace(
    reader: FakeReader, *, batch_pages: int = 100, batch: float = 1e6, slice_: float = 1e6, helpers: int = 0
) -> Pace:
    """A pace by a clock on which every page takes SECONDS_A_PAGE."""
    return Pace(batch_pages, batch, slice_, LEASE, helpers, clock=lambda: SECONDS_A_PAGE * len(reader.recognised))


def _batches(store: InMemoryStore, job_id: UUID) -> list[list[int]]:
    """Page numbers of each staged object."""
    bodies = [body for key, body in store.objects.items() if key.startswith(staging_prefix(job_id))]
    return [[page.number for page in unpack(body)] for body in bodies]


def _pending(repository: InMemoryRepository, job_id: UUID) -> list[int]:
    return [number for number, page in repository.record(job_id).pages.items() if page.result is None]


def _held(repository: InMemoryRepository, job_id: UUID) -> list[int]:
    """Numbers of the pages that somebody has."""
    return [number for number, page in repository.record(job_id).pages.items() if page.holder is not None]


class TestBatches:
    def test_all_pages_are_recognised_staged_and_handed_on(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
    ) -> None:
        reader = FakeReader(["one", "two", "three"])
        job_id = planned(store, repository, reader, store.put_source(pdf))

        following = recognise_pages(claimed(repository, job_id, Stage.OCR), store, reader, repository, UNHURRIED)

        assert following == ON
        assert reader.recognised == [1, 2, 3]
        assert _batches(store, job_id) == [[1, 2, 3]]
        assert repository.status(job_id).pages_done == 3

    def test_batches_have_at_most_as_many_pages_as_asked_for(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
    ) -> None:
        reader = FakeReader(["page"] * 5)
        job_id = planned(store, repository, reader, store.put_source(pdf))
        job = claimed(repository, job_id, Stage.OCR)

        recognise_pages(job, store, reader, repository, _pace(reader, batch_pages=2))

        assert _batches(store, job_id) == [[1, 2], [3, 4], [5]]

    def test_batch_ends_when_its_time_is_over(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
    ) -> None:
        reader = FakeReader(["page"] * 5)
        job_id = planned(store, repository, reader, store.put_source(pdf))
        job = claimed(repository, job_id, Stage.OCR)

        recognise_pages(job, store, reader, repository, _pace(reader, batch=2 * SECONDS_A_PAGE))

        assert _batches(store, job_id) == [[1, 2], [3, 4], [5]]

    def test_batch_without_time_still_does_a_page(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
    ) -> None:
        reader = FakeReader(["page"] * 3)
        job_id = planned(store, repository, reader, store.put_source(pdf))
        job = claimed(repository, job_id, Stage.OCR)

        assert recognise_pages(job, store, reader, repository, _pace(reader, batch=0)) == ON
        assert _batches(store, job_id) == [[1], [2], [3]]

    def test_worker_takes_no_more_pages_than_its_batch_has_time_for_once_it_knows(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
    ) -> None:
        # Given batches of three pages, and time for one
        reader = FakeReader(["page"] * 5)
        job_id = planned(store, repository, reader, store.put_source(pdf))
        pace = _pace(reader, batch_pages=3, batch=SECONDS_A_PAGE)
        held: list[list[int]] = []

        # When a look is taken before and after each page
        def stopping() -> bool:
            now = _held(repository, job_id)
            if now and now not in held:
                held.append(now)
            return False

        recognise_pages(claimed(repository, job_id, Stage.OCR), store, reader, repository, pace, stopping)

        # Then after those of the first batch it takes one at a time: the others are free for helpers
        assert held == [[1, 2, 3], [2, 3], [3], [4], [5]]

    def test_failed_pages_are_recorded_and_the_others_go_on(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
    ) -> None:
        reader = FakeReader(["one", "two", "three"], faults={1: PageTimeout(), 3: PageDamaged()})
        job_id = planned(store, repository, reader, store.put_source(pdf))

        following = recognise_pages(claimed(repository, job_id, Stage.OCR), store, reader, repository, UNHURRIED)

        assert following == ON
        assert repository.status(job_id).pages_failed == {1: "page_timeout", 3: "page_damaged"}

    def test_changed_source_is_refused_before_a_page_is_recognised(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
    ) -> None:
        reader = FakeReader()
        source = store.put_source(pdf)
        job_id = planned(store, repository, reader, source)
        store.put_source(pdf + b" changed", source.key, version_id=source.version_id)

        with pytest.raises(SourceChanged):
            recognise_pages(claimed(repository, job_id, Stage.OCR), store, reader, repository, UNHURRIED)

        assert reader.recognised == []

    def test_batch_that_could_not_be_staged_is_done_again(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
    ) -> None:
        # Given S3 fails at the first batch
        reader = FakeReader(["page"] * 3)
        job_id = planned(store, repository, reader, store.put_source(pdf))
        job = claimed(repository, job_id, Stage.OCR)
        pace = _pace(reader, batch_pages=2)
        store.inject("write", StorageUnavailable())

        # When it is tried, and tried again
        with pytest.raises(StorageUnavailable):
            recognise_pages(job, store, reader, repository, pace)
        assert reader.recognised == [1, 2]
        repository.retry_later(job, lambda _: 0)
        following = recognise_pages(claimed(repository, job_id, Stage.OCR), store, reader, repository, pace)

        # Then nothing of it was lost
        assert following == ON
        assert _batches(store, job_id) == [[1, 2], [3]]

    def test_missing_engine_is_raised_and_no_page_is_blamed(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
    ) -> None:
        reader = FakeReader(faults={1: EngineMissing()})
        job_id = planned(store, repository, reader, store.put_source(pdf))

        with pytest.raises(EngineMissing):
            recognise_pages(claimed(repository, job_id, Stage.OCR), store, reader, repository, UNHURRIED)

        assert _pending(repository, job_id) == [1]


class TestSlices:
    def test_slice_hands_the_job_back_and_the_next_one_goes_on(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
    ) -> None:
        # Given five pages, and time for two
        reader = FakeReader(["page"] * 5)
        job_id = planned(store, repository, reader, store.put_source(pdf))
        pace = _pace(reader, batch_pages=1, slice_=2 * SECONDS_A_PAGE)

        # When
        following = []
        for _ in range(3):
            job = claimed(repository, job_id, Stage.OCR)
            following.append(recognise_pages(job, store, reader, repository, pace))

        # Then each page was recognised once
        assert following == [HandOver(Stage.OCR), HandOver(Stage.OCR), ON]
        assert reader.recognised == [1, 2, 3, 4, 5]

    def test_slice_that_ends_offers_the_rest_to_helpers(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
    ) -> None:
        # Given ten pages in batches of two, and time for one batch
        reader = FakeReader(["page"] * 10)
        job_id = planned(store, repository, reader, store.put_source(pdf))
        pace = _pace(reader, batch_pages=2, slice_=SECONDS_A_PAGE, helpers=8)

        following = recognise_pages(claimed(repository, job_id, Stage.OCR), store, reader, repository, pace)

        # Then it took one, so that helpers have theirs, and nine are left: five batches, four of them for helpers
        assert reader.recognised == [1]
        assert following == HandOver(Stage.OCR, helpers=4)

    def test_slice_gives_back_pages_and_attempt(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
    ) -> None:
        # Given three pages taken, and time for one
        reader = FakeReader(["page"] * 3)
        job_id = planned(store, repository, reader, store.put_source(pdf))
        pace = _pace(reader, batch=0, slice_=0)

        recognise_pages(claimed(repository, job_id, Stage.OCR), store, reader, repository, pace)

        record = repository.record(job_id)
        assert (record.leased, record.attempts, record.wait_seconds) == (False, 0, None)
        assert _held(repository, job_id) == []
        assert _pending(repository, job_id) == [2, 3]

    def test_slice_that_ends_with_the_last_page_hands_the_job_on(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
    ) -> None:
        reader = FakeReader(["page"] * 2)
        job_id = planned(store, repository, reader, store.put_source(pdf))
        pace = _pace(reader, slice_=2 * SECONDS_A_PAGE)

        assert recognise_pages(claimed(repository, job_id, Stage.OCR), store, reader, repository, pace) == ON


class TestStopping:
    @pytest.mark.parametrize("done", [0, 1, 2, 3])
    def test_worker_that_is_told_to_stop_keeps_what_is_done_and_hands_the_rest_back(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes, done: int
    ) -> None:
        # Given four pages in one batch, and a word to stop after some
        reader = FakeReader(["page"] * 4)
        job_id = planned(store, repository, reader, store.put_source(pdf))
        job = claimed(repository, job_id, Stage.OCR)

        following = recognise_pages(job, store, reader, repository, UNHURRIED, lambda: len(reader.recognised) >= done)

        # Then nothing is done twice, and the next worker can begin at once
        assert following == HandOver(Stage.OCR)
        assert _batches(store, job_id) == [list(range(1, done + 1))] * (done > 0)
        assert _held(repository, job_id) == []
        again = claimed(repository, job_id, Stage.OCR)
        assert again.attempts == 1
        assert recognise_pages(again, store, reader, repository, UNHURRIED) == ON
        assert reader.recognised == [1, 2, 3, 4]

    def test_word_to_stop_during_the_last_page_does_not_keep_the_job_from_moving_on(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
    ) -> None:
        reader = FakeReader(["page"] * 2)
        job_id = planned(store, repository, reader, store.put_source(pdf))
        job = claimed(repository, job_id, Stage.OCR)

        assert recognise_pages(job, store, reader, repository, UNHURRIED, lambda: len(reader.recognised) == 2) == ON


class TestLostClaims:
    def test_batch_of_a_lost_claim_takes_its_object_along_and_counts_nothing(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
    ) -> None:
        # Given a worker that is cut off in its second batch, while another takes over and stages
        reader = FakeReader(["page"] * 4)
        job_id = planned(store, repository, reader, store.put_source(pdf))
        job = claimed(repository, job_id, Stage.OCR)
        others: list[str] = []

        def overtaken() -> bool:
            if len(reader.recognised) == 2 and not others:
                repository.expire(job_id)
                newer = claimed(repository, job_id, Stage.OCR)
                (number,) = repository.claim_pages(newer, 1)
                results = [PageResult(number, text="the other's")]
                others.append(staging_key(job_id))
                staged = store.write(others[0], pack(results), "application/json")
                assert repository.checkpoint(newer, results, staged).new == 1
            return False

        # When
        with pytest.raises(ClaimLost):
            recognise_pages(job, store, reader, repository, _pace(reader, batch_pages=2), overtaken)

        # Then its first batch counts, its second is gone without a trace, the other's is there
        assert _batches(store, job_id) == [[1, 2], [3]]
        assert others[0] in store.objects
        assert _pending(repository, job_id) == [4]

    @pytest.mark.parametrize("state", [JobState.CANCELLED, JobState.FAILED])
    def test_job_that_ended_in_mid_batch_keeps_nothing_of_it(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes, state: JobState
    ) -> None:
        reader = FakeReader(["page"] * 2)
        job_id = planned(store, repository, reader, store.put_source(pdf))
        job = claimed(repository, job_id, Stage.OCR)

        def ended() -> bool:
            repository.displace(job_id, state=state)
            return False

        with pytest.raises(ClaimLost):
            recognise_pages(job, store, reader, repository, UNHURRIED, ended)

        assert store.objects == {}

    def test_claim_that_was_lost_before_the_first_page_opens_no_source(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
    ) -> None:
        reader = FakeReader()
        job_id = planned(store, repository, reader, store.put_source(pdf))
        job = claimed(repository, job_id, Stage.OCR)
        repository.expire(job_id)
        claimed(repository, job_id, Stage.OCR)
        store.inject("open_source", StorageUnavailable())

        with pytest.raises(ClaimLost):
            recognise_pages(job, store, reader, repository, UNHURRIED)

    def test_lease_that_ended_without_another_worker_costs_nothing(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
    ) -> None:
        # Given the database was away for longer than a lease, for everybody
        reader = FakeReader(["page"] * 2)
        job_id = planned(store, repository, reader, store.put_source(pdf))
        job = claimed(repository, job_id, Stage.OCR)

        def outage() -> bool:
            repository.expire(job_id)
            return False

        assert recognise_pages(job, store, reader, repository, UNHURRIED, outage) == ON
        assert reader.recognised == [1, 2]

    def test_checkpoint_that_may_or_may_not_have_happened_keeps_its_object(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
    ) -> None:
        # Given the connection breaks at the checkpoint: it may be committed, and then the object is needed
        reader = FakeReader()
        job_id = planned(store, repository, reader, store.put_source(pdf))
        repository.inject("checkpoint", DatabaseUnavailable())

        with pytest.raises(DatabaseUnavailable):
            recognise_pages(claimed(repository, job_id, Stage.OCR), store, reader, repository, UNHURRIED)

        assert _batches(store, job_id) == [[1]]


class TestHelpers:
    def test_helper_that_finishes_the_last_page_hands_over(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
    ) -> None:
        # Given a worker whose slice ends after the first page, and a helper
        reader = FakeReader(["page"] * 3)
        job_id = planned(store, repository, reader, store.put_source(pdf))
        job = claimed(repository, job_id, Stage.OCR)
        recognise_pages(job, store, reader, repository, _pace(reader, batch_pages=1, slice_=0))

        assert recognise_pages(helper(repository, job_id), store, reader, repository, UNHURRIED) == ON
        assert reader.recognised == [1, 2, 3]

    def test_worker_and_helper_share_the_pages_and_the_last_one_hands_over(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
    ) -> None:
        # Given a helper that has two of the four pages while the worker does the others
        reader = FakeReader(["page"] * 4)
        job_id = planned(store, repository, reader, store.put_source(pdf))
        job, helping = claimed(repository, job_id, Stage.OCR), helper(repository, job_id)
        assert repository.claim_pages(helping, 2) == [1, 2]

        # When both do theirs
        workers = recognise_pages(job, store, reader, repository, UNHURRIED)
        helpers = recognise_pages(helping, store, reader, repository, UNHURRIED)

        # Then each page was recognised once, and one message follows
        assert (workers, helpers) == (None, ON)
        assert sorted(reader.recognised) == [1, 2, 3, 4]

    def test_worker_that_finds_no_page_waits_for_as_long_as_a_dead_helper_holds_its_own(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
    ) -> None:
        # Given a helper that holds all pages
        reader = FakeReader(["page"] * 2)
        job_id = planned(store, repository, reader, store.put_source(pdf))
        job, helping = claimed(repository, job_id, Stage.OCR), helper(repository, job_id)
        repository.claim_pages(helping, 2)
        store.inject("open_source", StorageUnavailable())

        # When, then: the source is not even opened, and the attempt is given back
        assert recognise_pages(job, store, reader, repository, _pace(reader)) is None
        record = repository.record(job_id)
        assert (record.leased, record.attempts, record.wait_seconds) == (False, 0, LEASE)

    def test_pages_of_a_helper_that_died_are_done_by_the_next_worker(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
    ) -> None:
        reader = FakeReader(["page"] * 2)
        job_id = planned(store, repository, reader, store.put_source(pdf))
        repository.claim_pages(helper(repository, job_id), 2)
        recognise_pages(claimed(repository, job_id, Stage.OCR), store, reader, repository, UNHURRIED)

        repository.expire(job_id)

        job = claimed(repository, job_id, Stage.OCR)
        assert recognise_pages(job, store, reader, repository, UNHURRIED) == ON

    def test_helper_without_a_page_to_do_touches_nothing(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
    ) -> None:
        reader = FakeReader()
        job_id = planned(store, repository, reader, store.put_source(pdf))
        job, helping = claimed(repository, job_id, Stage.OCR), helper(repository, job_id)
        repository.claim_pages(job, 1)
        before = repository.record(job_id)

        assert recognise_pages(helping, store, reader, repository, UNHURRIED) is None
        assert repository.record(job_id) == before

    @pytest.mark.parametrize("stops", [True, False])
    def test_helper_whose_time_is_over_gives_its_pages_back_and_wakes_nobody(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes, stops: bool
    ) -> None:
        # Given a helper with three pages that is stopped, or whose slice ends, after the first
        reader = FakeReader(["page"] * 3)
        job_id = planned(store, repository, reader, store.put_source(pdf))
        pace = UNHURRIED if stops else _pace(reader, batch=0, slice_=0)

        following = recognise_pages(
            helper(repository, job_id), store, reader, repository, pace, lambda: stops and bool(reader.recognised)
        )

        assert following is None
        assert _held(repository, job_id) == []
        assert _pending(repository, job_id) == [2, 3]

    def test_helper_of_a_job_that_has_ended_stops_and_leaves_no_object(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
    ) -> None:
        reader = FakeReader()
        job_id = planned(store, repository, reader, store.put_source(pdf))
        helping = helper(repository, job_id)

        def ended() -> bool:
            repository.displace(job_id, state=JobState.CANCELLED)
            return False

        with pytest.raises(ClaimLost):
            recognise_pages(helping, store, reader, repository, UNHURRIED, ended)

        assert store.objects == {}

    def test_there_is_nothing_to_help_with_before_the_plan_and_after_the_last_page(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
    ) -> None:
        reader = FakeReader()
        early = repository.add(store.put_source(pdf))
        late = planned(store, repository, reader, store.put_source(pdf))
        recognise_pages(claimed(repository, late, Stage.OCR), store, reader, repository, UNHURRIED)

        assert repository.assist(early) is None
        assert repository.assist(late) is None


class TestTimeOfADocument:
    """What all pages of a document may take together, over all of its claims."""

    def test_pages_for_which_no_time_is_left_fail_and_those_that_were_read_stay(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
    ) -> None:
        # Given five pages, and time for three
        reader = FakeReader(["one", "two", "three", "four", "five"])
        job_id = planned(store, repository, reader, store.put_source(pdf))
        pace = replace(_pace(reader), document_seconds=2.5 * SECONDS_A_PAGE)

        following = recognise_pages(claimed(repository, job_id, Stage.OCR), store, reader, repository, pace)

        assert following == ON
        assert reader.recognised == [1, 2, 3]
        assert repository.status(job_id).pages_failed == {4: "document_timeout", 5: "document_timeout"}

    def test_what_earlier_claims_took_counts(
        self, store: InMemoryStore, repository: InMemoryRepository, pdf: bytes
    ) -> None:
        # Given a document whose earlier pages have used up its time
        reader = FakeReader(["one", "two"])
        job_id = planned(store, repository, reader, store.put_source(pdf))
        pace = replace(_pace(reader), document_seconds=2.5 * SECONDS_A_PAGE)
        job = replace(claimed(repository, job_id, Stage.OCR), seconds_spent=2.5 * SECONDS_A_PAGE)

        recognise_pages(job, store, reader, repository, pace)

        assert reader.recognised == []
        assert set(repository.status(job_id).pages_failed.values()) == {"document_timeout"}
