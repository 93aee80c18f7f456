from pathlib import Path

import pytest

from benchmarks.accuracy.compare import Verdict, best_of, compare, cpu_ratio
from benchmarks.accuracy.metrics import CER, F1, RECALL
from benchmarks.speed.corpus import Page
from tests.unit.benchmarks.accuracy_support import entry, page, results

TRUTH = "aa bb cc dd"
THREE, ALL = entry("aa bb cc"), entry(TRUTH)  # recall 0.75 and 1


def made(tmp_path: Path, count: int) -> list[Page]:
    return [page(tmp_path, f"p{number}", TRUTH) for number in range(count)]


def test_differences_are_ours_less_theirs(tmp_path: Path) -> None:
    pages = made(tmp_path, 6)
    found = compare(results(pages, {"a": [THREE] * 6, "b": [ALL] * 6}), "a", "b", pages, RECALL)

    assert found is not None
    assert (found.pages, found.ours, found.theirs, found.difference) == (6, 0.75, 1, -0.25)
    assert found.interval == (-0.25, -0.25)
    assert found.verdict is Verdict.WORSE


def test_fewer_errors_are_better(tmp_path: Path) -> None:
    pages = made(tmp_path, 6)
    read = results(pages, {"a": [ALL] * 6, "b": [THREE] * 6})

    for metric in (CER, F1):
        found = compare(read, "a", "b", pages, metric)
        assert found is not None
        assert found.verdict is Verdict.BETTER


def test_what_other_pages_would_change_is_noise(tmp_path: Path) -> None:
    pages = made(tmp_path, 6)
    read = results(pages, {"a": [ALL, THREE] * 3, "b": [THREE, ALL] * 3})

    found = compare(read, "a", "b", pages, RECALL)
    assert found is not None
    assert found.verdict is Verdict.NOISE
    assert found.interval[0] < 0 < found.interval[1]


@pytest.mark.parametrize(
    ("ours", "theirs", "verdict"),
    [
        ([THREE] * 4, [ALL] * 4, Verdict.WORSE_ON_EACH),
        ([ALL] * 4, [THREE] * 4, Verdict.BETTER_ON_EACH),
        ([ALL, ALL, ALL, THREE], [THREE] * 4, Verdict.FEW),
    ],
)
def test_four_pages_prove_nothing(tmp_path: Path, ours: list[object], theirs: list[object], verdict: Verdict) -> None:
    pages = made(tmp_path, 4)
    found = compare(results(pages, {"a": ours, "b": theirs}), "a", "b", pages, RECALL)  # type: ignore[dict-item]

    assert found is not None
    assert found.verdict is verdict


def test_the_same_pages_always_give_the_same_interval(tmp_path: Path) -> None:
    pages = made(tmp_path, 7)
    read = results(pages, {"a": [ALL, THREE, ALL, ALL, THREE, THREE, ALL], "b": [THREE] * 7})

    assert compare(read, "a", "b", pages, RECALL) == compare(read, "a", "b", pages, RECALL)
    assert cpu_ratio(read, "a", "b", pages) == cpu_ratio(read, "a", "b", pages)


def test_pages_without_the_metric_are_left_out(tmp_path: Path) -> None:
    pages = [*made(tmp_path, 2), page(tmp_path, "list", TRUTH, order=False)]
    read = results(pages, {"a": [ALL] * 3, "b": [THREE] * 3})

    found = compare(read, "a", "b", pages, CER)
    assert found
    assert found.pages == 2
    assert compare(read, "a", "b", pages[2:], CER) is None
    assert best_of(read, ["a", "b"], pages[2:], CER) is None


def test_the_best_is_the_best_by_the_figure_that_is_asked_for(tmp_path: Path) -> None:
    pages = made(tmp_path, 1)
    # All words, and as many again that are not there: the best recall, and the worst error rate.
    read = results(pages, {"few": [THREE], "more": [entry(f"{TRUTH} ee ff gg hh")]})

    assert best_of(read, ["few", "more"], pages, RECALL) == "more"
    assert best_of(read, ["few", "more"], pages, CER) == "few"
    assert best_of(read, ["more", "few"], pages, CER) == "few"


def test_cpu_ratios_are_of_sums_over_pages_that_both_read(tmp_path: Path) -> None:
    pages = made(tmp_path, 3)
    ours = [entry("", cpu=1), entry("", cpu=5), entry("", cpu=100, error="x")]
    theirs = [entry("", cpu=2), entry("", cpu=1), entry("", cpu=1)]

    found = cpu_ratio(results(pages, {"a": ours, "b": theirs}), "a", "b", pages)

    assert found is not None
    assert found.same_run
    assert (found.ratio, *found.interval) == (2, 0.5, 5)


def test_cpu_seconds_of_two_runs_are_said_to_be_so(tmp_path: Path) -> None:
    pages = made(tmp_path, 1)
    read = results(pages, {"a": [entry("")], "b": [entry("", run="sunday")]})

    found = cpu_ratio(read, "a", "b", pages)
    assert found is not None
    assert not found.same_run


def test_no_page_is_no_ratio(tmp_path: Path) -> None:
    pages = made(tmp_path, 1)
    read = results(pages, {"a": [entry("", error="x")], "b": [entry("")]})

    assert cpu_ratio(read, "a", "b", pages) is None
