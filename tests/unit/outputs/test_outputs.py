import json
from uuid import UUID

import pytest

from ocr_platform.models import DocumentFormat, Job, JobOptions, OutputFormat, PageResult, SourceRef, Stage, Word
from ocr_platform.outputs import OutputBuilder, builder_of, kind_of

JOB = Job(
    UUID("00000000-0000-4000-8000-000000000001"),
    "default",
    SourceRef("documents", "uploads/patient-roe.pdf", "1"),
    JobOptions(("eng", "deu")),
    Stage.ENCRYPT_UPLOAD,
    fence=5,
    holder=UUID("00000000-0000-4000-8000-000000000002"),
    source_sha256="ab" * 32,
    source_format=DocumentFormat.PDF,
    page_count=3,
)
WORD = Word("Grüße", 10, 20, 110, 30, 91.2345, 1, 2, 3)
PAGES = [
    PageResult(1, width=2480, height=3508, dpi=300, text="Grüße\n", words=(WORD,), seconds=1.25),
    PageResult(2, error="page_damaged"),
    PageResult(3, width=100, height=200, dpi=0, text="", seconds=0.5),
]


def test_every_format_that_can_be_asked_for_has_a_type_and_a_name_of_its_own() -> None:
    kinds = [kind_of(name) for name in OutputFormat]

    assert len({kind.file_name for kind in kinds}) == len(kinds)
    assert all("/" in kind.content_type for kind in kinds)


def test_failed_pages_are_empty_in_the_text_so_that_page_numbers_stay_right() -> None:
    text = builder_of(OutputFormat.TEXT).build(JOB, PAGES).decode()

    assert text.split("\f") == ["Grüße\n", "", ""]


def test_text_is_utf8_without_a_byte_order_mark() -> None:
    assert builder_of(OutputFormat.TEXT).build(JOB, PAGES).startswith("Grüße".encode())


def test_text_of_one_page_has_no_page_break() -> None:
    assert builder_of(OutputFormat.TEXT).build(JOB, PAGES[:1]) == "Grüße\n".encode()


def test_json_says_what_was_read_and_where() -> None:
    document = json.loads(builder_of(OutputFormat.JSON).build(JOB, PAGES))

    assert document == {
        "schema": 1,
        "job_id": str(JOB.id),
        "source": {"sha256": "ab" * 32, "format": "pdf"},
        "languages": ["eng", "deu"],
        "pages": [
            {
                "number": 1,
                "error": None,
                "width": 2480,
                "height": 3508,
                "dpi": 300,
                "confidence": 91.23,
                "words": [
                    {
                        "text": "Grüße",
                        "box": [10, 20, 110, 30],
                        "confidence": 91.23,
                        "block": 1,
                        "paragraph": 2,
                        "line": 3,
                    }
                ],
            },
            {"number": 2, "error": "page_damaged"},
            {"number": 3, "error": None, "width": 100, "height": 200, "dpi": 0, "confidence": 0.0, "words": []},
        ],
    }


def test_json_does_not_name_the_file() -> None:
    assert b"patient-roe" not in builder_of(OutputFormat.JSON).build(JOB, PAGES)


@pytest.mark.parametrize("name", [name for name in OutputFormat if isinstance(kind_of(name), OutputBuilder)])
def test_same_pages_give_the_same_bytes_however_long_they_took(name: OutputFormat) -> None:
    # A second try of the upload must meet its own first one, and not an OutputConflict.
    slower = [
        PageResult(page.number, page.width, page.height, page.dpi, page.text, page.words, 99.0, page.error)
        for page in PAGES
    ]

    assert builder_of(name).build(JOB, PAGES) == builder_of(name).build(JOB, slower)
