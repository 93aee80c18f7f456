"""A sentence that stands in one document alone is found, after the run, in its results and nowhere else."""

import base64
import secrets
import tempfile
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
import redis

from ocr_platform import Client, JobState
from ocr_platform.local.servers import HOST
from ocr_platform.local.stack import LocalStack
from ocr_platform.sandbox.limits import memory_dir
from tests.canary import VOCABULARY, files, traces
from tests.data import scan_page
from tests.places import Flower, Monitor, postgres_dump, redis_file, redis_keys

_MOST_JOBS = 30


@pytest.fixture
def redis_admin(stack: LocalStack) -> Iterator[redis.Redis]:
    login = stack.redis_admin
    with redis.Redis(HOST, stack.redis_port, username=login.user, password=login.password) as connection:
        yield connection


def test_a_unique_sentence_is_found_in_the_results_and_nowhere_else(
    stack: LocalStack, redis_admin: redis.Redis
) -> None:
    words = tuple(secrets.SystemRandom().sample(VOCABULARY, 4))
    sentence = " ".join(words)
    started = time.time() - 1
    page = BytesIO()
    scan_page(f"Dear reader,\n\nThe secret of this letter is {sentence}.\n" * 8, seed=1).save(page, "PNG")
    client = Client(stack.settings)
    flower = Flower(stack.flower_url, stack.flower_login)

    with Monitor(redis_admin) as monitor:
        jobs = [client.submit(client.upload(BytesIO(page.getvalue()))) for _ in range(3)]
        states = [client.wait(job_id, 120).state for job_id in jobs]
        # Flower asks the workers for events every few seconds, and shows what they do from then on.
        while str(jobs[-1]).encode() not in flower.page("/api/tasks?limit=10000"):
            assert len(jobs) < _MOST_JOBS
            jobs.append(client.submit(client.upload(BytesIO(page.getvalue()))))
            states.append(client.wait(jobs[-1], 120).state)
            time.sleep(1)  # the last events reach Flower
    assert set(states) == {JobState.SUCCEEDED}
    assert sentence in " ".join(client.result(jobs[0]).text.split())
    assert traces(client.result(jobs[0]).read("json"), words) == list(words)
    client.close()

    assert str(jobs[0]).encode() in monitor.seen  # it did listen
    places = {
        "Redis' keys": redis_keys(redis_admin),
        "MONITOR": monitor.seen,
        "the RDB file": redis_file(redis_admin, stack.directory.path / "redis"),
        "Flower": flower.everything(),
        "Postgres": postgres_dump(HOST, stack.database_port, stack.database_login, "ocr_platform"),
        "logs and every other file": files(
            stack.directory.path, memory_dir(), Path(tempfile.gettempdir()), since=started
        ),
    }
    found = {place: traces(content, words) for place, content in places.items()}
    assert not any(found.values()), found


def test_the_search_finds_what_is_there(stack: LocalStack, redis_admin: redis.Redis) -> None:
    words = ("armadillo", "marzipan")
    started = time.time() - 1
    planted = stack.temp / "planted"

    with Monitor(redis_admin) as monitor:
        redis_admin.set("planted", base64.b64encode(b"x armadillo and Marzipan"))
        redis_admin.set("planted too", "ARMADILLO marzipan")
    planted.write_text("armadillo marzipan")

    assert traces(redis_keys(redis_admin), words) == list(words)
    assert traces(monitor.seen, words) == list(words)
    assert traces(redis_file(redis_admin, stack.directory.path / "redis"), words) == list(words)
    assert traces(files(stack.directory.path, since=started), words) == list(words)
    redis_admin.delete("planted", "planted too")
    planted.unlink()
    redis_admin.save()


@pytest.mark.parametrize("pad", range(3))
def test_the_search_sees_through_base64(pad: int) -> None:
    assert traces(base64.b64encode(b"." * pad + b"an armadillo there"), ("armadillo", "flamingo")) == ["armadillo"]
