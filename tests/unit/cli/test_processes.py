"""How commands that production runs say that they end by an error which nobody expected."""

import json
import os
import subprocess
import sys

import pytest

from ocr_platform.testing import KMS_KEY

LETTER = "Dear Ms Roe, your diagnosis"
_ENVIRONMENT = {
    "APP_ENV": "development",
    "AWS_REGION": "eu-central-1",
    "S3_BUCKET_NAME": "documents",
    "KMS_KEY_ID": KMS_KEY,
    "DB_NAME": "ocr",
    "DB_USER": "ocr",
    "DB_PASSWORD": "swordfish-17",
    "REDIS_PASSWORD": "marlin-fish-18",
}
# The command as it is; only what it is to serve fails.
_PROGRAM = """
import sys
from ocr_platform.cli import main
from ocr_platform.worker import {module}

def fails(*_arguments):
    raise ValueError({text!r})

{module}.{function} = fails
main(["{command}"])
"""


@pytest.mark.parametrize(
    ("command", "module", "function"),
    [("worker", "app", "make_worker_app"), ("beat", "beat", "serve_beat"), ("flower", "flower", "serve_flower")],
)
def test_crash_is_one_line_with_kind_and_place_and_no_text(command: str, module: str, function: str) -> None:
    text = f"{LETTER} postgresql://ocr:swordfish-17@host marlin-fish-18"
    program = _PROGRAM.format(module=module, function=function, command=command, text=text)

    ended = subprocess.run(
        [sys.executable, "-c", program],
        env=_ENVIRONMENT | {"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    (line,) = [json.loads(line) for line in ended.stderr.splitlines()]
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert (line["event"], line["level"]) == ("process_crashed", "CRITICAL")
    assert line["error"][0]["kind"] == "builtins.ValueError"
    assert line["error"][0]["at"][-1].endswith(" fails")
    assert not any(word in ended.stderr for word in ("Roe", "swordfish", "marlin"))
