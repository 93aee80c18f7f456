"""Every error of a stage ends in a later attempt or in a terminal state; run on Celery itself, over the fakes."""

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from celery.exceptions import Reject, SoftTimeLimitExceeded
from hypothesis import given
from hypothesis import strategies as st

from ocr_platform.errors import (
    BrokerUnavailable,
    ClaimLost,
    CredentialsRefused,
    DatabaseUnavailable,
    DocumentDamaged,
    EngineMissing,
    InternalError,
    KeyUnusable,
    OutputNotProtected,
    PlatformError,
    SourceMissing,
    StorageDenied,
    StorageUnavailable,
)
from ocr_platform.models import DocumentFormat, HandOver, Job, JobState, PageResult, Stage
from ocr_platform.monitoring.logging import JsonFormatter
from ocr_platform.settings import Settings
from ocr_platform.staging import pack, results_key, staging_key
from ocr_platform.testing import FakeReader
from ocr_platform.worker import breaker
from ocr_platform.worker.heart import Pulse
from ocr_platform.worker.services import WorkerRuntime
from ocr_platform.worker.stage import Claim, StageTask, backoff_seconds
from ocr_platform.workflow import PROTOCOL_HEADER, PROTOCOL_VERSION, WAKE_HEADER
from tests.unit.support import FACTS, claimed, planned
from tests.unit.worker.support import FakeRuntime, fake_runtime

Step = Callable[[Job, Pulse], HandOver | None]
NEXT = HandOver(Stage.OCR)


class Bench:
    """One task whose step is the test's."""

    def __init__(self, runtime: FakeRuntime) -> None:
        self.runtime = runtime
        self.store = runtime.store
        self.repository = runtime.repository
        self.jobs: list[Job] = []

    @property
    def tries(self) -> int:
        """How often the step was begun."""
        return len(self.jobs)

    def submit(self) -> UUID:
        return self.runtime.submit()

    def run(
        self,
        job_id: object,
        step: Step,
        *,
        stage: Stage = Stage.FETCH_DECRYPT,
        claim: Claim | None = None,
        headers: dict[str, Any] | None = None,
    ) -> Any:
        """What Celery makes of one message: None when it is to be acknowledged, else why not."""

        def counted(_: WorkerRuntime, job: Job, pulse: Pulse) -> HandOver | None:
            self.jobs.append(job)
            return step(job, pulse)

        def usual(identifier: UUID) -> Job | None:
            return self.repository.claim(identifier, stage)

        @self.runtime.app.task(bind=True, base=StageTask, name=f"test.{uuid4()}", shared=False)
        def task(self_: StageTask, job_id: str) -> None:
            self_.run_stage(self.runtime.services, stage, job_id, claim or usual, counted)

        result = task.apply(args=(job_id,), headers=headers)
        assert result.state == ("SUCCESS" if result.result is None else "REJECTED")
        return result.result

    def help(self, job_id: UUID, step: Step) -> Any:
        """What becomes of a helper's message."""
        return self.run(str(job_id), step, stage=Stage.OCR, claim=self.repository.assist)

    def planned(self) -> UUID:
        """A job of two pages that wait."""
        return planned(self.store, self.repository, FakeReader(["a", "b"]), self.store.put_source(b"%PDF-1.7"))


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "_PATIENCE_SECONDS", 0.05)


@pytest.fixture
def bench(runtime: FakeRuntime) -> Bench:
    return Bench(runtime)


@pytest.fixture
def bench_without_redis(settings: Settings) -> Iterator[Bench]:
    # Nothing listens there (port 1 is the reserved tcpmux).
    with fake_runtime(settings, broker="redis://127.0.0.1:1/0") as runtime:
        yield Bench(runtime)


def _next(_job: Job, _pulse: Pulse) -> HandOver | None:
    return NEXT


def _raising(error: BaseException) -> Step:
    def step(_job: Job, _pulse: Pulse) -> HandOver | None:
        raise error

    return step


def _goes_back(outcome: Any) -> bool:
    """True when Celery gives the message back to its queue."""
    return isinstance(outcome, Reject) and bool(vars(outcome)["requeue"])


class TestHandOver:
    def test_done_stage_publishes_the_next(self, bench: Bench) -> None:
        job_id = bench.submit()

        bench.run(str(job_id), _next)

        assert bench.runtime.published() == [("ocr_platform.ocr", str(job_id))]
        assert bench.repository.status(job_id).state is JobState.RUNNING

    def test_helpers_are_offered_beside_it(self, bench: Bench) -> None:
        job_id = bench.submit()

        bench.run(str(job_id), lambda *_: HandOver(Stage.OCR, helpers=2))

        assert bench.runtime.published() == [
            ("ocr_platform.ocr", str(job_id)),
            *[("ocr_platform.assist", str(job_id))] * 2,
        ]

    def test_nothing_to_hand_over_publishes_nothing(self, bench: Bench) -> None:
        bench.run(str(bench.submit()), lambda *_: None)

        assert bench.runtime.published() == []

    def test_message_that_redis_does_not_take_is_kept_for_the_reaper(self, bench_without_redis: Bench) -> None:
        job_id = bench_without_redis.submit()

        bench_without_redis.run(str(job_id), _next)

        assert bench_without_redis.repository.postponed == [(job_id, Stage.OCR)]
        assert bench_without_redis.tries == 1

    def test_helpers_that_cannot_be_asked_for_are_no_reason_to_send_the_message_again(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object) -> None:
            raise BrokerUnavailable

        monkeypatch.setattr("ocr_platform.worker.stage.publish_helpers", refuse)

        bench.run(str(bench.submit()), lambda *_: HandOver(Stage.OCR, helpers=2))

        assert len(bench.runtime.published()) == 1
        assert bench.repository.postponed == []

    def test_message_that_neither_redis_nor_postgres_takes_raises_nothing(self, bench_without_redis: Bench) -> None:
        # Given the job has moved on and nobody can be told: the reaper finds it among the unclaimed
        job_id = bench_without_redis.submit()
        bench_without_redis.repository.inject("postpone", DatabaseUnavailable())

        assert bench_without_redis.run(str(job_id), _next) is None


class TestDroppedMessages:
    @pytest.mark.parametrize("forged", ["", "not-an-id", "../../x", 7, None, ["a"], {"a": 1}, "0" * 10_000])
    def test_malformed_id_is_dropped(self, bench: Bench, forged: object) -> None:
        bench.run(forged, _next)

        assert bench.tries == 0
        assert bench.runtime.published() == []

    def test_unknown_job_is_dropped(self, bench: Bench) -> None:
        bench.run("00000000-0000-4000-8000-000000000001", _next)

        assert bench.tries == 0

    @pytest.mark.parametrize(
        "moved", [{"stage": Stage.OCR}, {"state": JobState.CANCELLED}, {"state": JobState.SUCCEEDED}]
    )
    def test_message_for_a_job_that_is_elsewhere_is_dropped(
        self, bench: Bench, moved: dict[str, Stage | JobState]
    ) -> None:
        job_id = bench.submit()
        bench.repository.displace(job_id, **moved)  # type: ignore[arg-type]

        bench.run(str(job_id), _next)

        assert bench.tries == 0

    def test_second_message_of_a_job_that_is_being_worked_on_is_dropped(self, bench: Bench) -> None:
        job_id = bench.submit()

        def doubled(_job: Job, _pulse: Pulse) -> HandOver | None:
            bench.run(str(job_id), _raising(AssertionError()))
            return NEXT

        bench.run(str(job_id), doubled)

        assert bench.tries == 1
        assert bench.runtime.published() == [("ocr_platform.ocr", str(job_id))]

    def test_message_before_the_next_attempt_is_due_is_dropped(self, bench: Bench) -> None:
        job_id = bench.submit()
        bench.run(str(job_id), _raising(StorageUnavailable()))

        bench.run(str(job_id), _next)

        assert bench.tries == 1

    @pytest.mark.parametrize("version", [PROTOCOL_VERSION + 1, "2", 1.5, [1]])
    def test_message_of_a_newer_protocol_is_left_alone(self, bench: Bench, version: object) -> None:
        job_id = bench.submit()

        bench.run(str(job_id), _next, headers={PROTOCOL_HEADER: version})

        assert bench.tries == 0
        assert bench.repository.record(job_id).claims == 0

    @pytest.mark.parametrize("headers", [None, {}, {PROTOCOL_HEADER: PROTOCOL_VERSION}, {"traceparent": "00-ab"}])
    def test_message_of_this_protocol_or_of_before_there_was_one_is_worked_on(
        self, bench: Bench, headers: dict[str, Any] | None
    ) -> None:
        bench.run(str(bench.submit()), _next, headers=headers)

        assert bench.tries == 1


class TestWake:
    @staticmethod
    def _of(runtime: FakeRuntime, headers: dict[str, Any] | None) -> int | None:
        """The fence that a task finds in its message."""
        found: list[int | None] = []

        @runtime.app.task(bind=True, base=StageTask, name=f"test.{uuid4()}", shared=False)
        def task(self_: StageTask) -> None:
            found.append(self_.wake)

        task.apply(headers=headers)
        (wake,) = found
        return wake

    @pytest.mark.parametrize("wake", [0, 7, 2**40])
    def test_it_is_the_fence_that_the_message_was_sent_at(self, runtime: FakeRuntime, wake: int) -> None:
        assert self._of(runtime, {WAKE_HEADER: wake}) == wake

    @pytest.mark.parametrize("forged", [None, -1, 2**63, 10**100, "7", 1.5, [7], {"a": 1}])
    def test_what_is_no_fence_is_as_if_nothing_was_said(self, runtime: FakeRuntime, forged: object) -> None:
        assert self._of(runtime, {WAKE_HEADER: forged}) is None

    def test_message_without_it_says_nothing(self, runtime: FakeRuntime) -> None:
        assert self._of(runtime, None) is None


INSTALLATION_FAULTS = [StorageDenied(), KeyUnusable(), EngineMissing(), OutputNotProtected(), CredentialsRefused()]


class TestFaultsOfTheInstallation:
    @pytest.mark.parametrize("error", INSTALLATION_FAULTS)
    def test_the_job_waits_at_no_cost_and_messages_go_back(self, bench: Bench, error: PlatformError) -> None:
        job_id, other = bench.submit(), bench.submit()
        bench.store.inject("probe", error, times=10**6)

        bench.run(str(job_id), _raising(error))

        record = bench.repository.record(job_id)
        assert (record.attempts, record.claims, record.held_code) == (0, 0, error.code)
        assert record.wait_seconds
        assert not record.state.terminal
        assert _goes_back(bench.run(str(other), _next))
        assert bench.tries == 1

    def test_a_document_that_alone_is_refused_waits_once_and_then_uses_its_attempts(self, bench: Bench) -> None:
        job_id = bench.submit()

        bench.run(str(job_id), _raising(StorageDenied()))
        assert bench.repository.record(job_id).attempts == 0
        for _ in range(8):
            bench.repository.expire(job_id)
            bench.run(str(job_id), _raising(StorageDenied()))

        status = bench.repository.status(job_id)
        assert bench.tries == 1 + 6
        assert status.error
        assert status.error.code == "storage_denied"

    def test_a_document_whose_own_key_is_off_waits_for_it_however_long(self, bench: Bench) -> None:
        job_id = bench.submit()

        for _ in range(20):
            bench.run(str(job_id), _raising(KeyUnusable()))
            bench.repository.expire(job_id)

        assert bench.repository.record(job_id).claims == 0
        assert bench.repository.status(job_id).held_code == "key_unusable"
        bench.run(str(job_id), _next)
        assert bench.runtime.published() == [("ocr_platform.ocr", str(job_id))]

    def test_others_go_on_meanwhile(self, bench: Bench) -> None:
        other = bench.submit()
        bench.run(str(bench.submit()), _raising(KeyUnusable()))

        bench.run(str(other), _next)

        assert bench.runtime.published() == [("ocr_platform.ocr", str(other))]

    def test_a_helper_gives_its_pages_back(self, bench: Bench) -> None:
        job_id = bench.planned()
        bench.store.inject("probe", KeyUnusable(), times=10**6)

        def step(job: Job, _pulse: Pulse) -> HandOver | None:
            assert bench.repository.claim_pages(job, 1) == [1]
            raise KeyUnusable

        bench.help(job_id, step)

        record = bench.repository.record(job_id)
        assert not record.pages[1].leased
        assert record.held_code is None


class TestErrorsThatStay:
    @pytest.mark.parametrize("error", [DocumentDamaged(), SourceMissing("Own words.")])
    def test_they_fail_the_job_at_once(self, bench: Bench, error: PlatformError) -> None:
        job_id = bench.submit()

        bench.run(str(job_id), _raising(error))

        status = bench.repository.status(job_id)
        assert bench.tries == 1
        assert status.state is JobState.FAILED
        assert status.error
        assert (status.error.code, status.error.message) == (error.code, error.message)
        assert not bench.repository.record(job_id).leased

    def test_failed_job_leaves_nothing_in_the_bucket(self, bench: Bench) -> None:
        job_id = bench.submit()

        def step(job: Job, _pulse: Pulse) -> HandOver | None:
            bench.store.write(staging_key(job.id), b"[]", "application/json")
            bench.store.write(results_key(job.tenant, job.id, "text.txt"), b"", "text/plain")
            raise DocumentDamaged

        bench.run(str(job_id), step)

        assert bench.store.objects == {}

    def test_job_fails_even_when_nothing_can_be_cleaned_up(self, bench: Bench) -> None:
        job_id = bench.submit()
        bench.store.inject("remove_all", StorageUnavailable())

        bench.run(str(job_id), _raising(DocumentDamaged()))

        assert bench.repository.status(job_id).state is JobState.FAILED

    def test_unforeseen_error_fails_the_job_without_its_text(self, bench: Bench) -> None:
        job_id = bench.submit()

        bench.run(str(job_id), _raising(ValueError("Dear Ms Roe")))

        status = bench.repository.status(job_id)
        assert status.error
        assert status.error.code == InternalError.code
        assert "Roe" not in status.error.message

    def test_stage_that_runs_into_its_time_limit_again_and_again_fails_the_job(self, bench: Bench) -> None:
        job_id = bench.submit()

        for _ in range(8):
            bench.run(str(job_id), _raising(SoftTimeLimitExceeded()))
            bench.repository.expire(job_id)

        status = bench.repository.status(job_id)
        assert bench.tries == 6
        assert status.error
        assert status.error.code == "page_timeout"

    def test_job_that_somebody_cancelled_meanwhile_stays_cancelled(self, bench: Bench) -> None:
        job_id = bench.submit()

        def step(job: Job, _pulse: Pulse) -> HandOver | None:
            bench.repository.displace(job.id, state=JobState.CANCELLED)
            raise DocumentDamaged

        bench.run(str(job_id), step)

        assert bench.repository.status(job_id).state is JobState.CANCELLED

    def test_failure_of_a_job_that_somebody_moved_on_touches_nothing(self, bench: Bench) -> None:
        job_id = bench.submit()
        staged = staging_key(job_id)

        def overtaken(job: Job, _pulse: Pulse) -> HandOver | None:
            bench.repository.record_plan(job, FACTS, "0" * 64, DocumentFormat.PDF, 1)
            bench.store.write(staged, b"somebody else's", "application/json")
            raise DocumentDamaged

        bench.run(str(job_id), overtaken)

        assert bench.repository.status(job_id).state is JobState.RUNNING
        assert staged in bench.store.objects


class TestErrorsThatMayPass:
    def test_they_end_the_claim_and_the_next_attempt_is_later(self, bench: Bench) -> None:
        job_id = bench.submit()

        bench.run(str(job_id), _raising(StorageUnavailable()))

        record = bench.repository.record(job_id)
        assert (record.state, record.error, record.leased, record.attempts) == (JobState.RUNNING, None, False, 1)
        assert record.wait_seconds
        assert bench.runtime.published() == []

    def test_job_goes_on_where_one_passes(self, bench: Bench) -> None:
        job_id = bench.submit()
        for _ in range(2):
            bench.run(str(job_id), _raising(StorageUnavailable()))
            bench.repository.expire(job_id)

        bench.run(str(job_id), _next)

        assert [job.attempts for job in bench.jobs] == [1, 2, 3]
        assert bench.repository.status(job_id).error is None
        assert bench.runtime.published() == [("ocr_platform.ocr", str(job_id))]

    def test_each_attempt_waits_longer_and_the_sixth_fails_the_job_with_the_code(self, bench: Bench) -> None:
        job_id = bench.submit()

        waits = []
        for _ in range(8):
            bench.run(str(job_id), _raising(StorageUnavailable()))
            waits.append(bench.repository.record(job_id).wait_seconds)
            bench.repository.expire(job_id)

        status = bench.repository.status(job_id)
        assert bench.tries == 6
        assert status.state is JobState.FAILED
        assert status.error
        assert status.error.code == "storage_unavailable"
        assert waits[5:] == [None, None, None]
        for wait, longest in zip(waits[:5], (2, 8, 32, 128, 512), strict=True):
            assert wait
            assert longest / 2 <= wait <= longest

    def test_attempt_that_made_progress_is_not_the_last_one(self, bench: Bench) -> None:
        # Given a stage at its sixth attempt
        job_id = bench.planned()
        for _ in range(5):
            bench.run(str(job_id), _raising(StorageUnavailable()), stage=Stage.OCR)
            bench.repository.expire(job_id)

        # When it finishes a page, and only then S3 goes away
        def step(job: Job, _pulse: Pulse) -> HandOver | None:
            assert job.attempts == 6
            (number,) = bench.repository.claim_pages(job, 1)
            results = [PageResult(number)]
            staged = bench.store.write(staging_key(job.id), pack(results), "application/json")
            assert bench.repository.checkpoint(job, results, staged).new == 1
            raise StorageUnavailable

        bench.run(str(job_id), step, stage=Stage.OCR)

        # Then it is the first attempt since, with the first one's short wait
        record = bench.repository.record(job_id)
        assert record.state is JobState.RUNNING
        assert record.wait_seconds
        assert record.wait_seconds <= 2

    def test_lost_claim_is_no_error_of_the_job(self, bench: Bench) -> None:
        # Given a worker that was cut off, and one that took over
        job_id = bench.submit()
        newer: list[Job] = []

        def overtaken(_job: Job, _pulse: Pulse) -> HandOver | None:
            bench.repository.expire(job_id)
            newer.append(claimed(bench.repository, job_id, Stage.FETCH_DECRYPT))
            raise ClaimLost

        bench.run(str(job_id), overtaken)

        # Then the newer claim is as it was
        record = bench.repository.record(job_id)
        assert (record.state, record.leased, record.fence) == (JobState.RUNNING, True, newer[0].fence)
        assert bench.runtime.published() == []


class TestDatabaseThatDoesNotAnswer:
    def test_message_goes_back_when_nothing_is_claimed_yet(self, bench: Bench) -> None:
        job_id = bench.submit()
        bench.repository.inject("claim", DatabaseUnavailable())

        rejected = bench.run(str(job_id), _next)

        assert _goes_back(rejected)
        assert bench.tries == 0

    @pytest.mark.parametrize(
        ("method", "error"),
        [
            ("retry_later", StorageUnavailable()),
            ("retry_later", DatabaseUnavailable()),
            ("fail", DocumentDamaged()),
            ("fail", ValueError("a bug")),
            ("retry_later", SoftTimeLimitExceeded()),
        ],
    )
    def test_end_of_a_claim_that_cannot_be_written_down_is_left_to_the_reaper(
        self, bench: Bench, method: str, error: Exception
    ) -> None:
        job_id = bench.submit()
        bench.repository.inject(method, DatabaseUnavailable())

        assert bench.run(str(job_id), _raising(error)) is None

        record = bench.repository.record(job_id)
        assert (record.state, record.leased) == (JobState.RUNNING, True)

    def test_job_is_only_cleaned_up_after_once_it_has_failed(self, bench: Bench) -> None:
        job_id = bench.submit()
        bench.store.write(staging_key(job_id), b"[]", "application/json")
        bench.repository.inject("fail", DatabaseUnavailable())

        bench.run(str(job_id), _raising(DocumentDamaged()))

        assert bench.store.objects


class TestStopping:
    def test_message_that_comes_while_the_worker_stops_goes_back_unclaimed(self, bench: Bench) -> None:
        job_id = bench.submit()
        bench.runtime.shutdown.begin()

        rejected = bench.run(str(job_id), _next)

        assert _goes_back(rejected)
        assert bench.repository.record(job_id).claims == 0

    def test_malformed_message_does_not_go_back(self, bench: Bench) -> None:
        bench.runtime.shutdown.begin()

        assert bench.run("not-an-id", _next) is None

    def test_what_the_shutdown_interrupts_is_handed_back_at_no_cost_and_published(self, bench: Bench) -> None:
        job_id = bench.submit()

        def interrupted(_job: Job, pulse: Pulse) -> HandOver | None:
            pulse.interrupted = True
            raise SoftTimeLimitExceeded

        bench.run(str(job_id), interrupted)

        record = bench.repository.record(job_id)
        assert (record.state, record.leased, record.attempts) == (JobState.RUNNING, False, 0)
        assert record.wait_seconds is None
        assert bench.runtime.published() == [("ocr_platform.fetch_decrypt", str(job_id))]

    def test_interrupted_work_that_cannot_be_handed_back_is_left_to_the_reaper(self, bench: Bench) -> None:
        job_id = bench.submit()
        bench.repository.inject("hand_back", DatabaseUnavailable())

        def interrupted(_job: Job, pulse: Pulse) -> HandOver | None:
            pulse.interrupted = True
            raise SoftTimeLimitExceeded

        assert bench.run(str(job_id), interrupted) is None

        assert bench.repository.record(job_id).leased
        assert bench.runtime.published() == []

    def test_work_that_was_interrupted_after_its_claim_was_lost_wakes_nobody(self, bench: Bench) -> None:
        job_id = bench.submit()

        def interrupted(_job: Job, pulse: Pulse) -> HandOver | None:
            bench.repository.expire(job_id)
            claimed(bench.repository, job_id, Stage.FETCH_DECRYPT)
            pulse.interrupted = True
            raise SoftTimeLimitExceeded

        bench.run(str(job_id), interrupted)

        assert bench.repository.record(job_id).leased
        assert bench.runtime.published() == []


class TestHelpers:
    @pytest.mark.parametrize(
        "error",
        [
            DocumentDamaged(),
            StorageUnavailable(),
            EngineMissing(),
            ClaimLost(),
            ValueError("a bug"),
            SoftTimeLimitExceeded(),
        ],
    )
    def test_their_errors_never_fail_the_job(self, bench: Bench, error: Exception) -> None:
        # Given a worker has the job, and a helper some of its pages
        job_id = bench.planned()
        job = claimed(bench.repository, job_id, Stage.OCR)

        def step(helping: Job, _pulse: Pulse) -> HandOver | None:
            bench.repository.claim_pages(helping, 1)
            raise error

        assert bench.help(job_id, step) is None

        record = bench.repository.record(job_id)
        assert (record.state, record.leased, record.fence, record.attempts) == (JobState.RUNNING, True, job.fence, 1)
        assert bench.runtime.published() == []

    @pytest.mark.parametrize(
        "error",
        [
            DocumentDamaged(),
            StorageUnavailable(),
            ValueError("a bug"),
            SoftTimeLimitExceeded(),
        ],
    )
    def test_their_pages_are_free_at_once(self, bench: Bench, error: Exception) -> None:
        job_id = bench.planned()
        job = claimed(bench.repository, job_id, Stage.OCR)

        def step(helping: Job, _pulse: Pulse) -> HandOver | None:
            bench.repository.claim_pages(helping, 1)
            raise error

        bench.help(job_id, step)

        assert bench.repository.claim_pages(job, 2) == [1, 2]

    def test_helper_that_the_shutdown_interrupts_gives_its_pages_back_and_wakes_nobody(self, bench: Bench) -> None:
        job_id = bench.planned()

        def interrupted(helping: Job, pulse: Pulse) -> HandOver | None:
            bench.repository.claim_pages(helping, 2)
            pulse.interrupted = True
            raise SoftTimeLimitExceeded

        bench.help(job_id, interrupted)

        assert not any(page.holder for page in bench.repository.record(job_id).pages.values())
        assert bench.runtime.published() == []

    def test_offer_for_a_job_that_needs_no_help_is_dropped(self, bench: Bench) -> None:
        bench.help(bench.submit(), _next)

        assert bench.tries == 0

    def test_helper_that_did_the_last_page_hands_over(self, bench: Bench) -> None:
        job_id = bench.planned()

        bench.help(job_id, lambda *_: HandOver(Stage.ENCRYPT_UPLOAD))

        assert bench.runtime.published() == [("ocr_platform.encrypt_upload", str(job_id))]


class TestBackoff:
    @given(st.integers(1, 100), st.floats(0.001, 600))
    def test_it_lies_between_half_and_all_of_what_is_meant_and_never_above_ten_minutes(
        self, attempts: int, base: float
    ) -> None:
        meant = min(600.0, base * 4.0 ** (attempts - 1))

        assert meant / 2 <= backoff_seconds(attempts, base) <= meant <= 600.0

    def test_it_grows_fourfold(self) -> None:
        assert [
            max(backoff_seconds(attempts, 2.0) for _ in range(200)) > 1.9 * 4 ** (attempts - 1)
            for attempts in (1, 2, 3)
        ]

    def test_jobs_that_failed_together_come_back_apart(self) -> None:
        assert len({backoff_seconds(1, 2.0) for _ in range(50)}) > 40


def test_lines_of_a_stage_carry_the_job_and_never_the_text(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    job_id = bench.submit()
    caplog.handler.setFormatter(JsonFormatter())

    with caplog.at_level(logging.INFO, "ocr_platform"):
        bench.run(str(job_id), _raising(ValueError("Dear Ms Roe")))

    lines = [json.loads(line) for line in caplog.text.splitlines() if '"ocr_platform' in line]
    assert [line["event"] for line in lines][:2] == ["stage_crashed", "job_failed"]
    assert {line["job_id"] for line in lines} == {str(job_id)}
    assert "Roe" not in caplog.text
