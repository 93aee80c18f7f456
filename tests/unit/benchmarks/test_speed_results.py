from pathlib import Path

import pytest

from benchmarks.speed.accuracy import Accuracy
from benchmarks.speed.contenders.base import Turn
from benchmarks.speed.corpus import Page
from benchmarks.speed.results import Outcome, pages_table, plain, ratios, sampling_share, speed_table
from benchmarks.speed.usage import Usage

MIB = 1024 * 1024


def outcome(name: str, *seconds: float, fault: str | None = None) -> Outcome:
    """Ten pages in so many seconds, round by round."""
    turns = [Turn(Usage(each, 2 * each, 100 * MIB, each / 100), ["text of a page"]) for each in seconds]
    return Outcome(name, name.title(), 10, turns, fault)


def test_ratios_are_those_of_a_rounds_neighbours() -> None:
    slow_then_fast = outcome("platform", 20, 5)

    assert ratios(slow_then_fast, outcome("tesseract", 40, 10)) == [2, 2]
    assert ratios(slow_then_fast, None) == []
    assert ratios(slow_then_fast, outcome("tesseract", 40, fault="failed: exit code 1")) == []


def test_the_table_has_median_and_spread_and_both_ratios() -> None:
    ours, reference = outcome("platform", 10, 20, 5), outcome("tesseract", 5, 10, 2.5)
    ours.accuracy = Accuracy(0.0123, 0.9876, 10, 10)
    ours.turns = [Turn(turn.usage, turn.texts, {"redis": 1.0, "postgres": 2.0}) for turn in ours.turns]

    table = speed_table([ours, reference])
    row, other = (dict(zip(table.columns, cells, strict=True)) for cells in table.rows)

    assert row["pages/s"] == "1.000 (0.500-2.000)"
    assert (row["of `tesseract`"], other["platform : this"]) == ("0.50 (0.50-0.50)", "0.50 (0.50-0.50)")
    assert row["CPU s a page"] == "2.00 (1.00-4.00)"
    assert (row["servers' CPU s a page"], other["servers' CPU s a page"]) == ("0.300 (0.300-0.300)", "")
    assert (row["peak MiB"], row["CER %"], row["word recall %"]) == ("100 (100-100)", "1.23", "98.76")


def test_a_contender_without_figures_has_its_reason_in_the_table_in_one_line() -> None:
    missing = outcome("kreuzberg", fault="not installed: run scripts/peers")
    failed = outcome("ocrmypdf", 3, fault="failed: exit code 2\n    Traceback | of many lines")

    markdown = speed_table([outcome("tesseract", 1), missing, failed]).markdown()

    assert "| Kreuzberg | not installed: run scripts/peers |" in markdown
    assert "| Ocrmypdf | failed: exit code 2 |" in markdown
    assert "Traceback" not in markdown


def test_figures_for_programs_hold_no_text_of_a_page() -> None:
    (found,) = plain([outcome("tesseract", 10, 20)])

    assert found["pages_per_second"] == {"median": 0.75, "least": 0.5, "greatest": 1.0}
    assert found["of_tesseract"] == {"median": 1, "least": 1, "greatest": 1}
    assert found["platform_to_this"] is None
    assert "text of a page" not in repr(found)


def test_share_of_the_sampler_is_over_all_turns() -> None:
    assert sampling_share([outcome("one", 10, 20), outcome("two", 30)]) == pytest.approx(0.01)
    assert sampling_share([]) == 0


def test_pages_are_listed_by_set() -> None:
    pages = [Page(f"{group}__{name}", group, "", Path(), "eng", True, 300) for group, name in ("ax", "by", "az")]

    assert pages_table(pages).rows == [["a", "2", "eng", "300", "x, z"], ["b", "1", "eng", "300", "y"]]
