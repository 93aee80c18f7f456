"""The text of a searchable PDF: words as operators of a content stream, in a font without glyphs.

Pure functions over page results. What parses and writes PDFs is in `sandbox/pdf`, since it touches foreign bytes.
"""
