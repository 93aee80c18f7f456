import pytest

from benchmarks.speed.facts import COMMAND, LIBTESSERACT
from benchmarks.speed.paired import Figures, Pair, compare, error_rate, extremes, interval, recall
from benchmarks.speed.paired_tables import paired_tables

VERSIONS = {LIBTESSERACT: "tesseract 5.5.4", "library: tesserocr": "2.13.0", COMMAND: "tesseract 5.3.0"}


def pair(page: str, rates: tuple[float | None, float | None], variant: str = "as it is", found: float = 0.9) -> Pair:
    """Error rates of the engine and of the command; both find as many words."""
    ours, theirs = rates
    return Pair(page, variant, Figures(ours, found), Figures(theirs, found))


def test_both_are_compared_reading_by_reading() -> None:
    pairs = [pair("a", (0.1, 0.2)), pair("b", (0.3, 0.2)), pair("c", (0.5, 0.5)), pair("d", (0.1, 0.7))]

    found = compare(pairs, error_rate)

    assert found is not None
    assert (found.pages, found.readings) == (4, 4)
    assert (found.lower, found.higher, found.equal) == (2, 1, 1)
    assert (found.engine_mean, found.command_mean) == pytest.approx((0.25, 0.4))
    assert (found.engine_median, found.command_median) == pytest.approx((0.2, 0.35))
    assert found.difference == pytest.approx(-0.15)
    assert found.interval[0] < found.difference < found.interval[1]


def test_pages_of_unknown_order_count_for_the_words_alone() -> None:
    pairs = [pair("a", (0.1, 0.2)), pair("receipt", (None, None), found=0.4)]
    rates, words = compare(pairs, error_rate), compare(pairs, recall)

    assert rates is not None
    assert words is not None
    assert (rates.readings, words.readings) == (1, 2)
    assert (words.engine_mean, words.difference, words.interval) == (0.65, 0, (0, 0))
    assert compare(pairs[1:], error_rate) is None


def test_the_interval_is_that_of_the_binomial_distribution_for_pages_that_are_0_or_1() -> None:
    # Of 100 draws of a half, 95 % have between 40 and 60.
    assert interval([[0.0], [1.0]] * 50) == pytest.approx((0.4, 0.6), abs=0.011)


def test_pages_are_drawn_whole_so_that_more_readings_of_them_tell_no_more() -> None:
    assert interval([[0.0] * 5, [1.0] * 5] * 50) == interval([[0.0], [1.0]] * 50)


def test_pages_weigh_as_much_as_they_have_readings() -> None:
    low, high = interval([[1.0, 1.0, 1.0], [0.0]])

    assert (low, high) == (0, 1)
    assert interval([[1.0, 1.0, 1.0]]) == (1, 1)


def test_an_interval_is_the_same_each_time() -> None:
    clusters = [[0.1, 0.3], [-0.2, 0.0], [0.05]]

    assert interval(clusters) == interval(clusters)


def test_extremes_are_the_pages_whose_means_differ_most_either_way() -> None:
    by_page = {"worse": [0.3, 0.1], "worst": [0.9], "same": [0.1, -0.1], "better": [-0.2], "a little": [0.01]}

    assert extremes(by_page, 2) == ["better", "worse", "worst"]


def test_tables_have_a_row_for_each_variant_and_one_for_all() -> None:
    pairs = [
        pair("a", (0.1, 0.2)),
        pair("a", (0.1, 0.1), "shrunk"),
        pair("b", (0.3, 0.2)),
        pair("b", (0.3, 0.1), "shrunk"),
    ]

    rates, words, most = paired_tables(pairs, VERSIONS)

    assert [row[0] for row in rates.rows] == ["as it is", "shrunk", "**all together**"]
    row = dict(zip(rates.columns, rates.rows[-1], strict=True))
    assert (row["readings"], row["engine, mean"], row["command, mean"]) == ("4 (2 pages)", "20.00", "15.00")
    assert (row["engine lower"], row["higher"], row["equal"]) == ("1", "2", "1")
    assert row["mean difference (95 % interval)"] == "+5.00 (-5.00 to +15.00)"
    assert "tesseract 5.5.4 (tesserocr 2.13.0)" in rates.note
    assert "tesseract 5.3.0" in rates.note
    assert {row[-1] for row in words.rows} == {"+0.00 (+0.00 to +0.00)"}
    assert [row[:5] for row in most.rows] == [
        ["a", "10.00", "15.00", "-5.00", "-10.00, +0.00"],
        ["b", "30.00", "15.00", "+15.00", "+10.00, +20.00"],
    ]


def test_pages_as_they_are_need_no_row_for_all_and_words_need_no_order() -> None:
    rates, words, most = paired_tables([pair("receipt", (None, None))], VERSIONS)

    assert (rates.rows, most.rows) == ([], [])
    assert [row[0] for row in words.rows] == ["as it is"]
