"""Kreuzberg, in a process that stays up: forced OCR by its own Tesseract, as its documentation shows it."""

from kreuzberg import ExtractionConfig, OcrConfig, extract_file_sync  # type: ignore[import-not-found]  # a peer

from benchmarks.accuracy.protocol import serve


def read(path: str, languages: str) -> str:
    """The content of one file."""
    ocr = OcrConfig(backend="tesseract", language=languages)
    config = ExtractionConfig(force_ocr=True, use_cache=False, ocr=ocr)
    content: str = extract_file_sync(path, config=config).content
    return content


if __name__ == "__main__":
    serve(read)
