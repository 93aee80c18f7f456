"""The grammar that outputs are held against refuses what the standard's own schema refuses.

Each of these changes to an output was shown to that schema, too: it refuses them all.
"""

from collections.abc import Callable
from copy import deepcopy

import pytest
from lxml import etree

from ocr_platform.models import OutputFormat, PageResult
from tests.unit.layout.support import column
from tests.unit.outputs.alto_schema import ALTO, faults
from tests.unit.outputs.support import PAGES, built, page_of

Change = Callable[[etree._Element], None]


def document() -> etree._Element:
    """Pages with words, without, failed and turned, and a divided word."""
    divided = page_of(column(["a docu-", "ment"], 0, 0), "a docu-\nment").words
    pages = [*PAGES, PageResult(5, 2480, 3508, 300, "a docu-\nment", divided)]
    return etree.fromstring(built(OutputFormat.ALTO, pages).encode())


def without(name: str) -> Change:
    def change(element: etree._Element) -> None:
        del element.attrib[name]

    return change


def having(name: str, value: str) -> Change:
    def change(element: etree._Element) -> None:
        element.set(name, value)

    return change


def saying(text: str) -> Change:
    def change(element: etree._Element) -> None:
        element.text = text

    return change


def called(name: str, namespace: str = ALTO["a"]) -> Change:
    def change(element: etree._Element) -> None:
        element.tag = f"{{{namespace}}}{name}"

    return change


def holding(name: str) -> Change:
    def change(element: etree._Element) -> None:
        etree.SubElement(element, f"{{{ALTO['a']}}}{name}")

    return change


def twice(element: etree._Element) -> None:
    element.addnext(deepcopy(element))


def gone(element: etree._Element) -> None:
    parent = element.getparent()
    assert parent is not None
    parent.remove(element)


def emptied(element: etree._Element) -> None:
    for child in list(element):
        element.remove(child)


def first(element: etree._Element) -> None:
    parent = element.getparent()
    assert parent is not None
    parent.insert(0, element)


def out_of_its_parent(element: etree._Element) -> None:
    parent = element.getparent()
    assert parent is not None
    parent.addnext(element)


FORBIDDEN = [
    # What has to be there
    ("//a:Layout", gone),
    ("//a:Layout", emptied),
    ("//a:MeasurementUnit", gone),
    ("//a:Processing", without("ID")),
    ("//a:Page", without("ID")),
    ("//a:Page", without("PHYSICAL_IMG_NR")),
    ("//a:TextBlock", without("ID")),
    ("//a:String", without("CONTENT")),
    ("//a:HYP", without("CONTENT")),
    ("//a:TextLine", emptied),
    # What may be there once, or not at all
    ("//a:Description", twice),
    ("//a:Layout", twice),
    ("//a:MeasurementUnit", twice),
    ("//a:processingStepSettings", twice),
    ("//a:softwareName", twice),
    ("//a:PrintSpace", twice),
    ("//a:HYP", twice),
    ("//a:SP", twice),
    ("//a:Page", having("DPI", "300")),
    ("//a:String", having("ROTATION", "90")),
    ("//a:TextLine", having("ROTATION", "90")),
    ("//a:SP", having("CONTENT", " ")),
    ("//a:TextBlock", holding("Paragraph")),
    ("//a:PrintSpace", holding("TextLine")),
    ("//a:Page", holding("TextBlock")),
    ("//a:String", holding("String")),
    ("//a:TextLine", saying("stray")),
    ("//a:String", saying("stray")),
    ("//a:HYP", saying(" ")),
    ("//a:SP", saying("\n")),
    # Order and place
    ("//a:Layout", first),
    ("//a:sourceImageInformation", first),
    ("//a:documentIdentifier", first),
    ("//a:processingStepSettings", first),
    ("//a:softwareVersion", first),
    ("//a:SP", first),
    ("//a:HYP", first),
    ("//a:String", out_of_its_parent),
    ("//a:TextLine", out_of_its_parent),
    ("//a:TextBlock", out_of_its_parent),
    # Names
    ("/a:alto", called("ALTO")),
    ("/a:alto", called("alto", "http://www.loc.gov/standards/alto/ns-v3#")),
    ("//a:String", called("Word")),
    ("//a:String", called("String", "http://www.w3.org/1999/xhtml")),
    # Values from a list
    ("//a:MeasurementUnit", saying("px")),
    ("//a:MeasurementUnit", saying(" pixel ")),
    ("//a:processingCategory", saying("ContentGeneration")),
    ("//a:Page[2]", having("QUALITY", "missing")),
    ("//a:Page[2]", having("QUALITY", "Missing ")),
    ("//a:String[@SUBS_TYPE]", having("SUBS_TYPE", "HypPart3")),
    ("//a:String[@SUBS_TYPE]", having("SUBS_TYPE", " HypPart1")),
    # Types
    ("//a:Page", having("WIDTH", "2480px")),
    ("//a:Page", having("HEIGHT", "")),
    ("//a:Page", having("PHYSICAL_IMG_NR", "one")),
    ("//a:Page", having("PC", "91.2345")),
    ("//a:Page", having("PC", "-0.1")),
    ("//a:Page", having("PC", "NaN")),
    ("//a:Page", having("ROTATION", "left")),
    ("//a:Page", having("LANG", "de_DE")),
    ("//a:Page", having("LANG", "")),
    ("//a:TextBlock", having("HPOS", "1,5")),
    ("//a:TextBlock", having("ROTATION", "90°")),
    ("//a:String", having("WC", "1.0001")),
    ("//a:String", having("WC", "")),
    ("//a:String", having("VPOS", "None")),
    ("//a:SP", having("WIDTH", "wide")),
    # Names of elements, and what refers to them
    ("//a:Page", having("ID", "1")),
    ("//a:TextBlock", having("ID", "block 1")),
    ("//a:TextLine", having("ID", "")),
    ("//a:TextLine", having("ID", "line:1")),
    ("//a:Page[3]", having("ID", "page_1")),
    ("//a:TextBlock", having("ID", "page_1")),
    ("//a:TextLine", having("ID", "ocr")),
    ("//a:TextLine", twice),
    ("//a:TextBlock", twice),
    ("//a:Processing", twice),
    ("//a:Processing", having("ID", "other")),
    ("//a:Page", having("PROCESSING", "nothing")),
    ("//a:Page", having("PROCESSING", "ocr ocr")),
]


@pytest.mark.parametrize(("place", "change"), FORBIDDEN)
def test_what_the_standard_forbids_is_refused(place: str, change: Change) -> None:
    changed = document()

    change(changed.xpath(place, namespaces=ALTO)[0])

    assert faults(changed) != []


def test_what_is_written_is_not_refused() -> None:
    assert faults(document()) == []
