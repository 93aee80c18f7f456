import signal
import subprocess
import sys

import pytest

_OWNER = """
import time
from ocr_platform.cli.signals import orderly_exit
from ocr_platform.local.uninterrupted import uninterrupted

with orderly_exit():
    try:
        print("up", flush=True)
        time.sleep(60)
    finally:
        time.sleep(0.1)  # a second signal strikes here
        with uninterrupted():
            time.sleep(1.2)  # and here the alarm would
            print("cleaned up", flush=True)
"""


_SWALLOWING = """
import os, signal, time
from ocr_platform.cli.signals import orderly_exit

class Finaliser:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)  # Python prints and drops what is raised here
        time.sleep(0.01)

with orderly_exit():
    Finaliser()
    time.sleep(60)
"""

_SLOW_TO_END = """
import atexit, os, signal, time
from ocr_platform.cli.signals import orderly_exit

def end():
    time.sleep(1.5)  # as long as Python may take on a busy machine
    print("ended", flush=True)

atexit.register(end)
with orderly_exit():
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(60)
"""


def test_a_signal_that_strikes_in_a_finaliser_is_not_lost() -> None:
    with subprocess.Popen([sys.executable, "-c", _SWALLOWING], stderr=subprocess.DEVNULL) as owner:
        assert owner.wait(60) == 128 + signal.SIGINT


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_every_signal_cleans_up_even_when_it_comes_twice(sent: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", _OWNER], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout
        assert owner.stdout.readline() == "up\n"

        owner.send_signal(sent)
        owner.send_signal(sent)

        assert owner.stdout.read() == "cleaned up\n"
        assert owner.wait(60) == 128 + sent


def test_process_that_has_cleaned_up_ends_in_its_own_time() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _SLOW_TO_END], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as owner:
        assert owner.communicate(timeout=60) == (b"ended\n", b"")
        assert owner.returncode == 128 + signal.SIGTERM
