"""What goes wrong while a PDF is taken apart and put together, as errors of the platform."""

from collections.abc import Iterator
from contextlib import contextmanager

import pikepdf

from ocr_platform.errors import DocumentDamaged, PageDamaged, PasswordRequired


@contextmanager
def parsing() -> Iterator[None]:
    """Damaged structures make pikepdf raise errors of many kinds; all mean the same. Raises PasswordRequired, too."""
    try:
        yield
    except pikepdf.PasswordError as exc:
        raise PasswordRequired from exc
    except (
        pikepdf.PdfError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        ArithmeticError,
        RuntimeError,
        RecursionError,
    ) as exc:
        raise DocumentDamaged from exc


@contextmanager
def decoding() -> Iterator[None]:
    """The same for pictures and Pillow. Raises PageDamaged."""
    try:
        yield
    except (
        OSError,
        SyntaxError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        ArithmeticError,
        RuntimeError,
    ) as exc:
        raise PageDamaged from exc
