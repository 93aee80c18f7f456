"""Searchable PDFs of real documents, checked by programs that did not make them."""
