"""A document's format by its first bytes; its name and its declared type are never believed."""

from ocr_platform.models import DocumentFormat

HEAD_BYTES = 1024

_MAGIC = (
    (b"II*\x00", DocumentFormat.TIFF),
    (b"MM\x00*", DocumentFormat.TIFF),
    (b"II+\x00", DocumentFormat.TIFF),  # BigTIFF
    (b"MM\x00+", DocumentFormat.TIFF),
    (b"\x89PNG\r\n\x1a\n", DocumentFormat.PNG),
    (b"\xff\xd8\xff", DocumentFormat.JPEG),
)


def sniff(head: bytes) -> DocumentFormat | None:
    """The format of a document that starts with `head` (HEAD_BYTES are enough); None when it is of no known kind."""
    for magic, found in _MAGIC:
        if head.startswith(magic):
            return found
    # Readers accept a PDF header anywhere in the first 1024 bytes (ISO 32000-1, annex H, implementation note 13).
    return DocumentFormat.PDF if b"%PDF-" in head[:HEAD_BYTES] else None
