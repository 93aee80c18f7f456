import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.accuracy.folder import FolderError, chosen, missing_models, pages_of
from tests.data.folders import make_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "pages")


def change(folder: Path, how: Callable[[list[dict[str, Any]]], object]) -> None:
    path = folder / "META.json"
    meta = json.loads(path.read_text())
    how(meta["ocr"])
    path.write_text(json.dumps(meta))


def test_pages_come_in_the_order_of_the_list(folder: Path) -> None:
    pages = pages_of(folder)

    assert [page.id for page in pages] == ["letter__1", "letter__2", "list__1"]
    assert [page.in_order for page in pages] == [True, True, False]
    assert pages[2].truth == "milk 12\nbread 34\nbutter 56\n"


def test_the_first_pages_of_each_kind_can_be_chosen(folder: Path) -> None:
    pages = pages_of(folder)

    assert [page.id for page in chosen(pages, 1)] == ["letter__1", "list__1"]
    assert chosen(pages, None) == pages


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "META.json").unlink(), r"has no META.json; give a folder like"),
        (lambda folder: (folder / "META.json").write_text("{}"), r"no JSON object with a list `ocr`"),
        (lambda folder: (folder / "META.json").write_text("[]"), r"no JSON object with a list `ocr`"),
        (lambda folder: (folder / "META.json").write_text("{"), r"no JSON object with a list `ocr`"),
        (lambda folder: (folder / "letter__2.png").unlink(), r"lacks letter__2\.png: put them there or take them out"),
        (lambda folder: (folder / "list__1.gt.txt").unlink(), r"lacks the ground truth list__1\.gt\.txt: a UTF-8 text"),
        (lambda folder: (folder / "letter__1.png").write_bytes(b"?"), r"no image that Pillow reads.*letter__1\.png"),
        (lambda folder: change(folder, lambda pages: pages[1].pop("lang")), r"page 2 under `ocr` has no lang"),
        (lambda folder: change(folder, lambda pages: pages.append(pages[0])), r"an id given twice"),
    ],
    ids=["no list", "no key", "no object", "no JSON", "no image", "no truth", "no picture", "no language", "twice"],
)
def test_a_folder_that_is_not_whole_is_refused_with_what_to_do(
    folder: Path, spoil: Callable[[Path], object], said: str
) -> None:
    spoil(folder)

    with pytest.raises(FolderError, match=said):
        pages_of(folder)


def test_of_many_missing_files_some_are_named(folder: Path) -> None:
    change(folder, lambda pages: pages.extend({**pages[0], "id": f"x{n}", "file": f"x{n}.png"} for n in range(9)))

    with pytest.raises(FolderError, match=r"x0\.png, x1\.png, x2\.png, x3\.png, x4\.png and 4 more"):
        pages_of(folder)


def test_models_that_are_not_installed_are_named(folder: Path) -> None:
    change(folder, lambda pages: pages[2].update(lang="eng+deu+fra"))

    assert missing_models(pages_of(folder), ["eng", "osd", "fra"]) == {"list__1": ["deu"]}
