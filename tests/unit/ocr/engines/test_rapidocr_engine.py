"""RapidOCR reads lines with the networks of its wheel, asks nobody for anything and starts no thread."""

import os
import subprocess
import sys
from importlib.machinery import ModuleSpec

import pytest

from ocr_platform.ocr.engines.choice import SecondReader

_READ = """
import os, sys
def refuse(event, arguments):
    if event.startswith("socket.") and event not in ("socket.gethostname",):
        raise RuntimeError(event)
sys.addaudithook(refuse)
from ocr_platform.ocr.engines.choice import SecondReader
from PIL import Image, ImageDraw, ImageFont
reader = SecondReader().load()
page = Image.new("L", (900, 300), 240)
ImageDraw.Draw(page).text((40, 40), "Greetings from the office", 20, ImageFont.load_default(36))
ImageDraw.Draw(page).text((40, 160), "Invoice 2026-117 of 48.50", 20, ImageFont.load_default(36))
lines = reader.detect(page)
read = [line for some in reader.recognise(page, lines) for line in some]
for line in sorted(read, key=lambda line: line.box[1]):
    for word in line.words:
        left, top, right, bottom = word.box
        assert 0 <= left < right <= page.width and 0 <= top < bottom <= page.height
        ink = page.crop(word.box).getextrema()[0]
        assert ink < 120, word
    print(" ".join(word.text for word in line.words))
blank = page.point(lambda level: 255)
assert reader.detect(blank) == []
print(len(os.listdir("/proc/self/task")))
"""


def run(code: str) -> list[str]:
    quiet = {"ORT_DISABLE_TELEMETRY": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": os.getcwd()}  # noqa: PTH109
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **quiet}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_lines_are_read_with_boxes_over_their_ink_offline_and_in_one_thread() -> None:
    pytest.importorskip("rapidocr")

    assert run(_READ) == ["Greetings from the office", "Invoice 2026-117 of 48.50", "1"]


def test_without_the_extra_there_is_no_second_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str) -> ModuleSpec | None:
        assert name
        return None

    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "1")
    monkeypatch.setattr("ocr_platform.ocr.engines.choice.find_spec", find)

    assert SecondReader().load() is None


def test_where_the_library_could_send_telemetry_it_stays_unused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY", raising=False)

    assert SecondReader().load() is None
    assert "onnxruntime" not in sys.modules
