"""A process, or a thread, that ends by an error says so in one line, which quotes nothing."""

import json
import subprocess
import sys
from typing import Any

LETTER = "Dear Ms Roe, your diagnosis"
_PREPARED = """
import sys, threading, warnings, logging, traceback
from ocr_platform.monitoring.crashes import log_crashes, redact_crashes
from ocr_platform.monitoring.logging import configure_logging
from ocr_platform.monitoring.redaction import learn
learn("settings", "swordfish-17")
"""
_SERVICE = _PREPARED + "configure_logging('INFO')\nlog_crashes()\n"


def _run(program: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout == ""
    return done.returncode, done.stderr


def _lines(program: str) -> list[dict[str, Any]]:
    told = _run(_SERVICE + program)[1]
    assert "Roe" not in told
    assert "swordfish" not in told
    return [json.loads(line) for line in told.splitlines()]


def test_process_that_ends_by_an_error() -> None:
    (line,) = _lines(f"raise ValueError({LETTER!r})")

    assert (line["event"], line["level"]) == ("process_crashed", "CRITICAL")
    assert line["error"][0]["kind"] == "builtins.ValueError"
    assert line["error"][0]["at"]


def test_process_that_ends_by_an_error_ends_with_its_code() -> None:
    assert _run(_SERVICE + "raise ValueError")[0] == 1


def test_thread_that_ends_by_an_error() -> None:
    (line,) = _lines(
        f"""
def work():
    raise ValueError({LETTER!r})
thread = threading.Thread(target=work, name="heart")
thread.start()
thread.join()
"""
    )

    assert (line["event"], line["in_thread"]) == ("thread_crashed", "heart")
    assert line["error"][0]["kind"] == "builtins.ValueError"


def test_thread_that_ends_itself_is_no_crash() -> None:
    assert _lines("thread = threading.Thread(target=sys.exit)\nthread.start()\nthread.join()") == []


def test_error_that_python_can_raise_nowhere() -> None:
    (line,) = _lines(
        f"""
class Odd:
    def __del__(self):
        raise ValueError({LETTER!r})
Odd()
"""
    )

    assert line["event"] == "error_ignored"


def test_warning_is_told_by_kind_and_place() -> None:
    # Celery warns with the whole traceback of what went wrong outside of a task's body
    (line,) = _lines(f"warnings.warn(RuntimeWarning({LETTER!r}))")

    assert (line["event"], line["kind"], line["at"]) == ("warning", "builtins.RuntimeWarning", line["at"])
    assert line["at"].startswith("<string>:")


def test_line_that_cannot_be_formatted_is_told_of_without_its_content() -> None:
    (line,) = _lines(
        f"""
class Odd:
    def __str__(self):
        raise ValueError({LETTER!r})
logging.getLogger("ocr_platform.test").warning("event", extra={{"text": {LETTER!r}, "odd": Odd()}})
"""
    )

    assert line == {"event": "line_not_logged", "logger": "ocr_platform.test", "kind": "builtins.ValueError"}


def test_what_a_library_prints_is_redacted() -> None:
    told = _run(_SERVICE + "print('signed with swordfish-17', file=sys.stderr)")[1]

    assert told == "signed with [secret]\n"


def test_traceback_of_a_command_for_people_has_its_text_and_no_secret() -> None:
    code, told = _run(_PREPARED + "redact_crashes()\nraise ValueError('the password swordfish-17 is wrong')")

    assert code == 1
    assert told.startswith("Traceback")
    assert told.endswith("ValueError: the password [secret] is wrong\n")
