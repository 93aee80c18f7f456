"""In production mode, after all that may happen to a document, its words and the secrets are nowhere to be seen."""

import json
import secrets
import time
from collections.abc import Callable

import pytest

from tests.canary import traces
from tests.places import Monitor, ProcessViews
from tests.secrecy.installation import Installation, look_everywhere
from tests.secrecy.planting import PLANTS
from tests.secrecy.run import WORDS, Evidence

PLACES = (
    *("Redis' keys", "MONITOR", "the RDB file", "pg_dump", "logs", "Flower", "inspect"),
    *("files", "environments", "command lines"),
)


@pytest.mark.parametrize("place", PLACES)
def test_no_word_of_the_document_and_no_secret_is_in(place: str, evidence: Evidence) -> None:
    content = evidence.places[place]

    assert len(content) > 100  # it was looked at
    assert traces(content, WORDS) == []
    assert traces(content, evidence.secrets) == []


def test_every_place_was_searched(evidence: Evidence) -> None:
    assert set(evidence.places) == set(PLACES)


def test_all_that_was_to_happen_did(evidence: Evidence) -> None:
    events = [json.loads(line)["event"] for line in evidence.log if line.startswith("{")]
    failed = [task for task in evidence.tasks.values() if task["state"] == "FAILURE"]

    assert set(evidence.states) == {"succeeded"}
    assert set(WORDS) <= set(evidence.text.replace(".", "").split())
    assert "stage_retried" in events
    assert "task_crashed" in events
    assert any("signal 9 (SIGKILL)" in line for line in evidence.log)
    assert any(event.startswith("Hard time limit (8") for event in events)
    # Flower was told of the error that quoted the document, and of the hard time limit
    assert any(task["exception"].startswith("InternalError(") for task in failed)
    assert any("TimeLimitExceeded" in task["traceback"] for task in failed)
    assert any(evidence.active.values())
    assert all(len(task["args"]) < 60 for task in evidence.tasks.values() if task["args"])


def test_sandboxes_and_all_processes_were_looked_at(evidence: Evidence) -> None:
    seen = evidence.places["command lines"]

    assert b"ocr_platform.sandbox.host" in seen
    for command in (b"worker", b"beat", b"flower"):
        assert command in seen


@pytest.mark.usefixtures("evidence")  # what is planted comes after what is looked for
@pytest.mark.parametrize("place", PLANTS)
def test_the_search_finds_what_is_planted_in(place: str, installed: Installation) -> None:
    canary = "Planted" + secrets.token_hex(8)
    with installed.redis_admin() as admin, Monitor(admin) as monitor, PLANTS[place](installed, canary):
        views = installed.views()
        look = look_everywhere(installed, monitor, views)[place.partition(",")[0]]
        ends = time.monotonic() + 10  # an event reaches Flower in a moment
        while not (found := _looked(look, views, canary)) and time.monotonic() < ends:
            time.sleep(0.1)

    assert found == [canary]


def _looked(look: Callable[[], bytes], views: ProcessViews, canary: str) -> list[str]:
    views.look()
    return traces(look(), [canary])
