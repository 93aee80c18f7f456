"""A submission happens once, whoever calls how often, and its message is stored with it."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from ocr_platform.db import queries, submission
from ocr_platform.db.reaping import ReaperLog
from ocr_platform.db.tables import JobRow, OutboxRow
from ocr_platform.errors import TokenConflict
from ocr_platform.models import JobOptions, JobState, OutputFormat, SourceRef, Stage
from ocr_platform.workflow import PROTOCOL_VERSION
from tests.integration.db.support import at_once, count, counted_statements, everything, in_transaction, request, row_of

NOW = timedelta(0)


def test_a_job_is_stored_with_its_first_message(engine: Engine, log: ReaperLog) -> None:
    stored = submission.submit(engine, request(tenant="clinic"))

    assert log.unpublished(NOW, 10) == [(stored.outbox_id, stored.job_id, Stage.FETCH_DECRYPT)]
    status = queries.statuses(engine, [stored.job_id])[stored.job_id]
    assert (status.tenant, status.state, status.stage) == ("clinic", JobState.QUEUED, Stage.FETCH_DECRYPT)
    row = row_of(engine, stored.job_id)
    assert (row.protocol, row.source_size, row.options) == (PROTOCOL_VERSION, 1000, JobOptions().as_dict())
    assert (row.attempts, row.claims, row.fence, row.lease_until) == (0, 0, 0, None)


def test_a_submission_is_one_statement(engine: Engine) -> None:
    with counted_statements(engine) as sent:
        submission.submit(engine, request(client_token="a"))

    assert len(sent) == 1


def test_a_published_message_is_forgotten(engine: Engine, log: ReaperLog) -> None:
    first, second = (submission.submit(engine, request()) for _ in range(2))
    assert first.outbox_id is not None

    submission.published(engine, first.outbox_id)

    assert log.unpublished(NOW, 10) == [(second.outbox_id, second.job_id, Stage.FETCH_DECRYPT)]


def test_the_same_token_again_gives_the_same_job_and_no_message(engine: Engine) -> None:
    first = submission.submit(engine, request(client_token="a"))
    before = everything(engine)

    second = submission.submit(engine, request(client_token="a"))

    assert (second.job_id, second.outbox_id) == (first.job_id, None)
    assert everything(engine) == before


def test_the_same_token_gives_the_same_job_when_that_has_moved_on(engine: Engine) -> None:
    first = submission.submit(engine, request(client_token="a"))
    assert first.outbox_id is not None
    submission.published(engine, first.outbox_id)

    assert submission.submit(engine, request(client_token="a")).job_id == first.job_id
    assert count(engine, OutboxRow) == 0


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"options": JobOptions(("deu",))}, id="other languages"),
        pytest.param({"options": JobOptions(formats=(OutputFormat.TEXT,))}, id="other formats"),
        pytest.param({"source": SourceRef("bucket", "uploads/a", "version-2")}, id="another version"),
        pytest.param({"source": SourceRef("bucket", "uploads/b", "version-1")}, id="another key"),
        pytest.param({"source": SourceRef("elsewhere", "uploads/a", "version-1")}, id="another bucket"),
    ],
)
def test_a_token_for_another_request_is_a_conflict_and_stores_nothing(
    changed: dict[str, object], engine: Engine
) -> None:
    submission.submit(engine, request(client_token="a"))
    before = everything(engine)

    with pytest.raises(TokenConflict):
        submission.submit(engine, request(client_token="a", **changed))

    assert everything(engine) == before


def test_tenants_do_not_share_tokens(engine: Engine) -> None:
    jobs = {submission.submit(engine, request(tenant=name, client_token="a")).job_id for name in ("one", "two")}

    assert len(jobs) == 2


def test_submissions_without_a_token_are_different_jobs(engine: Engine) -> None:
    assert len({submission.submit(engine, request()).job_id for _ in range(3)}) == 3


def test_twenty_submissions_at_once_with_one_token_are_one_job(crowd: Engine) -> None:
    for token in "abcde":
        given = at_once(*(lambda: submission.submit(crowd, request(client_token=token)) for _ in range(20)))  # noqa: B023

        assert len({stored.job_id for stored in given}) == 1
        assert sum(stored.outbox_id is not None for stored in given) == 1
    assert (count(crowd, JobRow), count(crowd, OutboxRow)) == (5, 5)


def test_of_two_requests_at_once_with_one_token_one_is_stored_and_the_other_refused(crowd: Engine) -> None:
    def submit(languages: str) -> bool:
        try:
            submission.submit(crowd, request(client_token="a", options=JobOptions((languages,))))
        except TokenConflict:
            return False
        return True

    accepted = at_once(*(lambda name=name: submit(name) for name in ("eng", "deu") * 5))

    stored = everything(crowd)
    assert accepted.count(True) == 5
    assert (len(stored["jobs"]), len(stored["outbox"])) == (1, 1)


def test_who_comes_while_the_first_is_in_its_transaction_waits_and_gets_that_job(crowd: Engine) -> None:
    # Given a submission in an application's transaction that is still open
    with in_transaction(crowd) as connection:
        first = submission.submit_on(connection, request(client_token="a"))

        def commit() -> submission.Submitted:
            connection.commit()
            return first

        ends = at_once(lambda: submission.submit(crowd, request(client_token="a")), commit)

    assert {end.job_id for end in ends} == {first.job_id}
    assert ends[0].outbox_id is None


def test_who_comes_while_the_first_rolls_back_stores_the_job(crowd: Engine) -> None:
    with in_transaction(crowd) as connection:
        first = submission.submit_on(connection, request(client_token="a"))

        def roll_back() -> submission.Submitted:
            connection.rollback()
            return first

        second, _ = at_once(lambda: submission.submit(crowd, request(client_token="a")), roll_back)

    assert second.job_id != first.job_id
    assert second.outbox_id is not None
    assert (count(crowd, JobRow), count(crowd, OutboxRow)) == (1, 1)


def test_a_conflict_leaves_an_applications_transaction_usable(engine: Engine, plain_engine: Engine) -> None:
    submission.submit(engine, request(client_token="a"))

    with plain_engine.begin() as connection:
        with pytest.raises(TokenConflict):
            submission.submit_on(connection, request(client_token="a", options=JobOptions(("deu",))))
        other = submission.submit_on(connection, request(client_token="b"))

    assert row_of(engine, other.job_id).client_token == "b"


def test_a_submission_on_a_plain_cursor_is_part_of_its_transaction(plain_engine: Engine) -> None:
    # Given psycopg2 itself, as an application without SQLAlchemy has it
    raw = plain_engine.raw_connection()
    cursor = raw.cursor()

    submission.submit_with(cursor, request(client_token="a"))
    raw.rollback()
    kept = submission.submit_with(cursor, request(client_token="a"))
    again = submission.submit_with(cursor, request(client_token="a"))
    raw.commit()
    raw.close()

    assert again == submission.Submitted(kept.job_id, None)
    assert (count(plain_engine, JobRow), count(plain_engine, OutboxRow)) == (1, 1)
