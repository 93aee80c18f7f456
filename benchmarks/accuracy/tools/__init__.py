"""The tools, by name, each with the version that is installed."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.accuracy.tools.base import Identity, NotInstalled, Outcome, Tool, required
from benchmarks.accuracy.tools.commands import Ocrmypdf, TesseractCommand
from benchmarks.accuracy.tools.warm import WarmReader
from benchmarks.speed.peer_environment import ROOT, peer_script
from ocr_platform.models import Quality

__all__ = ["PEERS", "PLATFORM", "REFERENCE", "TOOLS", "Ground", "Identity", "NotInstalled", "Outcome", "Tool", "make"]

PLATFORM, REFERENCE = "platform", "tesseract"
_DIGEST_DIGITS = 12
# What decides what the platform reads, beside its own files.
_OUR_LIBRARIES = (
    "tesserocr", "pytesseract", "pillow", "pi-heif", "pypdfium2", "numpy", "rapidocr", "onnxruntime",
    "opencv-python-headless",
)  # fmt: skip


@dataclass(frozen=True)
class Ground:
    """What every tool is given: the folder of models, a folder on a tmpfs, a small page to warm up with."""

    models: Path
    scratch: Path
    warm_up: Path

    @cached_property
    def peers(self) -> Mapping[str, str]:
        """Versions of what is installed in the peers' environment, by name."""
        names = ["ocrmypdf", "kreuzberg", "rapidocr", "onnxruntime", "opencv-python-headless"]
        return peer_script("versions", names) or {}


def make(name: str, qualities: Sequence[Quality], ground: Ground) -> list[Tool]:
    """The tool of that name; the platform once for each quality. Raises NotInstalled."""
    return TOOLS[name](qualities, ground)


def _platform(qualities: Sequence[Quality], ground: Ground) -> list[Tool]:
    found = _platform_version()
    return [
        WarmReader(
            Identity(f"{PLATFORM}-{quality}", f"platform, {quality}", found, f"OCR_QUALITY={quality}"),
            [sys.executable, "-m", "benchmarks.accuracy.platform_reader", quality],
            ground.models,
            ground.scratch,
            ground.warm_up,
        )
        for quality in qualities
    ]


def _tesseract(_: Sequence[Quality], ground: Ground) -> list[Tool]:
    return [TesseractCommand(_tesseract_version(), ground.models, ground.scratch)]


def _ocrmypdf(_: Sequence[Quality], ground: Ground) -> list[Tool]:
    required("ocrmypdf")
    found = f"{ground.peers['ocrmypdf']}, {_tesseract_version()}"
    return [Ocrmypdf(found, ground.models, ground.scratch)]


def _kreuzberg(_: Sequence[Quality], ground: Ground) -> list[Tool]:
    found = _peer_versions(ground, "kreuzberg")
    identity = Identity("kreuzberg", "Kreuzberg", found, "force_ocr, its own Tesseract, language of the page")
    return [_peer(identity, "kreuzberg_reader", ground)]


def _rapidocr(_: Sequence[Quality], ground: Ground) -> list[Tool]:
    found = _peer_versions(ground, "rapidocr", "onnxruntime", "opencv-python-headless")
    identity = Identity("rapidocr", "RapidOCR", found, "defaults, models of its wheel, one thread", with_models=False)
    return [_peer(identity, "rapidocr_reader", ground)]


def _peer(identity: Identity, module: str, ground: Ground) -> WarmReader:
    command: list[str | Path] = [required("python"), "-m", f"benchmarks.accuracy.peers.{module}"]
    return WarmReader(identity, command, ground.models, ground.scratch, ground.warm_up)


def _peer_versions(ground: Ground, *names: str) -> str:
    if names[0] not in ground.peers:
        raise NotInstalled(f"{names[0]} is not installed: run scripts/peers")
    return ", ".join(f"{name} {ground.peers[name]}" for name in names if name in ground.peers)


def _tesseract_version() -> str:
    path = shutil.which("tesseract")
    if path is None:
        raise NotInstalled("tesseract is not installed: run scripts/bootstrap")
    said = subprocess.run([path, "--version"], check=True, capture_output=True, text=True)  # noqa: S603
    return (said.stdout or said.stderr).partition("\n")[0]


def _platform_version() -> str:
    """The version of the platform, the digest of all its files, and the libraries that read."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "ocr_platform").rglob("*.py")):
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    found = [f"ocr-platform {version('ocr-platform')} ({digest.hexdigest()[:_DIGEST_DIGITS]})"]
    for name in _OUR_LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


Maker = Callable[[Sequence[Quality], Ground], list[Tool]]
PEERS: dict[str, Maker] = {
    REFERENCE: _tesseract,
    "ocrmypdf": _ocrmypdf,
    "kreuzberg": _kreuzberg,
    "rapidocr": _rapidocr,
}
TOOLS: dict[str, Maker] = {PLATFORM: _platform, **PEERS}
