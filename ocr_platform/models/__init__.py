"""Frozen values that the layers pass to each other. No behaviour beyond what the values themselves mean."""

from ocr_platform.models.jobs import (
    Fault,
    HandOver,
    Job,
    JobState,
    JobStatus,
    Progress,
    Stage,
    checked_tenant,
)
from ocr_platform.models.options import (
    AUTO_LANGUAGES,
    DEFAULT_FORMATS,
    DocumentFormat,
    JobOptions,
    OutputFormat,
)
from ocr_platform.models.pages import (
    EngineName,
    OcrMode,
    PageResult,
    Quality,
    Reading,
    SandboxMode,
    Word,
    WordSource,
)
from ocr_platform.models.pdf import PdfWay, SearchablePdf
from ocr_platform.models.review import PageFigures, PageReview, ReviewReason, worst_first
from ocr_platform.models.stored import (
    Output,
    SealedText,
    SourceFacts,
    SourceRef,
    StoredObject,
    StoredText,
    TextStorage,
    WrappedKey,
)

__all__ = [
    "AUTO_LANGUAGES",
    "DEFAULT_FORMATS",
    "DocumentFormat",
    "EngineName",
    "Fault",
    "HandOver",
    "Job",
    "JobOptions",
    "JobState",
    "JobStatus",
    "OcrMode",
    "Output",
    "OutputFormat",
    "PageFigures",
    "PageResult",
    "PageReview",
    "PdfWay",
    "Progress",
    "Quality",
    "Reading",
    "ReviewReason",
    "SandboxMode",
    "SealedText",
    "SearchablePdf",
    "SourceFacts",
    "SourceRef",
    "Stage",
    "StoredObject",
    "StoredText",
    "TextStorage",
    "Word",
    "WordSource",
    "WrappedKey",
    "checked_tenant",
    "worst_first",
]
