from pathlib import Path

import pytest

from benchmarks.accuracy.cache import Cache, Entry
from benchmarks.accuracy.run import Run, read_all, waiting
from benchmarks.speed.corpus import Page
from tests.unit.benchmarks.accuracy_support import Reader, identity, page


@pytest.fixture
def pages(tmp_path: Path) -> list[Page]:
    return [page(tmp_path, name, "x") for name in ("one", "two", "three")]


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache", {})


def run(tmp_path: Path, started: str = "monday", again: tuple[str, ...] = ()) -> Run:
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    return Run(started, "a machine", scratch, again)


def silent(tool: str, page: Page, entry: Entry | None) -> None:
    pass


def test_every_page_is_read_by_every_tool_page_by_page(pages: list[Page], cache: Cache, tmp_path: Path) -> None:
    tools, heard = [Reader(identity("a")), Reader(identity("b"))], []

    read = read_all(pages, tools, cache, run(tmp_path), lambda *told: heard.append(told))

    assert [(tool, page.id) for tool, page, entry in heard if entry] == [
        ("a", "one"), ("b", "one"), ("a", "two"), ("b", "two"), ("a", "three"), ("b", "three"),
    ]  # fmt: skip
    assert {key: each.outcome.text for key, each in read.items()} == {
        (tool, name): name for tool in "ab" for name in ("one", "two", "three")
    }
    assert [tool.closed for tool in tools] == [1, 1]
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_run_that_was_interrupted_goes_on_where_it_was(pages: list[Page], cache: Cache, tmp_path: Path) -> None:
    first = Reader(identity("a"), interrupted_at="three")
    with pytest.raises(KeyboardInterrupt):
        read_all(pages, [first], cache, run(tmp_path), silent)
    assert first.closed == 1

    second = Reader(identity("a"))
    read = read_all(pages, [second], cache, run(tmp_path, "tuesday"), silent)

    assert (first.asked, second.asked) == (["one", "two"], ["three"])
    assert [read["a", page.id].run for page in pages] == ["monday", "monday", "tuesday"]


def test_a_changed_tool_reads_again_and_no_other(pages: list[Page], cache: Cache, tmp_path: Path) -> None:
    read_all(pages, [Reader(identity("a")), Reader(identity("b"))], cache, run(tmp_path), silent)

    changed, same = Reader(identity("a", "2")), Reader(identity("b"))
    read_all(pages, [changed, same], cache, run(tmp_path, "tuesday"), silent)

    assert (changed.asked, same.asked) == (["one", "two", "three"], [])


def test_a_page_that_failed_is_read_again_in_the_next_run(pages: list[Page], cache: Cache, tmp_path: Path) -> None:
    failed = read_all(pages, [Reader(identity("a"), failing="two")], cache, run(tmp_path), silent)
    assert failed["a", "two"].outcome.error == "no memory"
    assert waiting(pages, [Reader(identity("a"))], cache, run(tmp_path)) == []  # the same run asks once

    again = Reader(identity("a"))
    read = read_all(pages, [again], cache, run(tmp_path, "tuesday"), silent)

    assert again.asked == ["two"]
    assert read["a", "two"].outcome.error is None


def test_who_is_told_to_reads_again_once_a_run(pages: list[Page], cache: Cache, tmp_path: Path) -> None:
    read_all(pages, [Reader(identity("a"))], cache, run(tmp_path), silent)
    interrupted = Reader(identity("a"), interrupted_at="two")
    with pytest.raises(KeyboardInterrupt):
        read_all(pages, [interrupted], cache, run(tmp_path, "tuesday", ("a",)), silent)

    resumed = Reader(identity("a"))
    assert [page.id for page, _ in waiting(pages, [resumed], cache, run(tmp_path, "tuesday", ("a",)))] == [
        "two",
        "three",
    ]
    read_all(pages, [resumed], cache, run(tmp_path, "tuesday", ("a",)), silent)

    assert (interrupted.asked, resumed.asked) == (["one"], ["two", "three"])
