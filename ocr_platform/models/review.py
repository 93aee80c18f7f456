"""Which pages somebody should look at first, and why."""

from dataclasses import dataclass
from enum import StrEnum

# A page is listed when fewer than so many of a hundred letters are in words that are likely right, or when the two
# readings differ on a larger share of its letters; docs/confidence.md says what these find.
LOW_CONFIDENCE = 85.0
DISPUTED_SHARE = 0.3
MOST_REVIEWS = 20


class ReviewReason(StrEnum):
    """Why a page is worth a look."""

    PAGE_FAILED = "page_failed"
    NO_TEXT_FOUND = "no_text_found"  # it is not blank, and nothing was read on it
    LOW_CONFIDENCE = "low_confidence"
    READINGS_DISAGREE = "readings_disagree"


@dataclass(frozen=True, slots=True)
class PageReview:
    """A page to look at; confidence 0-100, None when nothing was read."""

    number: int
    reasons: tuple[ReviewReason, ...]
    confidence: float | None


@dataclass(frozen=True, slots=True)
class PageFigures:
    """What is known of a finished page: `disputed` is the share (0-1) of letters that a second reading had otherwise.

    Figures that an earlier version did not record are None.
    """

    number: int
    error: str | None
    letters: int | None
    confidence: float | None
    blank: bool | None = None
    disputed: float | None = None

    @property
    def review(self) -> PageReview | None:
        """The page with its reasons; None when there is none."""
        if self.error is not None:
            return PageReview(self.number, (ReviewReason.PAGE_FAILED,), None)
        if not self.letters:
            return None if self.blank is not False else PageReview(self.number, (ReviewReason.NO_TEXT_FOUND,), None)
        reasons = []
        if self.confidence is not None and self.confidence < LOW_CONFIDENCE:
            reasons.append(ReviewReason.LOW_CONFIDENCE)
        if self.disputed is not None and self.disputed > DISPUTED_SHARE:
            reasons.append(ReviewReason.READINGS_DISAGREE)
        return PageReview(self.number, tuple(reasons), self.confidence) if reasons else None


def worst_first(pages: list[PageFigures]) -> tuple[PageReview, ...]:
    """Pages to look at, those with nothing to read first, then by confidence; MOST_REVIEWS at most."""
    found = [review for page in pages if (review := page.review) is not None]
    found.sort(key=lambda review: (review.confidence is not None, review.confidence or 0.0, review.number))
    return tuple(found[:MOST_REVIEWS])
