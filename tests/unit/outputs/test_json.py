import json

import jsonschema
import pytest

from ocr_platform.models import OutputFormat
from ocr_platform.outputs.json import json_schema
from tests.unit.outputs.support import JOB, PAGES, built

VALIDATOR = jsonschema.Draft202012Validator(json.loads(json_schema()))


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(json_schema()))


def test_every_page_is_valid_against_the_schema() -> None:
    VALIDATOR.validate(json.loads(built(OutputFormat.JSON, PAGES)))


@pytest.mark.parametrize("pages", [[], PAGES[1:2], PAGES[2:3]], ids=["none", "failed", "blank"])
def test_documents_without_words_are_valid(pages: list[object]) -> None:
    VALIDATOR.validate(json.loads(built(OutputFormat.JSON, pages)))  # type: ignore[arg-type]


def test_what_the_schema_does_not_know_is_no_output() -> None:
    document = json.loads(built(OutputFormat.JSON, PAGES))
    document["pages"][0]["words"][0]["more"] = 1

    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(document)


def test_json_says_what_was_read_and_where() -> None:
    document = json.loads(built(OutputFormat.JSON, PAGES[:3]))

    assert document == {
        "schema": 2,
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
                "rotation": 0,
                "skew": 0.5,
                "languages": ["deu"],
                "blank": False,
                "confidence": 91.23,
                "blocks": [{"block": 1, "box": [10, 20, 110, 30], "points": [2.4, 4.8, 26.4, 7.2]}],
                "lines": [
                    {
                        "text": "Grüße",
                        "box": [10, 20, 110, 30],
                        "points": [2.4, 4.8, 26.4, 7.2],
                        "block": 1,
                        "paragraph": 2,
                        "line": 3,
                    }
                ],
                "words": [
                    {
                        "text": "Grüße",
                        "box": [10, 20, 110, 30],
                        "points": [2.4, 4.8, 26.4, 7.2],
                        "confidence": 91.23,
                        "block": 1,
                        "paragraph": 2,
                        "line": 3,
                        "source": "ocr",
                        "rotation": 0,
                    }
                ],
            },
            {"number": 2, "error": "page_damaged"},
            {
                "number": 3,
                "error": None,
                "width": 100,
                "height": 200,
                "dpi": 0,
                "rotation": 0,
                "skew": 0,
                "languages": ["eng", "deu"],
                "blank": True,
                "confidence": 0.0,
                "blocks": [],
                "lines": [],
                "words": [],
            },
        ],
    }


def test_points_are_not_made_up_where_the_resolution_is_not_known() -> None:
    page = PAGES[3]
    unknown = json.loads(built(OutputFormat.JSON, [type(page)(1, 100, 200, 0, words=page.words)]))

    assert {word["points"] is None for word in unknown["pages"][0]["words"]} == {True}


def test_words_from_elsewhere_and_turned_ones_say_so() -> None:
    words = json.loads(built(OutputFormat.JSON, PAGES[3:]))["pages"][0]["words"]

    assert [(word["source"], word["rotation"]) for word in words][2:4] == [("text", 0), ("second", 90)]
