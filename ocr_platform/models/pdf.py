"""A searchable PDF and how it was made."""

from dataclasses import dataclass
from enum import StrEnum


class PdfWay(StrEnum):
    """How a searchable PDF is made from a document."""

    GRAFTED = "grafted"  # the document's own pages, with text added
    WRAPPED = "wrapped"  # around the pictures of an image file, as they are stored
    REDRAWN = "redrawn"  # the document's own pages, with pictures in the place of what they showed; for PDF/A
    DRAWN = "drawn"  # around pictures of its pages: nothing else of the document could be kept


class PdfLoss(StrEnum):
    """What a PDF had and PDF/A made of it does not have."""

    ACTIONS = "actions"  # scripts, and whatever happens when something is opened or clicked, but for links
    ANNOTATIONS = "annotations"  # hidden ones, sound, film, and kinds that are not allowed or not known
    ATTACHMENTS = "attachments"
    EXTENSIONS = "extensions"  # entries of the document and its pages that other programs keep there for themselves
    FORMS = "forms"  # fields; what they showed is on the page
    LAYERS = "layers"  # that could be shown and hidden
    METADATA = "metadata"  # XMP properties that PDF/A does not have
    SIGNATURES = "signatures"
    TAGS = "tags"


@dataclass(frozen=True, slots=True)
class SearchablePdf:
    """The bytes of a PDF, how they were made, and what was taken out for PDF/A."""

    body: bytes
    way: PdfWay
    lost: tuple[PdfLoss, ...] = ()
