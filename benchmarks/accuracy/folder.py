"""Pages of a folder: META.json, and for each page an image and `<id>.gt.txt` beside it."""

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from benchmarks.speed.corpus import Page, read_corpus

_NEEDED = ("id", "set", "file", "lang", "order")
_NAMED = 5  # files that a message names


class FolderError(Exception):
    """A folder that cannot be measured with; the message says what to do."""


def pages_of(folder: Path) -> list[Page]:
    """All pages, in the order of META.json. Raises FolderError when one of them is not whole."""
    entries = _entries(folder)
    missing = [entry["file"] for entry in entries if not (folder / entry["file"]).is_file()]
    if missing:
        raise FolderError(f"{folder} lacks {_some(missing)}: put them there or take them out of META.json")
    truths = [(folder / entry["file"]).with_name(f"{entry['id']}.gt.txt") for entry in entries]
    untrue = [str(path.relative_to(folder)) for path in truths if not path.is_file()]
    if untrue:
        raise FolderError(f"{folder} lacks the ground truth {_some(untrue)}: a UTF-8 text beside the image, by its id")
    pages = read_corpus(folder)
    images = {page.id for page in pages}
    if len(images) < len(entries):
        strange = [entry["file"] for entry in entries if entry["id"] not in images]
        raise FolderError(f"{folder}: no image that Pillow reads, or an id given twice: {_some(strange) or 'ids'}")
    return pages


def _entries(folder: Path) -> list[dict[str, Any]]:
    path = folder / "META.json"
    if not path.is_file():
        raise FolderError(f"{folder} has no META.json; give a folder like the shared corpus, or set OCR_CORPUS")
    try:
        entries: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["ocr"]
    except (ValueError, KeyError, TypeError) as exc:
        raise FolderError(f"{path} is no JSON object with a list `ocr` of pages: {exc}") from None
    for number, entry in enumerate(entries, 1):
        absent = [name for name in _NEEDED if name not in entry]
        if absent:
            raise FolderError(f"{path}: page {number} under `ocr` has no {_some(absent)}")
    return entries


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def kind_of(page: Page) -> str:
    """The kind under which META.json has a page; its set where it names none."""
    return page.kind or page.set


def chosen(pages: Sequence[Page], per_kind: int | None) -> list[Page]:
    """The first `per_kind` pages of each kind, or all, in their order."""
    taken: dict[str, int] = {}
    found = []
    for page in pages:
        taken[kind_of(page)] = taken.get(kind_of(page), 0) + 1
        if per_kind is None or taken[kind_of(page)] <= per_kind:
            found.append(page)
    return found


def missing_models(pages: Sequence[Page], installed: Collection[str]) -> dict[str, list[str]]:
    """Pages that cannot be read, by id, and the models that they lack."""
    wanted = {page.id: [name for name in page.languages.split("+") if name not in installed] for page in pages}
    return {page: names for page, names in wanted.items() if names}
