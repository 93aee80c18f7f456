"""`up`, and the commands that work against what it started, as a person would type them."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPBasicAuthHandler, HTTPPasswordMgrWithDefaultRealm, build_opener, urlopen
from uuid import uuid4

import boto3
import pytest

from tests.acceptance.helpers import GENERATED, PROGRAM, character_error, run, truth_of
from tests.conftest import require_services


@dataclass(frozen=True)
class Up:
    """A running `ocr-platform up`: what it printed, and the environment that its file gives a shell."""

    printed: dict[str, Any]
    environment: dict[str, str]

    def put(self, name: str, **how: str) -> str:
        """Upload a sample with plain boto3, as an application without our client would; return its URL."""
        session = boto3.session.Session(
            self.environment["AWS_ACCESS_KEY_ID"],
            self.environment["AWS_SECRET_ACCESS_KEY"],
            region_name=self.environment["AWS_REGION"],
        )
        s3 = session.client("s3", endpoint_url=self.environment["AWS_ENDPOINT_URL"])
        bucket, key = self.environment["S3_BUCKET_NAME"], f"uploads/{uuid4()}"
        s3.put_object(Bucket=bucket, Key=key, Body=(GENERATED / name).read_bytes(), **how)  # type: ignore[arg-type]
        s3.close()
        return f"s3://{bucket}/{key}"


@pytest.fixture(scope="module")
def up() -> Iterator[Up]:
    require_services()
    process = subprocess.Popen([*PROGRAM, "up", "--json"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    printed = json.loads(process.stdout.readline())
    sourced = subprocess.run(
        ["sh", "-c", '. "$0" && env -0', printed["env_file"]], capture_output=True, text=True, check=True
    )
    variables = dict(line.split("=", 1) for line in sourced.stdout.split("\0") if line)
    yield Up(printed, {name: variables[name] for name in printed["environment"]})
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 128 + signal.SIGINT
    process.stdout.close()
    assert not Path(printed["env_file"]).exists()


def test_up_prints_the_environment_that_its_file_gives(up: Up) -> None:
    assert up.environment == up.printed["environment"]
    assert Path(up.printed["env_file"]).stat().st_mode & 0o777 == 0o600
    assert set(up.printed["addresses"]) == {"aws", "postgres", "redis", "flower"}


def test_flower_shows_the_worker_to_whoever_can_log_in(up: Up) -> None:
    address, login = up.printed["addresses"]["flower"], up.printed["flower_login"]
    passwords = HTTPPasswordMgrWithDefaultRealm()
    passwords.add_password(None, address, login["user"], login["password"])
    with build_opener(HTTPBasicAuthHandler(passwords)).open(f"{address}/workers") as page:
        assert "celery@" in page.read().decode()

    with pytest.raises(HTTPError) as refused:
        urlopen(f"{address}/workers")  # noqa: S310  the stack's own address
    assert refused.value.code == 401
    refused.value.close()


def test_submit_wait_status_and_result(up: Up, tmp_path: Path) -> None:
    source = up.put("letter.pdf")

    submitted = run("submit", source, "--wait", "--json", environment=up.environment)
    (line,) = submitted.lines
    status = run("status", line["job_id"], environment=up.environment)
    text = run("result", line["job_id"], environment=up.environment)
    page = run("result", line["job_id"], "--page", "2", environment=up.environment)
    words = run("result", line["job_id"], "--format", "json", "--out", tmp_path / "words", environment=up.environment)

    assert (submitted.code, status.code, text.code, words.code) == (0, 0, 0, 0)
    assert (line["state"], line["pages"], line["pages_done"]) == ("succeeded", 3, 3)
    assert line["source"]["kms_key_id"] == up.environment["KMS_KEY_ID"]
    assert all(output["stored"]["bucket_key_enabled"] for output in line["outputs"])
    assert "pages       3 of 3" in status.out
    assert "text        sealed in the database" in status.out
    assert (line["stored_text"], line["text_kms_key_id"]) == ("sealed", up.environment["KMS_KEY_ID"])
    assert (page.code, page.out) == (0, text.out.split("\f")[1])
    assert character_error(text.out, truth_of("letter.pdf")) < 0.02
    assert len(json.loads((tmp_path / "words").read_text())["pages"]) == 3
    assert (tmp_path / "words").stat().st_mode & 0o777 == 0o600


def test_submit_without_waiting_prints_the_id_that_status_takes(up: Up) -> None:
    submitted = run("submit", up.put("letter.png"), environment=up.environment)

    status = run("status", submitted.out.strip(), "--json", environment=up.environment)

    assert submitted.code == status.code == 0
    assert status.lines[0]["job_id"] == submitted.out.strip()


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"ServerSideEncryption": "AES256"}, "source_not_encrypted"),
        (
            {
                "ServerSideEncryption": "aws:kms",
                "SSEKMSKeyId": "arn:aws:kms:eu-central-1:123456789012:key/ffffffff-ffff-ffff-ffff-ffffffffffff",
            },
            "source_wrong_key",
        ),
    ],
)
def test_a_source_that_is_not_protected_as_it_must_be_is_refused(up: Up, how: dict[str, str], code: str) -> None:
    ran = run("submit", up.put("letter.png", **how), "--json", environment=up.environment)

    assert ran.code == 1
    assert ran.lines[0]["error"]["code"] == code


def test_errors_say_what_is_wrong_and_end_with_the_right_code(up: Up) -> None:
    bucket = up.environment["S3_BUCKET_NAME"]
    cases = {
        ("submit", f"s3://{bucket}/uploads/nothing"): (1, "source_missing"),
        ("submit", f"s3://{bucket}/results/default/x/text.txt"): (1, "source_not_allowed"),
        ("submit", "letter.png"): (1, "source_missing"),
        ("submit", up.put("letter.png"), "--format", "docx"): (2, "option_invalid"),
        ("status", str(uuid4())): (2, "job_unknown"),
        ("result", str(uuid4())): (2, "job_unknown"),
    }
    for arguments, (code, name) in cases.items():
        ran = run(*arguments, environment=up.environment)
        assert ran.code == code, arguments
        assert f"[{name}]" in ran.err, arguments
        assert "Traceback" not in ran.err, arguments


def test_submit_is_kept_when_redis_is_away_and_follows_when_beat_finds_it(up: Up) -> None:
    away = up.environment | {"REDIS_PORT": "1"}

    ran = run("submit", up.put("letter.png"), environment=away)

    assert ran.code == 0
    waited = subprocess.run(
        [*PROGRAM, "status", ran.out.strip(), "--json"],
        env=os.environ | up.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(waited.stdout)["state"] == "queued"
    from ocr_platform import Client
    from ocr_platform.settings import load_settings

    client = Client(load_settings(up.environment))
    assert client.wait(ran.out.strip(), timeout=60).state == "succeeded"
    client.close()
