"""A searchable PDF and how it was made."""

from dataclasses import dataclass
from enum import StrEnum


class PdfWay(StrEnum):
    """How a searchable PDF is made from a document."""

    GRAFTED = "grafted"  # the document's own pages, with text added
    WRAPPED = "wrapped"  # around the pictures of an image file, as they are stored
    DRAWN = "drawn"  # around pictures of its pages: the PDF's structure could not be kept


@dataclass(frozen=True, slots=True)
class SearchablePdf:
    """The bytes of a PDF, and how they were made."""

    body: bytes
    way: PdfWay
