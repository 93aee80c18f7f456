import json
from pathlib import Path

import pytest

from benchmarks.accuracy.cache import Entry
from benchmarks.accuracy.report import BEGIN, END, About, PageError, around, as_json, markdown, update, write
from benchmarks.accuracy.results import Results, by_kind, by_language
from benchmarks.accuracy.tables import by_group, failures_table, kinds_table, summary
from benchmarks.accuracy.verdicts import verdicts
from benchmarks.speed.corpus import Page
from benchmarks.speed.peer_environment import peer_program
from tests.unit.benchmarks.accuracy_support import entry, page, results

ABOUT = About("2026-11-27", "2 CPUs", "abc", [{"path": "/eng", "bytes": 5, "sha256": "ff"}], ["page x, which needs y"])
TRUTH = "aa bb cc dd"
OURS, BEST = "platform-balanced", "platform-best"


@pytest.fixture
def pages(tmp_path: Path) -> list[Page]:
    letters = [page(tmp_path, f"letter{number}", TRUTH) for number in range(5)]
    return [*letters, page(tmp_path, "list", TRUTH, group="lists", order=False, lang="deu")]


@pytest.fixture
def read(pages: list[Page]) -> Results:
    three, every = entry("aa bb cc", cpu=1), entry(TRUTH, cpu=2)
    of: dict[str, list[Entry]] = {
        OURS: [three] * 6,
        BEST: [every] * 6,
        "tesseract": [every] * 5 + [entry("", error="exit code 1")],
        "rapidocr": [three] * 5 + [every],
    }
    return results(pages, of)


def row(rows: object, name: str) -> list[str]:
    return next(each for each in rows if each[0] == name)  # type: ignore[attr-defined]


def test_the_summary_has_means_over_pages(read: Results) -> None:
    table = summary(read)

    # CER: 3 of 11 characters. WER: 1 of 4 words. Recall: 3 of 4. F1: 2 * 3 / 7.
    assert row(table.rows, "Platform-balanced")[1:7] == ["27.3", "25.0", "75.0", "100.0", "85.7", "1.00"]
    assert row(table.rows, "Tesseract")[7] == "1"
    assert row(table.rows, "Platform-balanced")[7] == "0.50 (0.50 to 0.50)"
    assert row(table.rows, "Tesseract")[9] == "1"
    assert "5 pages whose order of reading is known" in table.note.replace("\n", " ")


def test_the_best_of_a_kind_stands_out_and_kinds_without_order_have_no_error_rates(read: Results) -> None:
    cer, _, recall, *_ = by_group(read, by_kind(read.pages), "kind")

    assert list(recall.columns) == ["", "pages", "Platform-balanced", "Platform-best", "Tesseract", "Rapidocr"]
    assert [line[0] for line in cer.rows] == ["letters", "**all**"]
    assert row(recall.rows, "letters") == ["letters", "5", "75.0", "**100.0**", "**100.0**", "75.0"]
    assert row(recall.rows, "lists") == ["lists", "1", "75.0", "**100.0**", "0.0", "**100.0**"]
    assert list(by_language(read.pages)) == ["eng", "deu"]


def test_figures_that_look_equal_stand_out_alike(pages: list[Page]) -> None:
    long = " ".join(f"w{number}" for number in range(4000))
    one = [replace_truth(pages[0], long)]
    read = results(one, {"a": [entry(long)], "b": [entry(long.removesuffix(" w3999"))]})

    recall = by_group(read, by_kind(one), "kind")[2]
    assert row(recall.rows, "letters")[2:] == ["**100.0**", "**100.0**"]


def replace_truth(page: Page, truth: str) -> Page:
    page.path.with_name(f"{page.id}.gt.txt").write_text(truth, encoding="utf-8")
    return page


def test_a_kind_at_a_time_it_is_said_who_is_worse(read: Results) -> None:
    tables = {table.title.partition(" (")[0]: table for table in verdicts(read)}

    balanced = tables["Platform `balanced` beside `tesseract`: word recall"]
    assert row(balanced.rows, "letters") == [
        "letters", "5", "75.0", "Tesseract", "100.0", "-25.0 (-25.0 to -25.0)", "**worse**",
    ]  # fmt: skip
    assert row(balanced.rows, "lists")[6] == "better on each page, too few to tell"
    best = tables["Platform `best` beside the best peer: word recall"]
    assert row(best.rows, "letters")[3:] == ["Tesseract", "100.0", "+0.0 (+0.0 to +0.0)", "within noise"]
    assert row(best.rows, "lists")[3] == "Rapidocr"


def test_without_the_platform_there_are_no_verdicts(pages: list[Page]) -> None:
    assert verdicts(results(pages, {"tesseract": [entry(TRUTH)] * 6})) == []


def test_two_kinds_of_one_set_stay_apart(tmp_path: Path) -> None:
    one = page(tmp_path, "one", "x")
    other = Page("two", one.set, "another kind", one.path, "eng", True, None)

    assert list(by_kind([one, other])) == ["kind of letters", "another kind"]


def test_pages_that_failed_are_named_with_the_reason(read: Results) -> None:
    found = failures_table(read)

    assert found is not None
    assert found.rows == [["Tesseract", "list", "exit code 1"]]


def test_kinds_say_what_they_are(read: Results) -> None:
    assert row(kinds_table(read).rows, "lists") == ["lists", "kind of lists", "1", "deu", "not known"]


def test_a_tool_that_did_not_read_every_page_is_no_contender(pages: list[Page], read: Results) -> None:
    from benchmarks.accuracy.results import scored

    entries = {key: each for key, each in read.entries.items() if key != ("rapidocr", "list")}

    assert [tool.name for tool in scored(pages, read.tools, entries).tools] == [OURS, BEST, "tesseract"]


def test_the_report_says_when_on_what_and_what_is_left_out(read: Results) -> None:
    text = markdown(read, ABOUT)

    assert "Measured on 2026-11-27, checkout abc, 6 pages. 2 CPUs, the load of which was 0.5 on average." in text
    assert "Left out: page x, which needs y." in text
    assert "| /eng | 5 | ff |" in text
    assert "png" not in text
    assert "](plots/accuracy-words.png)" in markdown(read, ABOUT, "plots")


def test_json_has_every_figure_and_no_text(read: Results) -> None:
    found = json.dumps(as_json(read, ABOUT))

    readings = json.loads(found)["readings"]
    assert len(readings) == 24
    assert readings[0]["recall"] == 0.75
    assert readings[0]["cpu_seconds"] == 1
    assert "aa bb" not in found


def test_only_what_stands_between_the_marks_of_a_page_is_replaced(read: Results, tmp_path: Path) -> None:
    document = tmp_path / "accuracy.md"
    document.write_text(f"before\n{BEGIN}\nof last year\n{END}\nafter\n")
    document.chmod(0o644)

    update(document, read, ABOUT)
    update(document, read, ABOUT)

    text = document.read_text()
    assert text.startswith(f"before\n{BEGIN}\n\nMeasured on")
    assert text.endswith(f"\n{END}\nafter\n")
    assert "last year" not in text
    assert text.count(BEGIN) == 1
    assert document.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("text", ["", BEGIN, END, f"{END}{BEGIN}"])
def test_a_page_without_marks_is_left_alone(text: str, read: Results, tmp_path: Path) -> None:
    document = tmp_path / "accuracy.md"
    document.write_text(text)

    with pytest.raises(PageError, match="has no lines"):
        around(text, document)
    with pytest.raises(PageError):
        update(document, read, ABOUT)
    assert document.read_text() == text


@pytest.mark.skipif(peer_program("python") is None, reason="plots need what scripts/peers installs")
def test_plots_are_drawn(read: Results, tmp_path: Path) -> None:
    assert write(read, ABOUT, tmp_path / "out")

    made = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert made == [
        "accuracy-characters.png",
        "accuracy-cost.png",
        "accuracy-words.png",
        "accuracy.json",
        "accuracy.md",
    ]
    assert (tmp_path / "out/accuracy-words.png").read_bytes().startswith(b"\x89PNG")
