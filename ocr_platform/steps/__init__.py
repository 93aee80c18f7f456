"""The four stages as pure functions over ports. Each returns whose message is to be published, or None."""

from ocr_platform.steps.fetch import fetch_decrypt
from ocr_platform.steps.ocr import recognise_pages
from ocr_platform.steps.pace import Pace
from ocr_platform.steps.persist import persist
from ocr_platform.steps.upload import encrypt_upload

__all__ = ["Pace", "encrypt_upload", "fetch_decrypt", "persist", "recognise_pages"]
