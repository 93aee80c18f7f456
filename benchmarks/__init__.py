"""Measurements of the platform; each is a package with a command of its own."""
