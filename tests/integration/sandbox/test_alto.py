"""What pages give that were really read is valid ALTO: turned, blank and born-digital ones, and those that failed."""

from dataclasses import replace

from lxml import etree
from PIL import Image

from ocr_platform.models import OutputFormat, PageResult
from ocr_platform.sandbox.reader import SandboxReader
from tests.data import scan_page
from tests.data.born_digital import Page, pdf, text
from tests.data.pages import pdf_bytes, wrap
from tests.data.texts import LETTER
from tests.integration.sandbox.support import read
from tests.unit.outputs.alto_schema import ALTO, faults
from tests.unit.outputs.support import built

DPI = 150


def test_pages_that_were_read_are_valid(reader: SandboxReader) -> None:
    # Given a page that lies on its side, one without text, and one with its own text, on which a line runs upwards
    turned = scan_page(LETTER[0], dpi=DPI, skew=0).transpose(Image.Transpose.ROTATE_90)
    upwards = text(["a line that runs upwards"], 40, 200, matrix="0 1 -1 0")
    bodies = [
        pdf_bytes([turned], DPI),
        pdf_bytes([Image.new("L", (800, 600), "white")], DPI),
        pdf([Page(text(["the docu-", "ment has a hyphen", *wrap(LETTER[0])]) + upwards)]),
    ]

    pages = [replace(read(reader, body), number=number) for number, body in enumerate(bodies, 1)]
    document = etree.fromstring(built(OutputFormat.ALTO, [*pages, PageResult(4, error="page_damaged")]).encode())

    assert faults(document) == []
    assert document.xpath("//a:Page/@ROTATION", namespaces=ALTO) == ["90"]
    assert [len(page.xpath(".//a:String", namespaces=ALTO)) > 0 for page in document.iter(f"{{{ALTO['a']}}}Page")] == [
        True,
        False,
        True,
        False,
    ]
    # And between words is a space with a place, also where the line runs upwards
    spaces = document.xpath("//a:SP", namespaces=ALTO)
    assert sum("HPOS" in space.attrib for space in spaces) > 0.95 * len(spaces)
    assert document.xpath("//a:SP/@HEIGHT", namespaces=ALTO) != []
    assert document.xpath("//a:HYP/@CONTENT", namespaces=ALTO) == ["-"]
