import signal
import subprocess
import sys

import pytest

_OWNER = """
import time
from ocr_platform.cli.signals import orderly_exit

with orderly_exit():
    try:
        print("up", flush=True)
        time.sleep(60)
    finally:
        time.sleep(0.2)  # where a second signal strikes
        print("cleaned up", flush=True)
"""


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_every_signal_cleans_up_even_when_it_comes_twice(sent: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", _OWNER], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout
        assert owner.stdout.readline() == "up\n"

        owner.send_signal(sent)
        owner.send_signal(sent)

        assert owner.stdout.read() == "cleaned up\n"
        assert owner.wait(10) == 128 + sent
