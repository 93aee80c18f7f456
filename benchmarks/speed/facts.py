"""What was compared: versions of programs and libraries, and the models."""

import hashlib
import shutil
import subprocess
from collections.abc import Collection
from importlib.metadata import distributions
from pathlib import Path

from tesserocr import tesseract_version

from benchmarks.report import Table
from benchmarks.speed.peer_environment import ROOT, peer_script

_SHARED_LIBRARIES = ["celery", "redis", "pillow", "pypdfium2", "pytesseract"]
_OUR_LIBRARIES = ["ocr-platform", *_SHARED_LIBRARIES, "kombu", "SQLAlchemy", "boto3", "tesserocr", "moto"]
_PEER_LIBRARIES = ["ocrmypdf", "img2pdf", "pikepdf", "kreuzberg", *_SHARED_LIBRARIES, "rapidfuzz"]
_PROGRAMS = {"tesseract": "--version", "redis-server": "--version", "postgres": "--version"}
LIBTESSERACT, COMMAND = "library: libtesseract in tesserocr", "program: tesseract"  # not the same version
_DIGEST_DIGITS = 12


def versions() -> dict[str, str]:
    """Versions by name; libraries of the peers' environment are under `peers: `."""
    ours = {dist.metadata["Name"]: dist.version for dist in distributions()}
    found = {f"library: {name}": ours[name] for name in _OUR_LIBRARIES if name in ours}
    found[LIBTESSERACT] = tesseract_version().partition("\n")[0]
    peers: dict[str, str] = peer_script("versions", _PEER_LIBRARIES) or {}
    found |= {f"peers: {name}": version for name, version in peers.items()}
    found |= {f"program: {name}": _first_line(name, option) for name, option in _PROGRAMS.items()}
    return {"checkout": checkout(), **found}


def _first_line(program: str, *arguments: str) -> str:
    """What a program says first; empty when it is not installed, or says that it cannot."""
    path = shutil.which(program)
    if path is None:
        return ""
    done = subprocess.run([path, *arguments], cwd=ROOT, check=False, capture_output=True, text=True)  # noqa: S603
    return "" if done.returncode else (done.stdout or done.stderr).partition("\n")[0]


def checkout() -> str:
    """The commit, and whether files differ from it."""
    commit = _first_line("git", "rev-parse", "--short=12", "HEAD")
    changed = _first_line("git", "status", "--porcelain", "--untracked-files=no")
    return f"{commit or 'no commit'}{' with changes' if changed else ''}"


def versions_table(found: dict[str, str]) -> Table:
    """Versions by where they are from."""
    rows = [[name, version] for name, version in found.items()]
    return Table("Versions", ["what", "version"], rows)


def models(folder: Path, languages: Collection[str]) -> list[dict[str, str | int]]:
    """Path, size in bytes and the beginning of the SHA-256 of each model that was used."""
    found: list[dict[str, str | int]] = []
    for language in sorted(languages):
        body = (folder / f"{language}.traineddata").read_bytes()
        digest = hashlib.sha256(body).hexdigest()[:_DIGEST_DIGITS]
        found.append({"path": str(folder / f"{language}.traineddata"), "bytes": len(body), "sha256": digest})
    return found


def models_table(found: list[dict[str, str | int]]) -> Table:
    """The models."""
    rows = [[str(model["path"]), f"{model['bytes']:,}", str(model["sha256"])] for model in found]
    return Table("Models", ["path", "bytes", "SHA-256 begins"], rows)
