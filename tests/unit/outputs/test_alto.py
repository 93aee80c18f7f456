import pytest
from lxml import etree

from ocr_platform.models import OutputFormat, PageResult, Word
from tests.unit.layout.support import column, turned
from tests.unit.outputs.alto_schema import ALTO, faults
from tests.unit.outputs.support import PAGES, built, page_of


def tree(pages: list[PageResult]) -> etree._Element:
    return etree.fromstring(built(OutputFormat.ALTO, pages).encode())


def test_every_page_is_as_the_standard_has_it() -> None:
    hyphenated = page_of(column(["a docu-", "ment"], 0, 0), "a docu-\nment")

    assert faults(tree([*PAGES, PageResult(5, 1, 1, 0, words=hyphenated.words)])) == []


def test_names_of_elements_are_used_once() -> None:
    names = tree([*PAGES, PageResult(5, 10, 10, words=PAGES[3].words)]).xpath("//@ID")

    assert len(names) == len(set(names))


def test_words_have_their_boxes_and_their_confidence() -> None:
    string = tree(PAGES).xpath("//a:Page[1]//a:String", namespaces=ALTO)[0]

    assert dict(string.attrib) == {
        "CONTENT": "Grüße",
        "HPOS": "10",
        "VPOS": "20",
        "WIDTH": "110",
        "HEIGHT": "30",
        "WC": "0.9123",
    }


def test_spaces_stand_between_words_and_nowhere_else() -> None:
    line = tree([page_of(column(["one two"], 10, 20))]).xpath("//a:TextLine", namespaces=ALTO)[0]

    assert [etree.QName(part).localname for part in line] == ["String", "SP", "String"]
    assert dict(line[1].attrib) == {"HPOS": "70", "VPOS": "20", "WIDTH": "20"}


@pytest.mark.parametrize(
    ("rotation", "space"),
    [
        (90, {"HPOS": "20", "VPOS": "2390", "HEIGHT": "20"}),
        (180, {"HPOS": "2390", "VPOS": "3458", "WIDTH": "20"}),
        (270, {"HPOS": "3458", "VPOS": "70", "HEIGHT": "20"}),
    ],
)
def test_a_space_of_a_line_that_is_not_upright_lies_between_its_words(rotation: int, space: dict[str, str]) -> None:
    words = tuple(turned(column(["one two"], 10, 20), rotation, 2480, 3508))
    found = tree([PageResult(1, 2480, 3508, 300, words=words, rotation=rotation)])

    assert dict(found.xpath("//a:SP", namespaces=ALTO)[0].attrib) == space
    assert faults(found) == []


def test_a_space_of_a_line_from_the_right_lies_between_its_words() -> None:
    one, two = Word("שלום", 200, 20, 80, 30, 90.0, 1, 1, 1), Word("עולם", 100, 20, 80, 30, 90.0, 1, 1, 1)

    assert dict(tree([page_of([one, two])]).xpath("//a:SP", namespaces=ALTO)[0].attrib) == {
        "HPOS": "180",
        "VPOS": "20",
        "WIDTH": "20",
    }


def test_words_that_touch_are_parted_by_a_space_without_a_place() -> None:
    one, two = Word("one", 10, 20, 60, 30, 90.0, 1, 1, 1), Word("two", 65, 20, 60, 30, 90.0, 1, 1, 1)

    assert dict(tree([page_of([one, two])]).xpath("//a:SP", namespaces=ALTO)[0].attrib) == {}


def test_a_divided_word_is_whole_in_both_its_halves() -> None:
    found = tree([page_of(column(["a docu-", "ment here"], 0, 0), "a docu-\nment here")])
    halves = found.xpath("//a:String[@SUBS_TYPE]", namespaces=ALTO)

    assert [(half.get("CONTENT"), half.get("SUBS_TYPE"), half.get("SUBS_CONTENT")) for half in halves] == [
        ("docu", "HypPart1", "document"),
        ("ment", "HypPart2", "document"),
    ]
    assert found.xpath("string(//a:HYP/@CONTENT)", namespaces=ALTO) == "-"


def test_a_word_that_may_be_two_keeps_its_hyphen() -> None:
    text = "it is well known and well-\nknown"
    found = tree([page_of(column(text.split("\n"), 0, 0), text)])

    assert found.xpath("//a:HYP", namespaces=ALTO) == []
    assert found.xpath("//a:String/@CONTENT", namespaces=ALTO)[-2:] == ["well-", "known"]


def test_it_is_xml_whatever_was_recognised() -> None:
    words = tree(PAGES).xpath("//a:Page[4]//a:String/@CONTENT", namespaces=ALTO)

    assert words == ["<b>&amp;\"'", "\ufffd", "\U0001f600", "שלום", "日本"]


def test_a_page_that_failed_has_no_print_space_and_says_why() -> None:
    page = tree(PAGES).xpath("//a:Page[2]", namespaces=ALTO)[0]

    assert (page.get("QUALITY"), page.get("QUALITY_DETAIL"), len(page)) == ("Missing", "page_damaged", 0)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_turned_page_has_its_angle_and_a_block_where_it_differs(rotation: int) -> None:
    words = tuple(turned(column(["one two"], 10, 20), rotation, 2480, 3508))
    page, other = tree(
        [PageResult(1, 2480, 3508, 300, words=words, rotation=rotation), PageResult(2, 2480, 3508, 300, words=words)]
    ).xpath("//a:Page", namespaces=ALTO)

    assert (page.get("ROTATION"), page.xpath(".//a:TextBlock/@ROTATION", namespaces=ALTO)) == (str(rotation), [])
    assert (other.get("ROTATION"), other.xpath(".//a:TextBlock/@ROTATION", namespaces=ALTO)) == (None, [str(rotation)])


def test_the_language_of_a_page_is_said_where_it_is_sure() -> None:
    assert tree(PAGES).xpath("//a:Page/@LANG", namespaces=ALTO) == ["de"]
