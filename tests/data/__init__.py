"""Sample scans with their ground truth: `make` writes them all, `pages` draws single ones for a test."""

from tests.data.pages import scan_page, wrap, write_pdf, write_tiff

__all__ = ["scan_page", "wrap", "write_pdf", "write_tiff"]
