"""What was read before: a file for each tool and page, so that a run that was ended goes on where it was.

A result is kept under everything that decides it. Change the platform, and its pages are read again; the others' are
not. The files hold recognised text: the folder is for its owner alone.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.accuracy.tools.base import Identity, Outcome
from benchmarks.speed.corpus import Page

_OWNER_ONLY = 0o700


@dataclass(frozen=True, slots=True)
class Entry:
    """An outcome, and when it was had: `run` is the start of that run, `load` of the machine in the minute before."""

    outcome: Outcome
    run: str
    machine: str
    load: float


class Cache:
    """Entries in a folder. One that cannot be read counts as missing: it was being written when a run was ended."""

    def __init__(self, folder: Path, digests: Mapping[str, str]) -> None:
        """`digests` are those of Tesseract's models, by language."""
        self.folder = folder
        self._digests = digests
        folder.mkdir(parents=True, exist_ok=True, mode=_OWNER_ONLY)

    def get(self, tool: Identity, page: Page) -> Entry | None:
        """What the tool made of the page; None when it has not read it."""
        try:
            kept = json.loads(self._path(tool, page).read_text(encoding="utf-8"))
            return Entry(**{**kept["entry"], "outcome": Outcome(**kept["entry"]["outcome"])})
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, tool: Identity, page: Page, entry: Entry) -> None:
        """Keep an entry, whole or not at all."""
        path = self._path(tool, page)
        path.parent.mkdir(exist_ok=True)
        kept = {"page": page.id, "tool": asdict(tool), "entry": asdict(entry)}
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
            json.dump(kept, file, indent=1)
        Path(file.name).replace(path)

    def _path(self, tool: Identity, page: Page) -> Path:
        return self.folder / tool.name / f"{self.key(tool, page)}.json"

    def key(self, tool: Identity, page: Page) -> str:
        """Hex digest of all that decides a result."""
        models = {name: self._digests.get(name, "") for name in page.languages.split("+")} if tool.with_models else {}
        decides = {
            "tool": tool.name,
            "version": tool.version,
            "options": tool.options,
            "languages": page.languages,
            "models": models,
            "page": hashlib.sha256(page.path.read_bytes()).hexdigest(),
        }
        return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()


def default_cache() -> Path:
    """Beside what other programs keep: XDG_CACHE_HOME, or `~/.cache`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ocr-platform-accuracy"
