from pathlib import Path

import pytest
from hocr_tools_lib.tools.hocr_check import Checker
from hocr_tools_lib.tools.hocr_lines import lines
from hocr_tools_lib.utils.node_utils import get_bbox, get_prop
from lxml import etree, html

from ocr_platform.models import OutputFormat, PageResult
from tests.unit.layout.support import column, turned
from tests.unit.outputs.support import PAGES, built, page_of

XHTML = {"x": "http://www.w3.org/1999/xhtml"}
NO_NETWORK = etree.XMLParser(load_dtd=False, no_network=True, resolve_entities=False)


def tree(pages: list[PageResult]) -> etree._Element:
    return etree.fromstring(built(OutputFormat.HOCR, pages).encode(), NO_NETWORK)


def written(pages: list[PageResult], path: Path) -> Path:
    path.write_bytes(built(OutputFormat.HOCR, pages).encode())
    return path


def test_the_reader_of_hocr_tools_finds_every_line_and_its_words(tmp_path: Path) -> None:
    words = column(["one two", "three"], 10, 20)

    assert list(lines(written([page_of(words)], tmp_path / "page.hocr"))) == ["one two", "three"]


def test_the_checker_of_hocr_tools_has_nothing_to_say(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = column(["one two", "three"], 10, 20) + column(["four"], 900, 20, block=2)

    Checker(written([page_of(words), *PAGES[1:3]], tmp_path / "document.hocr")).check()

    assert "not ok" not in capsys.readouterr().err


def test_boxes_resolution_and_confidence_are_read_back_as_they_were() -> None:
    document = html.document_fromstring(built(OutputFormat.HOCR, PAGES).encode())
    page = document.find_class("ocr_page")[0]
    word = page.find_class("ocrx_word")[0]

    assert get_bbox(page) == (0, 0, 2480, 3508)
    assert (get_prop(page, "ppageno"), get_prop(page, "scan_res")) == ("0", "300 300")
    assert (word.text, get_bbox(word), get_prop(word, "x_wconf")) == ("Grüße", (10, 20, 120, 50), "91.23")


def test_it_is_xml_whatever_was_recognised() -> None:
    words = tree(PAGES).xpath("//x:span[@class='ocrx_word']/text()", namespaces=XHTML)

    assert words == ["Grüße", "<b>&amp;\"'", "\ufffd", "\U0001f600", "שלום", "日本"]


def test_names_of_elements_are_used_once() -> None:
    names = tree([*PAGES, PageResult(5, 10, 10, words=PAGES[3].words)]).xpath("//@id")

    assert len(names) == len(set(names))


def test_the_language_of_a_page_is_said_where_it_is_sure() -> None:
    pages = tree(PAGES).xpath("//x:div[@class='ocr_page']", namespaces=XHTML)

    assert [page.get("lang") for page in pages] == ["de", None, None, None]
    assert tree(PAGES).xpath("string(//x:meta[@name='ocr-langs']/@content)", namespaces=XHTML) == "de en"


def test_a_page_that_failed_is_there_and_says_why() -> None:
    page = tree(PAGES).xpath("//x:div[@id='page_2']", namespaces=XHTML)[0]

    assert "x_error page_damaged" in page.get("title")
    assert len(page) == 0


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_turned_text_has_its_angle(rotation: int) -> None:
    words = turned(column(["one two"], 10, 20), rotation, 2480, 3508)
    line = tree([page_of(words)]).xpath("//x:span[@class='ocr_line']", namespaces=XHTML)[0]

    assert line.get("title").endswith(f"; textangle {rotation}")
