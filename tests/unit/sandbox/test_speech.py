from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from ocr_platform.errors import LanguageMissing, PageTimeout
from ocr_platform.models import OcrMode, PageResult, Reading
from ocr_platform.sandbox.memory import SealedDocument, sealed
from ocr_platform.sandbox.speech import Speech
from tests.unit.ocr.models import model
from tests.unit.ocr.test_language import COMMON, ENGLISH, GERMAN, RUSSIAN

READING = Reading()


@dataclass
class FakeReads:
    """Says the same of a page whatever reads it, and notes what did."""

    texts: dict[int, str]
    samples: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str, int]] = field(default_factory=list)
    given: list[tuple[SealedDocument, Reading]] = field(default_factory=list)

    def read(self, models: str, document: SealedDocument, number: int, reading: Reading) -> PageResult:
        self.given.append((document, reading))
        self.asked.append(("read", models, number))
        return PageResult(number, 10, 10, text=self.texts[number], languages=tuple(models.split("+")))

    def sample(self, model: str, document: SealedDocument, number: int) -> str:
        self.given.append((document, READING))
        self.asked.append(("sample", model, number))
        return self.samples.get(model, self.texts[number])


@pytest.fixture
def speech(tmp_path: Path) -> Speech:
    model(tmp_path / "eng.traineddata", [*ENGLISH, *COMMON])
    model(tmp_path / "deu.traineddata", [*GERMAN, *COMMON])
    model(tmp_path / "rus.traineddata", RUSSIAN, "Cyrillic")
    return Speech(str(tmp_path), ["deu", "eng", "rus", "osd"])


def text(words: list[str]) -> str:
    return " ".join(words)


def test_a_documents_language_is_found_out_once(speech: Speech) -> None:
    reads = FakeReads({1: text(GERMAN), 2: text(GERMAN)})

    with sealed([b"%PDF-"]) as document:
        results = [speech.read(reads, document, number, READING) for number in (1, 2)]

    assert reads.asked == [("sample", "eng", 1), ("read", "deu", 1), ("read", "deu", 2)]
    assert [result.languages for result in results] == [("deu",), ("deu",)]


def test_another_document_is_looked_at_anew(speech: Speech) -> None:
    reads = FakeReads({1: text(GERMAN)})

    for _ in range(2):
        with sealed([b"%PDF-"]) as document:
            speech.read(reads, document, 1, READING)

    assert [kind for kind, _models, _number in reads.asked] == ["sample", "read"] * 2


def test_a_page_in_another_language_than_the_pages_before_is_read_again(speech: Speech) -> None:
    reads = FakeReads({1: text(GERMAN), 2: text(ENGLISH), 3: text(ENGLISH)})

    with sealed([b"%PDF-"]) as document:
        results = [speech.read(reads, document, number, READING) for number in (1, 2, 3)]

    assert reads.asked[2:] == [("read", "deu", 2), ("read", "eng", 2), ("read", "eng", 3)]
    assert results[1].languages == ("eng",)


def test_a_language_that_the_part_did_not_give_away_is_found_on_the_whole_page(speech: Speech) -> None:
    reads = FakeReads({1: text(GERMAN)}, {"eng": text(COMMON * 2), "rus": text(COMMON * 2)})

    with sealed([b"%PDF-"]) as document:
        result = speech.read(reads, document, 1, READING)

    assert result.languages == ("deu",)
    assert reads.asked[-2:] == [("read", "eng", 1), ("read", "deu", 1)]


def test_another_script_is_read_by_a_model_of_its_own(speech: Speech) -> None:
    garbage = "NOM CTOMT 3a CeMbIO XOJIMaMM KyJa HMKTO nocne TeMHOTbI xOJMT KaxJOe OKHO"
    reads = FakeReads({1: text(RUSSIAN)}, {"eng": garbage})

    with sealed([b"%PDF-"]) as document:
        assert speech.read(reads, document, 1, READING).languages == ("rus",)
    assert reads.asked == [("sample", "eng", 1), ("sample", "rus", 1), ("read", "rus", 1)]


def test_a_script_in_which_nothing_is_read_does_not_end_the_search(speech: Speech) -> None:
    reads = FakeReads({1: text(RUSSIAN)}, {"eng": "3a 7A 4TO 0J1 K4 Y7 9b 1O 2W 8V K0"})

    with sealed([b"%PDF-"]) as document:
        assert speech.read(reads, document, 1, READING).languages == ("rus",)


def test_a_page_in_another_script_than_the_pages_before_is_looked_at_anew(speech: Speech) -> None:
    class Scripts(FakeReads):
        def read(self, models: str, document: SealedDocument, number: int, reading: Reading) -> PageResult:
            result = super().read(models, document, number, reading)
            garbage = "NOM CTOMT CeMbIO XOJIMaMM KyJa HMKTO nocne TeMHOTbI xOJMT KaxJOe"
            return replace(result, text=garbage) if number == 2 and models != "rus" else result

    reads = Scripts({1: text(GERMAN), 2: text(RUSSIAN)}, {"eng": text(GERMAN)})
    with sealed([b"%PDF-"]) as document:
        speech.read(reads, document, 1, READING)
        reads.samples["eng"] = "NOM CTOMT CeMbIO XOJIMaMM KyJa HMKTO nocne TeMHOTbI"
        assert speech.read(reads, document, 2, READING).languages == ("rus",)


def test_where_nothing_suits_the_usual_model_reads_and_the_log_says_so(
    speech: Speech, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "ocr_platform")
    reads = FakeReads(dict.fromkeys(range(1, 6), "xx yy"))

    with sealed([b"%PDF-"]) as document:
        results = [speech.read(reads, document, number, READING) for number in range(1, 6)]

    assert {result.languages for result in results} == {("eng",)}
    assert [record.message for record in caplog.records] == ["language_unsure"] * 5
    # And not every page of a document of pictures is read twice
    assert sum(kind == "sample" for kind, _models, _number in reads.asked) == 3


def test_nothing_is_sampled_where_nothing_is_to_be_recognised(speech: Speech) -> None:
    reads = FakeReads({1: ""})

    with sealed([b"%PDF-"]) as document:
        speech.read(reads, document, 1, Reading(OcrMode.SKIP))

    assert reads.asked == [("read", "eng", 1)]


def test_without_a_directory_of_models_the_usual_one_reads() -> None:
    reads = FakeReads({1: text(GERMAN)})

    with sealed([b"%PDF-"]) as document:
        assert Speech(None, ["deu", "fra"]).read(reads, document, 1, READING).languages == ("deu",)


def test_without_a_single_model_the_language_is_missing() -> None:
    with sealed([b"%PDF-"]) as document, pytest.raises(LanguageMissing):
        Speech(None, ["osd"]).read(FakeReads({}), document, 1, READING)


def test_a_fault_of_the_page_while_it_is_sampled_is_the_pages(speech: Speech) -> None:
    class Slow(FakeReads):
        def sample(self, model: str, document: SealedDocument, number: int) -> str:
            super().sample(model, document, number)
            raise PageTimeout

    with sealed([b"%PDF-"]) as document, pytest.raises(PageTimeout):
        speech.read(Slow({1: ""}), document, 1, READING)
