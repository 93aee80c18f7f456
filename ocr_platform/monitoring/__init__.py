"""Logs: identifiers and figures, never text."""
