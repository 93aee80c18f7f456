"""Any order of claims, checkpoints, ends and lapses, against a model of what should come of it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine, delete

from ocr_platform.db.claims import ClaimTerms
from ocr_platform.db.reaping import ReaperLog
from ocr_platform.db.repository import JobRepository
from ocr_platform.db.tables import JobRow
from ocr_platform.errors import ClaimLost
from ocr_platform.models import Job, Progress, Stage
from tests.integration.db.support import expire, job_in, page, pages_of, row_of, stored

NEVER_SPENT = ClaimTerms(max_attempts=10_000, max_claims=10_000)


@dataclass
class Page:
    """A page as the model has it."""

    holder: UUID | None = None
    lapsed: bool = False
    staged: str | None = None

    def free_for(self, hand: Job) -> bool:
        return self.staged is None and (self.holder in (None, hand.holder) or self.lapsed)


class PageMachine(RuleBasedStateMachine):
    """One job in `ocr`, and everybody who works, or worked, on it."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine = engine
        self.repository = JobRepository(engine, NEVER_SPENT)
        self.log = ReaperLog(engine, NEVER_SPENT)
        self.hands: list[Job] = []
        self.pages: dict[int, Page] = {}
        self.newest: Job | None = None  # the claim that counts
        self.leased = False  # somebody has the job, by its row
        self.lapsed = False
        self.moved = 0

    @initialize(count=st.integers(1, 12))
    def plan(self, count: int) -> None:
        self.job_id = job_in(self.engine, Stage.OCR, pages=count)
        self.pages = {number: Page() for number in range(1, count + 1)}

    def teardown(self) -> None:
        # Nothing of one run is there in the next: the reaper would find it.
        with self.engine.begin() as connection:
            connection.execute(delete(JobRow))

    @property
    def left(self) -> int:
        return sum(each.staged is None for each in self.pages.values())

    def may_work(self, hand: Job) -> bool:
        return self.left > 0 and (hand.fence is None or hand is self.newest)

    @rule()
    def claim(self) -> None:
        job = self.repository.claim(self.job_id, Stage.OCR)
        assert (job is not None) == (self.left > 0 and (not self.leased or self.lapsed))
        if job is not None:
            self.newest, self.leased, self.lapsed = job, True, False
            self.hands.append(job)

    @rule()
    def help(self) -> None:
        job = self.repository.assist(self.job_id)
        assert (job is not None) == (self.left > 0)
        if job is not None:
            self.hands.append(job)

    @precondition(lambda self: self.hands)
    @rule(data=st.data(), limit=st.integers(1, 5))
    def take(self, data: Any, limit: int) -> None:
        hand = data.draw(st.sampled_from(self.hands))
        expected = [number for number, each in self.pages.items() if each.free_for(hand)][:limit]
        try:
            numbers = self.repository.claim_pages(hand, limit)
        except ClaimLost:
            assert not self.may_work(hand)
            return
        assert self.may_work(hand)
        assert numbers == expected
        for number in numbers:
            self.pages[number] = Page(hand.holder)

    @precondition(lambda self: self.hands)
    @rule(data=st.data())
    def checkpoint(self, data: Any) -> None:
        hand = data.draw(st.sampled_from(self.hands))
        held = [number for number, each in self.pages.items() if each.holder == hand.holder]
        others = st.sets(st.sampled_from(list(self.pages)), max_size=2)
        numbers = data.draw(st.sets(st.sampled_from(held)) if held else st.just(set())) | data.draw(others)
        staged = stored()
        try:
            progress = self.repository.checkpoint(hand, [page(number) for number in numbers], staged)
        except ClaimLost:
            assert not self.may_work(hand)
            return
        assert self.may_work(hand)
        new = [number for number in numbers if self.pages[number].holder == hand.holder]
        for number in new:
            self.pages[number] = Page(staged=staged.key)
        assert progress == Progress(len(new), self.left, moved=self.left == 0)
        if progress.moved:
            self.moved += 1
            self.newest, self.leased, self.lapsed = None, False, False

    @precondition(lambda self: self.hands)
    @rule(data=st.data(), failed=st.booleans())
    def end(self, data: Any, failed: bool) -> None:
        hand = data.draw(st.sampled_from(self.hands))
        counted = hand.fence is not None and hand is self.newest and self.left > 0
        ended = self.repository.retry_later(hand, lambda _: 0) if failed else self.repository.hand_back(hand)
        assert ended is counted
        for each in self.pages.values():
            if each.holder == hand.holder:
                each.holder, each.lapsed = None, False
        if counted:
            self.newest, self.leased, self.lapsed = None, False, False

    @precondition(lambda self: self.hands)
    @rule(data=st.data())
    def renew(self, data: Any) -> None:
        hand = data.draw(st.sampled_from(self.hands))
        try:
            self.repository.renew(hand)
        except ClaimLost:
            assert hand.fence is not None
            assert not self.may_work(hand)
            return
        if hand.fence is not None:
            assert self.may_work(hand)
            self.lapsed = False
        for each in self.pages.values():
            each.lapsed = each.lapsed and each.holder != hand.holder

    @rule()
    def lapse(self) -> None:
        expire(self.engine, self.job_id)
        self.lapsed = self.leased
        for each in self.pages.values():
            each.lapsed = each.holder is not None

    @rule()
    def reap(self) -> None:
        found = [woken.job_id for woken in self.log.lost(10)]
        assert found == ([self.job_id] if self.lapsed else [])
        if found:
            self.newest, self.leased, self.lapsed = None, False, False

    @invariant()
    def what_is_stored_is_what_the_model_has(self) -> None:
        if not self.pages:
            return
        rows = pages_of(self.engine, self.job_id)
        row = row_of(self.engine, self.job_id)
        pending = [each.number for each in rows if each.state == "pending"]
        assert row.pages_left == len(pending) == self.left
        assert pending == [number for number, each in self.pages.items() if each.staged is None]
        assert {each.number: each.staged and each.staged["key"] for each in rows} == {
            number: each.staged for number, each in self.pages.items()
        }
        assert {each.number: each.holder for each in rows} == {n: each.holder for n, each in self.pages.items()}
        assert row.stage == (Stage.OCR if self.left else Stage.ENCRYPT_UPLOAD)
        assert self.moved == (self.left == 0)
        assert (row.lease_until is not None) is self.leased
        assert row.attempts >= 0


def test_pages_are_never_lost_and_never_done_twice_in_any_order(engine: Engine) -> None:
    unhurried = settings(
        max_examples=60,
        stateful_step_count=40,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )

    class OnThisDatabase(PageMachine):
        def __init__(self) -> None:
            super().__init__(engine)

    run_state_machine_as_test(OnThisDatabase, settings=unhurried)
