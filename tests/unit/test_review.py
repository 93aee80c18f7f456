"""Pages that somebody should look at, the worst first."""

import pytest

from ocr_platform.models import PageFigures, PageResult, PageReview, ReviewReason, Word, worst_first
from ocr_platform.models.review import DISPUTED_SHARE, LOW_CONFIDENCE, MOST_REVIEWS


def figures(number: int = 1, confidence: float = 99.0, disputed: float | None = 0.0) -> PageFigures:
    return PageFigures(number, None, letters=100, confidence=confidence, blank=False, disputed=disputed)


@pytest.mark.parametrize(
    ("page", "reasons"),
    [
        (PageFigures(1, "page_damaged", 0, None), [ReviewReason.PAGE_FAILED]),
        (PageFigures(1, None, 0, 0.0, blank=False), [ReviewReason.NO_TEXT_FOUND]),
        (figures(confidence=LOW_CONFIDENCE - 0.1), [ReviewReason.LOW_CONFIDENCE]),
        (figures(disputed=DISPUTED_SHARE + 0.1), [ReviewReason.READINGS_DISAGREE]),
        (
            figures(confidence=LOW_CONFIDENCE - 0.1, disputed=1.0),
            [ReviewReason.LOW_CONFIDENCE, ReviewReason.READINGS_DISAGREE],
        ),
    ],
)
def test_a_page_is_listed_with_every_reason(page: PageFigures, reasons: list[ReviewReason]) -> None:
    found = page.review

    assert found is not None
    assert list(found.reasons) == reasons


@pytest.mark.parametrize(
    "page",
    [
        figures(),
        figures(confidence=LOW_CONFIDENCE, disputed=DISPUTED_SHARE),
        figures(disputed=None),
        PageFigures(1, None, 0, 0.0, blank=True),
        PageFigures(1, None, 0, 0.0, blank=None),  # recorded by a version that did not know
    ],
)
def test_a_page_without_a_reason_is_not_listed(page: PageFigures) -> None:
    assert page.review is None


def test_pages_without_any_text_come_first_and_then_the_least_sure() -> None:
    pages = [figures(1, 80.0), PageFigures(2, None, 0, 0.0, blank=False), figures(3, 40.0), figures(4)]

    assert [review.number for review in worst_first(pages)] == [2, 3, 1]


def test_the_list_is_bounded() -> None:
    pages = [figures(number, 10.0 + number) for number in range(1, 3 * MOST_REVIEWS)]

    assert [review.number for review in worst_first(pages)] == list(range(1, MOST_REVIEWS + 1))


def test_a_page_result_knows_its_figures() -> None:
    page = PageResult(3, words=(Word("word", 0, 0, 1, 1, 50.0, 1, 1, 1),), disputed=0.5)

    assert page.figures.review == PageReview(3, (ReviewReason.LOW_CONFIDENCE, ReviewReason.READINGS_DISAGREE), 50.0)
    assert PageResult(4, error="page_timeout").figures.review == PageReview(4, (ReviewReason.PAGE_FAILED,), None)
