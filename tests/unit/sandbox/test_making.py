from collections.abc import Callable
from typing import Any

import pytest

from ocr_platform.errors import (
    DecoderCrash,
    DocumentDamaged,
    DocumentError,
    OutputTooLarge,
    PageMemory,
    PdfaMissing,
    PdfaRefused,
    ScratchFull,
)
from ocr_platform.models import DocumentFormat, PageResult, PdfLoss, PdfWay, SearchablePdf, Word
from ocr_platform.sandbox.endings import Killed
from ocr_platform.sandbox.making import by_any_way, checked, sent

WORD = Word("Lorem", 0, 0, 10, 10, 90.0, 1, 1, 1)


class Maker:
    """Fails as it is told, one fault a try."""

    def __init__(self, *faults: Exception | None) -> None:
        self.tried: list[PdfWay] = []
        self._faults = list(faults)

    def __call__(self, way: PdfWay) -> SearchablePdf:
        self.tried.append(way)
        fault = self._faults.pop(0) if self._faults else None
        if fault is not None:
            raise fault
        return SearchablePdf(b"%PDF-", way)


def test_structure_is_kept_where_it_can_be() -> None:
    maker = Maker()

    assert by_any_way(maker, DocumentFormat.PDF).way is PdfWay.GRAFTED
    assert maker.tried == [PdfWay.GRAFTED]


@pytest.mark.parametrize("fault", [DocumentDamaged(), PageMemory(), DecoderCrash(), OutputTooLarge()])
def test_pdf_that_cannot_be_kept_is_drawn(fault: DocumentError) -> None:
    maker = Maker(fault)

    assert by_any_way(maker, DocumentFormat.PDF).way is PdfWay.DRAWN
    assert maker.tried == [PdfWay.GRAFTED, PdfWay.DRAWN]


def test_pictures_are_wrapped_and_nothing_else_is_tried() -> None:
    maker = Maker(PageMemory())

    with pytest.raises(PageMemory):
        by_any_way(maker, DocumentFormat.TIFF)

    assert maker.tried == [PdfWay.WRAPPED]


def test_pdfa_that_nobody_approves_of_is_drawn_by_and_by_and_the_log_says_what_failed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    maker = Maker(PdfaRefused(), PdfaRefused())

    assert by_any_way(maker, DocumentFormat.PDF, archival=True).way is PdfWay.DRAWN

    assert maker.tried == [PdfWay.GRAFTED, PdfWay.REDRAWN, PdfWay.DRAWN]
    told = [(record.message, vars(record)["code"]) for record in caplog.records]
    assert told == [("pdf_not_grafted", "pdfa_refused"), ("pdf_not_redrawn", "pdfa_refused")]


def test_pictures_that_nobody_approves_of_as_pdfa_are_drawn(caplog: pytest.LogCaptureFixture) -> None:
    maker = Maker(PdfaRefused())

    assert by_any_way(maker, DocumentFormat.JPEG, archival=True).way is PdfWay.DRAWN

    assert [record.message for record in caplog.records] == ["pdf_not_wrapped"]


def test_what_is_refused_in_every_way_is_not_delivered() -> None:
    maker = Maker(PdfaRefused(), PdfaRefused(), PdfaRefused())

    with pytest.raises(PdfaRefused):
        by_any_way(maker, DocumentFormat.PDF, archival=True)


def test_without_what_makes_pdfa_no_other_way_is_tried() -> None:
    maker = Maker(PdfaMissing())

    with pytest.raises(PdfaMissing):
        by_any_way(maker, DocumentFormat.PDF, archival=True)

    assert maker.tried == [PdfWay.GRAFTED]


def test_sandbox_that_was_killed_from_outside_gets_a_second_one() -> None:
    maker = Maker(Killed())

    assert by_any_way(maker, DocumentFormat.PDF).way is PdfWay.GRAFTED
    assert maker.tried == [PdfWay.GRAFTED, PdfWay.GRAFTED]


def test_fault_of_the_installation_is_no_reason_to_draw() -> None:
    maker = Maker(ScratchFull())

    with pytest.raises(ScratchFull):
        by_any_way(maker, DocumentFormat.PDF)

    assert maker.tried == [PdfWay.GRAFTED]


def _asked(answer: Callable[[dict[str, Any]], dict[str, Any]] | None = None) -> tuple[list[dict[str, Any]], Any]:
    asked: list[dict[str, Any]] = []

    def ask(request: dict[str, Any]) -> dict[str, Any]:
        asked.append(request)
        if answer is not None:
            return answer(request)
        return {"bytes": 7, "lost": ["forms"]} if request["do"] == "pdf_end" else {"done": True}

    return asked, ask


def test_pages_go_in_order_and_many_at_a_time() -> None:
    asked, ask = _asked()
    pages = [PageResult(number, 100, 100, words=(WORD,)) for number in range(1, 51)]

    assert sent(ask, PdfWay.GRAFTED, pages, 10) == (7, (PdfLoss.FORMS,))

    assert [request["do"] for request in asked] == ["pdf", "pdf_pages", "pdf_end"]
    assert [page["number"] for page in asked[1]["pages"]] == list(range(1, 51))


def test_no_more_pages_go_at_a_time_than_fit_into_a_frame() -> None:
    asked, ask = _asked()
    pages = [PageResult(number, 100, 100, words=(WORD,) * 4000) for number in range(1, 11)]

    sent(ask, PdfWay.GRAFTED, pages, 10)

    chunks = [request["pages"] for request in asked if request["do"] == "pdf_pages"]
    assert [page["number"] for chunk in chunks for page in chunk] == list(range(1, 11))
    assert len(chunks) == 5


@pytest.mark.parametrize("way", [PdfWay.WRAPPED, PdfWay.DRAWN])
def test_pictures_go_one_by_one_so_that_each_has_a_pages_time(way: PdfWay) -> None:
    asked, ask = _asked()

    sent(ask, way, [PageResult(1), PageResult(2)], 10)

    assert [request["do"] for request in asked] == ["pdf", "pdf_pages", "pdf_pages", "pdf_end"]


@pytest.mark.parametrize(
    "lie",
    [
        {},
        {"done": False},
        {"done": True, "x": 1},
        {"bytes": 7},
        *({"bytes": size, "lost": []} for size in (11, 0, True, "7")),
    ],
)
@pytest.mark.parametrize("about", ["pdf", "pdf_pages", "pdf_end"])
def test_lie_is_a_crash(lie: dict[str, Any], about: str) -> None:
    end = {"bytes": 7, "lost": []}
    honest: dict[str, dict[str, Any]] = {"pdf": {"done": True}, "pdf_pages": {"done": True}, "pdf_end": end}
    _, ask = _asked(lambda request: lie if request["do"] == about else honest[request["do"]])

    with pytest.raises(DecoderCrash):
        sent(ask, PdfWay.GRAFTED, [PageResult(1)], 10)


@pytest.mark.parametrize("body", [b"", bytes(10), b"<html>", b" %PDF-1.7"])
def test_what_is_no_pdf_is_a_crash(body: bytes) -> None:
    with pytest.raises(DecoderCrash):
        checked(body)
