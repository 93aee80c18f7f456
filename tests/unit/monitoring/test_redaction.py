"""What a process has loaded as a secret is in none of its lines, in whatever form."""

import base64
import io
import json
import logging
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from ocr_platform.monitoring import redaction
from ocr_platform.monitoring.logging import JsonFormatter
from ocr_platform.monitoring.redaction import KEPT, SHOWN, Secrets, SecretsFilter

PASSWORD = 'pa/ss+wo rd"\\ünd'
KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Secrets:
    """A process that has loaded nothing yet."""
    fresh = Secrets()
    monkeypatch.setattr("ocr_platform.monitoring.logging.knows", fresh.knows)
    monkeypatch.setattr("ocr_platform.monitoring.logging.redact", fresh.redact)
    monkeypatch.setattr(redaction, "redact", fresh.redact)
    return fresh


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What a logger called `test` writes in the platform's format."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    log = logging.getLogger("ocr_platform.test")
    log.addHandler(handler)
    log.propagate = False
    yield stream
    log.removeHandler(handler)
    log.propagate = True


log = logging.getLogger("ocr_platform.test")


@pytest.mark.parametrize("secret", [PASSWORD, KEY])
@pytest.mark.parametrize(
    "form",
    [
        str,
        repr,
        json.dumps,
        lambda value: json.dumps(value, ensure_ascii=False),
        quote,
        quote_plus,
        lambda value: quote(value, safe=""),
        lambda value: f"postgresql://owner:{quote(value, safe='')}@host/name",
    ],
)
def test_secret_is_taken_out_of_message_field_and_object(
    secret: str, form: Callable[[str], str], secrets: Secrets, written: io.StringIO
) -> None:
    secrets.learn("settings", [secret])
    shown = form(secret)

    log.warning("met %s there", shown, extra={"field": shown})

    line = json.loads(written.getvalue())
    assert secrets.redact(shown) != shown
    assert SHOWN in line["event"]
    assert line["event"].endswith(" there")
    assert SHOWN in line["field"]
    assert not any(known in line["event"] or known in line["field"] for known in secrets._forms)


def test_secret_is_taken_out_of_objects(secrets: Secrets, written: io.StringIO) -> None:
    secrets.learn("settings", [KEY])

    log.warning("met %s", {"key": KEY}, extra={"list": [KEY], "path": Path(KEY)})

    assert KEY not in written.getvalue()
    assert json.loads(written.getvalue())["list"] == f"['{SHOWN}']"


@pytest.mark.parametrize("before", ["", "u", "us", "user:"])
@pytest.mark.parametrize("after", ["", "@", ":more"])
@pytest.mark.parametrize("alphabet", [base64.b64encode, base64.urlsafe_b64encode])
def test_secret_is_taken_out_of_base64_whatever_stands_around_it(
    before: str, after: str, alphabet: Callable[[bytes], bytes], secrets: Secrets
) -> None:
    secrets.learn("flower", [KEY])
    header = alphabet(f"{before}{KEY}{after}".encode()).decode()

    told = secrets.redact(f"Authorization: Basic {header}")

    left = told.removeprefix("Authorization: Basic ").replace(SHOWN, "")
    assert SHOWN in told
    assert len(left) <= len(base64.b64encode((before + after).encode())) + 4


def test_text_of_the_platforms_own_errors_is_redacted_too(secrets: Secrets, written: io.StringIO) -> None:
    from ocr_platform.errors import CredentialsUnavailable

    secrets.learn("settings", [KEY])
    try:
        raise CredentialsUnavailable(f"somebody quoted {KEY}")
    except CredentialsUnavailable:
        log.exception("failed")

    assert KEY not in written.getvalue()
    assert json.loads(written.getvalue())["error"][0]["text"] == f"somebody quoted {SHOWN}"


def test_a_line_stays_json_when_a_secret_stands_beside_an_escape(secrets: Secrets, written: io.StringIO) -> None:
    secrets.learn("settings", ["nabcdefg"])

    log.warning("x\nabcdefg nabcdefg")

    assert json.loads(written.getvalue())["event"] == f"x\nabcdefg {SHOWN}"


@pytest.mark.parametrize(
    "told",
    [
        "host/?Action=connect&X-Amz-Credential=AKIAX&X-Amz-Date=20260101&X-Amz-Signature=0f3c",
        "GET https://bucket/key?X-Amz-Security-Token=IQoJb3Jp%2F&X-Amz-Signature=0f3c",
        "rediss://ocr-worker:unheard-of@redis:6379/0",
    ],
)
def test_what_is_a_secret_wherever_it_stands_needs_nobody_to_know_it(told: str, secrets: Secrets) -> None:
    redacted = secrets.redact(told)

    assert not {word for word in ("AKIAX", "0f3c", "IQoJb3Jp", "unheard-of") if word in redacted}
    assert "host" in redacted or "bucket" in redacted or "redis:6379" in redacted


def test_short_values_are_left_alone(secrets: Secrets) -> None:
    secrets.learn("settings", ["abc", "", None])

    assert secrets.redact("abc, as in alphabet") == "abc, as in alphabet"


def test_renewed_secrets_do_not_pile_up_and_the_latest_are_known(secrets: Secrets) -> None:
    secrets.learn("settings", ["a-password-that-stays"])
    for number in range(1000):
        secrets.learn("AWS credentials", [f"key-{number:04}", f"secret-{number:04}", f"token-{number:04}"])

    assert len(secrets._forms) < 10 * (KEPT + 1)
    assert secrets.redact("secret-0999 secret-0995 a-password-that-stays") == " ".join([SHOWN] * 3)
    assert secrets.redact("secret-0001") == "secret-0001"


def test_a_secret_that_is_part_of_another_one_leaves_nothing_of_it(secrets: Secrets) -> None:
    secrets.learn("settings", ["swordfish", "swordfish-and-more"])

    assert secrets.redact("swordfish-and-more") == SHOWN


def test_threads_that_learn_and_log_at_once_meet_no_error(secrets: Secrets) -> None:
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for each in range(200):
                secrets.learn(f"source-{number}", [f"value-{number}-{each:03}"])
                assert secrets.redact(f"value-{number}-{each:03}") == SHOWN
        except BaseException as exc:  # noqa: BLE001  told by the test
            failed.append(exc)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not failed


def test_a_fork_inherits_what_is_known_and_can_learn_though_a_thread_was_learning(secrets: Secrets) -> None:
    secrets.learn("settings", ["inherited-value"])
    with secrets._lock:
        pid = os.fork()
        if pid == 0:
            secrets.learn("settings", ["learned-value"])
            os._exit(0 if secrets.redact("inherited-value learned-value") == f"{SHOWN} {SHOWN}" else 1)
    _pid, status = os.waitpid(pid, 0)

    assert os.waitstatus_to_exitcode(status) == 0


def test_filter_serves_an_applications_own_format(secrets: Secrets) -> None:
    secrets.learn("settings", [KEY])
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(SecretsFilter())
    own = logging.Logger("application")  # noqa: LOG001  not in the tree: no other handler sees it
    own.addHandler(handler)

    try:
        raise ValueError(f"signed with {KEY}")
    except ValueError:
        own.exception("met %s", KEY)
    own.warning("wrong %d", "argument")

    assert KEY not in stream.getvalue()
    assert f"met {SHOWN}" in stream.getvalue()
    assert f"ValueError: signed with {SHOWN}" in stream.getvalue()
    assert "wrong %d" in stream.getvalue()
