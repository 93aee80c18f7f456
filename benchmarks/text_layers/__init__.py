"""What it costs to take a page's own text, beside `pdftotext`, and whether both say the same."""
