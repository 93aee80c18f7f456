"""What is done to a page before it is recognised: each step only where a cheap measure of the page says that it helps.

A clean scan is handed over exactly as it is. What each step gives, and what was left out: docs/preparation.md.
"""

from ocr_platform.ocr.prepare.preparing import Prepared, prepared

__all__ = ["Prepared", "prepared"]
