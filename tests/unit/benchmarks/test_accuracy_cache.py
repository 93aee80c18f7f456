import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.accuracy.cache import Cache, default_cache
from tests.unit.benchmarks.accuracy_support import entry, identity, page

MODELS = {"eng": "aaa", "deu": "bbb"}


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache", MODELS)


def test_what_was_put_is_there_again(cache: Cache, tmp_path: Path) -> None:
    one, kept = page(tmp_path, "one", "x"), entry("text", error=None)

    cache.put(identity("tool"), one, kept)

    assert cache.get(identity("tool"), one) == kept


def test_nothing_is_there_of_another_tool_version_option_page_or_language(cache: Cache, tmp_path: Path) -> None:
    one, tool = page(tmp_path, "one", "x"), identity("tool")
    cache.put(tool, one, entry("text"))

    for other in (identity("other"), identity("tool", "2"), replace(tool, options="--fast")):
        assert cache.get(other, one) is None
    assert cache.get(tool, page(tmp_path, "two", "x")) is None
    assert cache.get(tool, replace(one, languages="deu")) is None


def test_another_model_is_another_key_only_where_the_tool_uses_models(tmp_path: Path) -> None:
    one, tool = page(tmp_path, "one", "x"), identity("tool")
    before, after = Cache(tmp_path, MODELS), Cache(tmp_path, {**MODELS, "eng": "ccc"})

    assert before.key(tool, one) != after.key(tool, one)
    without = replace(tool, with_models=False)
    assert before.key(without, one) == after.key(without, one)
    assert before.key(tool, replace(one, languages="deu")) == after.key(tool, replace(one, languages="deu"))


def test_neither_the_name_of_a_page_nor_a_title_changes_a_key(cache: Cache, tmp_path: Path) -> None:
    one, tool = page(tmp_path, "one", "x"), identity("tool")
    moved = tmp_path / "elsewhere.png"
    moved.write_bytes(one.path.read_bytes())

    assert cache.key(tool, replace(one, id="renamed", path=moved)) == cache.key(tool, one)
    assert cache.key(replace(tool, title="Another"), one) == cache.key(tool, one)


def test_a_file_that_was_cut_off_counts_as_missing(cache: Cache, tmp_path: Path) -> None:
    one, tool = page(tmp_path, "one", "x"), identity("tool")
    cache.put(tool, one, entry("text"))
    (file,) = (tmp_path / "cache/tool").iterdir()

    file.write_bytes(file.read_bytes()[:40])
    assert cache.get(tool, one) is None
    file.write_text(json.dumps({"entry": {"outcome": {}}}))
    assert cache.get(tool, one) is None


def test_texts_of_pages_are_for_their_owner_alone(cache: Cache) -> None:
    assert stat.S_IMODE(cache.folder.stat().st_mode) == 0o700


def test_the_cache_is_where_caches_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    assert default_cache() == tmp_path / "ocr-platform-accuracy"
