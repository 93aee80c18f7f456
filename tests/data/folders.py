"""A folder in the form of the shared corpus: META.json, images, and what they say."""

import json
from pathlib import Path
from typing import Any

from tests.data import pages

TEXTS = {
    "letter__1": "The quick brown fox jumps over\nthe lazy dog and runs away.\n",
    "letter__2": "Packed in five dozen boxes, the\nliquor jugs stand in the cellar.\n",
    "list__1": "milk 12\nbread 34\nbutter 56\n",
}
_HEIGHT = 520  # of 3508 pixels: the lines are at the top, and small pages are read soon


def make_folder(folder: Path, texts: dict[str, str] | None = None) -> Path:
    """Three pages of two kinds, one of them in no known order; `texts` replaces what they say."""
    entries: list[dict[str, Any]] = []
    folder.mkdir(parents=True, exist_ok=True)
    for seed, (name, text) in enumerate((texts or TEXTS).items(), 1):
        image = pages.scan_page(text, noise=0.05, seed=seed)
        image.crop((0, 0, image.width, _HEIGHT)).save(folder / f"{name}.png", dpi=(300, 300))
        (folder / f"{name}.gt.txt").write_text(text, encoding="utf-8")
        group = name.partition("__")[0]
        order: bool | str = True if group == "letter" else "not known"
        entries.append(
            {"id": name, "set": group, "kind": f"made: {group}", "file": f"{name}.png", "lang": "eng", "order": order}
        )
    (folder / "META.json").write_text(json.dumps({"ocr": entries}), encoding="utf-8")
    return folder
