"""Pages with ground truth, and which of them are measured."""

import json
import os
import shutil
import subprocess
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

_SHARED = Path(__file__).parents[3] / "shared/corpus"


@dataclass(frozen=True, slots=True)
class Page:
    """One image of one page. `dpi` is what the file declares, None when nothing or two different figures.

    `in_order` says that the ground truth has the order of reading, which an error rate of characters needs.
    """

    id: str
    set: str
    kind: str
    path: Path
    languages: str
    in_order: bool
    dpi: int | None
    has_alpha: bool = False

    @property
    def truth(self) -> str:
        """The ground truth."""
        return self.path.with_name(f"{self.id}.gt.txt").read_text(encoding="utf-8")


def default_corpus() -> Path:
    """OCR_CORPUS, or the shared corpus beside the checkout."""
    return Path(os.environ.get("OCR_CORPUS") or _SHARED)


def read_corpus(folder: Path) -> list[Page]:
    """The pages that META.json lists under `ocr`, those that are images with a ground truth."""
    entries = json.loads((folder / "META.json").read_text(encoding="utf-8"))["ocr"]
    pages = []
    for entry in entries:
        path = folder / entry["file"]
        facts = _image_facts(path)
        if facts is None or not path.with_name(f"{entry['id']}.gt.txt").exists():
            continue
        pages.append(
            Page(
                id=entry["id"],
                set=entry["set"],
                kind=entry.get("kind", ""),
                path=path,
                languages=entry["lang"],
                in_order=entry["order"] is True,
                dpi=facts[0],
                has_alpha=facts[1],
            )
        )
    return pages


def _image_facts(path: Path) -> tuple[int | None, bool] | None:
    """Declared dots per inch and whether there is transparency; None when this is no image."""
    try:
        with Image.open(path) as image:
            across, down = (round(value) for value in image.info.get("dpi", (0, 0)))
            return (across if across == down and across else None), image.has_transparency_data
    except (OSError, UnidentifiedImageError):
        return None


def select(
    pages: Sequence[Page],
    *,
    dpi: int | None = None,
    languages: str | None = None,
    kind: str | None = None,
    limit: int | None = None,
) -> list[Page]:
    """Pages that declare `dpi`, in exactly these `languages`, whose set or kind holds the word `kind`; None is all."""
    chosen = [
        page
        for page in pages
        if (dpi is None or page.dpi == dpi)
        and (languages is None or page.languages == languages)
        and (kind is None or kind.lower() in f"{page.set} {page.kind}".lower())
    ]
    return chosen[:limit]


def readable(pages: Sequence[Page], models: Collection[str]) -> list[Page]:
    """Those whose language models are all installed."""
    return [page for page in pages if set(page.languages.split("+")).issubset(models)]


def installed_models() -> tuple[Path, list[str]]:
    """Tesseract's folder of models and their names."""
    listed = subprocess.run(
        ["tesseract", "--list-langs"],  # noqa: S607  the one on the PATH is what is measured
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    return Path(listed[0].split('"')[1]), listed[1:]


def copies(pages: Sequence[Page], scratch: Path) -> list[Path]:
    """The pages on the tmpfs, under names that need no quotes."""
    folder = scratch / "pages"
    folder.mkdir()
    return [
        Path(shutil.copyfile(page.path, folder / f"page-{number:04}{page.path.suffix}"))
        for number, page in enumerate(pages, 1)
    ]
