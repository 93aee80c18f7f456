import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from benchmarks.speed.corpus import Page, default_corpus, read_corpus, readable, select


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Four pages, one file that is no image, one page without ground truth."""
    made: list[tuple[str, str, str, dict[str, Any], object]] = [
        ("a__1", "reports", "eng", {"dpi": (300, 300)}, True),
        ("a__2", "reports", "deu", {"dpi": (300, 300)}, True),
        ("b__1", "letters", "eng", {"dpi": (200, 200)}, True),
        ("c__1", "receipts", "eng", {}, "top to bottom"),
        ("d__1", "reports", "eng", {"dpi": (300, 300)}, True),
    ]
    entries = []
    for name, group, language, options, order in made:
        Image.new("RGBA" if name == "c__1" else "L", (20, 10)).save(tmp_path / f"{name}.png", **options)
        if name != "d__1":
            (tmp_path / f"{name}.gt.txt").write_text(f"truth of {name}", encoding="utf-8")
        entry = {"id": name, "set": group, "file": f"{name}.png", "lang": language, "order": order, "kind": "scan"}
        entries.append(entry)
    (tmp_path / "e__1.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "e__1.gt.txt").write_text("x")
    entries.append({"id": "e__1", "set": "reports", "file": "e__1.pdf", "lang": "eng", "order": True})
    (tmp_path / "META.json").write_text(json.dumps({"ocr": entries}))
    return tmp_path


def names(pages: list[Page]) -> list[str]:
    return [page.id for page in pages]


def test_pages_are_images_with_a_ground_truth(corpus: Path) -> None:
    pages = read_corpus(corpus)

    assert names(pages) == ["a__1", "a__2", "b__1", "c__1"]
    assert pages[0].truth == "truth of a__1"


def test_what_an_image_declares_is_read_from_it(corpus: Path) -> None:
    one, _, letter, receipt = read_corpus(corpus)

    assert (one.dpi, letter.dpi, receipt.dpi) == (300, 200, None)
    assert (one.has_alpha, receipt.has_alpha) == (False, True)
    assert (one.in_order, receipt.in_order) == (True, False)


def test_pages_are_chosen_by_what_they_declare(corpus: Path) -> None:
    pages = read_corpus(corpus)

    assert names(select(pages, dpi=300, languages="eng")) == ["a__1"]
    assert names(select(pages, dpi=300)) == ["a__1", "a__2"]
    assert names(select(pages, kind="LETTER")) == ["b__1"]
    assert names(select(pages, limit=2)) == ["a__1", "a__2"]
    assert select(pages) == pages


def test_pages_without_their_models_are_left_out(corpus: Path) -> None:
    assert names(readable(read_corpus(corpus), ["eng", "osd"])) == ["a__1", "b__1", "c__1"]


def test_the_environment_names_another_corpus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OCR_CORPUS", str(tmp_path))
    assert default_corpus() == tmp_path

    monkeypatch.delenv("OCR_CORPUS")
    assert default_corpus().parts[-2:] == ("shared", "corpus")
