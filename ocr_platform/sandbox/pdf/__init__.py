"""Searchable PDFs, built in the sandbox: grafted on a PDF's own pages, or around the pictures of an image file."""
