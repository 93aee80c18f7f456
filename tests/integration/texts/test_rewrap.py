"""Data keys go over to another KMS key; no text is touched, and whatever happens on the way, nothing is lost."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from ocr_platform.errors import KeyUnusable, KmsUnavailable
from ocr_platform.security.rewrap import Report, rewrap
from tests.acceptance.helpers import run
from tests.faults.answers import kms_error
from tests.faults.http_wire import HttpWire
from tests.faults.proxy import FaultProxy
from tests.faults.rules import Answer
from tests.integration.texts.conftest import TEXTS, Texts


def rotated(texts: Texts, new: str, **changed: str) -> dict[str, str]:
    """The settings of an installation whose key is another one now."""
    return {"KMS_KEY_ID": new, "OCR_FORMER_KMS_KEYS": texts.servers.aws.kms_key_id, **changed}


def move(texts: Texts, settings: dict[str, str], parallel: int = 8) -> Report:
    services = texts.installation(**settings)
    return rewrap(services.texts, services.sealer, settings["KMS_KEY_ID"], parallel=parallel)


def test_every_text_opens_under_the_new_key_and_was_not_touched(texts: Texts, new_key: Callable[[], str]) -> None:
    jobs, new = [texts.done() for _ in range(5)], new_key()
    before = texts.sql("SELECT CAST(t AS text) FROM page_texts t ORDER BY 1")

    report = move(texts, rotated(texts, new))

    assert report == Report(rewrapped=5)
    assert texts.sql("SELECT CAST(t AS text) FROM page_texts t ORDER BY 1") == before
    assert texts.sql("SELECT DISTINCT kms_key_id FROM text_keys WHERE rewrapped_at IS NOT NULL") == [new]
    # The old key is needed no more, and an installation that knows the old one alone opens nothing
    assert {texts.result(job, KMS_KEY_ID=new).page_texts for job in jobs} == {TEXTS}
    with pytest.raises(KeyUnusable):
        _ = texts.result(jobs[0]).page_texts


def test_before_that_both_keys_open_what_they_wrapped(texts: Texts, new_key: Callable[[], str]) -> None:
    settings = rotated(texts, new_key())
    old, new = texts.done(), texts.done(runtime=texts.installation(**settings))

    assert [texts.result(job, **settings).page_texts for job in (old, new)] == [TEXTS, TEXTS]
    with pytest.raises(KeyUnusable):
        _ = texts.result(new).page_texts


def test_a_second_run_finds_nothing_to_do(texts: Texts, new_key: Callable[[], str]) -> None:
    texts.done()
    settings = rotated(texts, new_key())

    assert [move(texts, settings).rewrapped for _ in range(2)] == [1, 0]


def test_two_runs_at_once_and_an_erasure_harm_nothing(texts: Texts, new_key: Callable[[], str]) -> None:
    jobs, settings = [texts.done() for _ in range(20)], rotated(texts, new_key())
    doomed, barrier = jobs[::4], threading.Barrier(3)

    def begin(act: Callable[[], Report | None]) -> Report | None:
        barrier.wait()
        return act()

    def erase() -> None:
        for job_id in doomed:
            texts.runtime.texts.erase(job_id)

    with ThreadPoolExecutor(3) as pool:
        first, second, _ = pool.map(begin, [lambda: move(texts, settings), lambda: move(texts, settings), erase])

    assert first is not None
    assert second is not None
    assert 15 <= first.rewrapped + second.rewrapped <= 20
    assert first.left == second.left == {}
    assert {texts.result(job, **settings).page_texts for job in jobs if job not in doomed} == {TEXTS}
    assert texts.rows()[0] == 15


def test_a_key_that_is_not_its_jobs_is_named_and_holds_up_no_other(texts: Texts, new_key: Callable[[], str]) -> None:
    jobs, new = [texts.done() for _ in range(4)], new_key()
    texts.sql("UPDATE text_keys SET wrapped = set_byte(wrapped, 40, 1) WHERE job_id = :id", id=jobs[0])
    texts.set(jobs[1], tenant="elsewhere")

    report = move(texts, rotated(texts, new))

    assert report.rewrapped == 2
    assert report.failed == dict.fromkeys(jobs[:2], "text_not_authentic")
    assert report.left == {texts.servers.aws.kms_key_id: 2}


def test_a_key_that_may_not_be_used_is_asked_about_once(texts: Texts, new_key: Callable[[], str]) -> None:
    for _ in range(30):
        texts.done()
    foreign = "arn:aws:kms:eu-central-1:123456789012:key/somebody-elses"
    texts.sql("UPDATE text_keys SET kms_key_id = :foreign", foreign=foreign)

    report = move(texts, rotated(texts, new_key()), parallel=1)

    assert (report.rewrapped, report.failed, list(report.refused)) == (0, {}, [foreign])
    assert "neither KMS_KEY_ID nor in OCR_FORMER_KMS_KEYS" in report.refused[foreign]
    assert report.left == {foreign: 30}


def test_a_run_that_kms_breaks_off_is_ended_by_the_next(texts: Texts, new_key: Callable[[], str]) -> None:
    jobs = [texts.done() for _ in range(6)]
    settings = rotated(texts, new_key())
    with FaultProxy(int(texts.servers.aws.endpoint_url.rpartition(":")[2]), HttpWire) as way:
        busy = way.on(rb"TrentService.ReEncrypt", Answer(kms_error("ThrottlingException")), skip=3)
        with pytest.raises(KmsUnavailable):
            move(texts, settings | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{way.port}"}, parallel=1)
        assert busy.hits >= 3

    assert texts.sql("SELECT count(*) FROM text_keys WHERE rewrapped_at IS NOT NULL") == [3]
    assert move(texts, settings) == Report(rewrapped=3)
    assert {texts.result(job, **settings).page_texts for job in jobs} == {TEXTS}


class TestCommand:
    def environment(self, texts: Texts, new: str) -> dict[str, str]:
        return texts.servers.environment | rotated(texts, new)

    def test_it_says_what_is_to_do_then_does_it(self, texts: Texts, new_key: Callable[[], str]) -> None:
        jobs, new, old = [texts.done() for _ in range(3)], new_key(), texts.servers.aws.kms_key_id
        environment = self.environment(texts, new)

        planned = run("rewrap", "--dry-run", "--json", environment=environment)
        done = run("rewrap", environment=environment)
        again = run("rewrap", "--json", environment=environment)

        assert (planned.code, done.code, again.code) == (1, 0, 0)
        assert planned.lines[0]["left"] == {old: 3}
        assert done.out == f"rewrapped 3\nAll data keys are under {new}.\n"
        nothing = {"rewrapped": 0, "skipped": 0, "failed": {}, "refused": {}, "left": {}}
        assert again.lines == [nothing]
        assert texts.result(jobs[0], KMS_KEY_ID=new).page_texts == TEXTS

    def test_it_names_what_it_could_not_move(self, texts: Texts, new_key: Callable[[], str]) -> None:
        (job_id,) = [texts.done()]
        texts.set(job_id, tenant="elsewhere")
        environment = self.environment(texts, new_key())

        for_people = run("rewrap", environment=environment)
        for_programs = run("rewrap", "--json", environment=environment)

        assert (for_people.code, for_programs.code) == (1, 1)
        assert f"failed    {job_id}  text_not_authentic" in for_people.out
        failed = json.loads(for_programs.out)["failed"]
        assert {UUID(name): code for name, code in failed.items()} == {job_id: "text_not_authentic"}
