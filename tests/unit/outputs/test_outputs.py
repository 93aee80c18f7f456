from dataclasses import replace

import pytest

from ocr_platform.models import OutputFormat
from ocr_platform.outputs import OutputBuilder, builder_of, kind_of
from tests.unit.outputs.support import JOB, PAGES, built

BUILT = [name for name in OutputFormat if isinstance(kind_of(name), OutputBuilder)]


def test_every_format_that_can_be_asked_for_has_a_type_and_a_name_of_its_own() -> None:
    kinds = [kind_of(name) for name in OutputFormat]

    assert len({kind.file_name for kind in kinds}) == len(kinds)
    assert all("/" in kind.content_type for kind in kinds)


@pytest.mark.parametrize("name", BUILT)
def test_no_output_names_the_file(name: OutputFormat) -> None:
    assert b"patient-roe" not in builder_of(name).build(JOB, PAGES)


@pytest.mark.parametrize("name", BUILT)
def test_same_pages_give_the_same_bytes_however_long_they_took(name: OutputFormat) -> None:
    # A second try of the upload must meet its own first one, and not an OutputConflict.
    slower = [replace(page, seconds=99.0) for page in PAGES]

    assert builder_of(name).build(JOB, PAGES) == builder_of(name).build(JOB, slower)


@pytest.mark.parametrize("name", [OutputFormat.JSON, OutputFormat.HOCR, OutputFormat.ALTO, OutputFormat.MARKDOWN])
def test_a_page_that_failed_says_why(name: OutputFormat) -> None:
    assert "page_damaged" in built(name, PAGES)


def test_failed_pages_are_empty_in_the_text_so_that_page_numbers_stay_right() -> None:
    assert built(OutputFormat.TEXT, PAGES).split("\f") == ["Grüße\n", "", "", "hard"]


def test_text_is_utf8_without_a_byte_order_mark() -> None:
    assert builder_of(OutputFormat.TEXT).build(JOB, PAGES).startswith("Grüße".encode())


def test_text_of_one_page_has_no_page_break() -> None:
    assert builder_of(OutputFormat.TEXT).build(JOB, PAGES[:1]) == "Grüße\n".encode()
