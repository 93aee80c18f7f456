"""Which decoder reads which image format, loaded with this module and held to one thread.

A sandbox can open no file and start no thread: what would be loaded or started there at need is settled here.
"""

import struct
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import pi_heif
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    WebPImagePlugin,
)

from ocr_platform.errors import DocumentDamaged, FormatUnsupported, PageDamaged, PageTooLarge, PageUnsupported
from ocr_platform.models import DocumentFormat
from ocr_platform.ocr.tiff import TiffFile
from ocr_platform.ocr.unthreaded import decode_without_threads


def _jpeg_2000(file: BinaryIO) -> Image.Image:
    """Pillow has modes for one to four channels, and calls others a mistake. Raises PageUnsupported."""
    try:
        return Jpeg2KImagePlugin.Jpeg2KImageFile(file)
    except SyntaxError as exc:
        if "mode" in str(exc):
            raise PageUnsupported from exc
        raise


# Each reads the header alone when it is called. Pillow's own choice would go by brands and names, and try others.
_DECODERS: dict[DocumentFormat, Callable[[BinaryIO], Image.Image]] = {
    DocumentFormat.TIFF: TiffFile,
    DocumentFormat.PNG: PngImagePlugin.PngImageFile,
    DocumentFormat.JPEG: JpegImagePlugin.jpeg_factory,
    DocumentFormat.WEBP: WebPImagePlugin.WebPImageFile,
    DocumentFormat.HEIC: pi_heif.HeifImageFile,
    DocumentFormat.AVIF: AvifImagePlugin.AvifImageFile,
    DocumentFormat.JPEG2000: _jpeg_2000,
    DocumentFormat.GIF: GifImagePlugin.GifImageFile,
    DocumentFormat.BMP: BmpImagePlugin.BmpImageFile,
    DocumentFormat.PNM: PpmImagePlugin.PpmImageFile,
}
# What Pillow may be built without, and what needs a thread that a sandbox cannot have; their wheels have all of it.
_MISSING = frozenset(
    kind
    for kind, there in (
        (DocumentFormat.WEBP, WebPImagePlugin.SUPPORTED),
        (DocumentFormat.AVIF, AvifImagePlugin.SUPPORTED),
        (DocumentFormat.HEIC, decode_without_threads()),
    )
    if not there
)
# The JPEG decoder imports it when it meets two pictures in a file, as phones store them; the first is the one meant.
_TWO_PICTURES = MpoImagePlugin.MpoImageFile

# The size is checked against our own limit before anything is unpacked.
Image.MAX_IMAGE_PIXELS = None
AvifImagePlugin.DEFAULT_MAX_THREADS = 1
pi_heif.options.DECODE_THREADS = 0  # libheif's own: tiles are decoded by who asks for them
pi_heif.options.THUMBNAILS = pi_heif.options.DEPTH_IMAGES = pi_heif.options.AUX_IMAGES = False


@contextmanager
def decoding(error: type[DocumentDamaged | PageDamaged]) -> Iterator[None]:
    """Decoders raise many kinds of errors on damaged files, and all mean the same; nobody reads what they warn of."""
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    except MemoryError:
        raise
    except (
        OSError,
        SyntaxError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        ArithmeticError,
        RuntimeError,
        struct.error,
    ) as exc:
        raise error from exc


def opened(file: BinaryIO, format: DocumentFormat, most_pixels: int) -> Any:
    """An image whose header was read. Raises DocumentDamaged, FormatUnsupported, PageUnsupported, PageTooLarge.

    The last is raised by a decoder that makes room for the picture already when it reads the header.
    """
    if format in _MISSING:
        raise FormatUnsupported(f"The workers' Pillow or pi-heif was built without {format}; install its wheel.")
    file.seek(0)
    with decoding(DocumentDamaged), _declaring_at_most(most_pixels):
        image = _DECODERS[format](file)
    if format is DocumentFormat.AVIF:
        # How it is turned stands in the container, which Pillow looks into (ISO/IEC 23000-22, 7.3.6): no note counts.
        image.info.pop("xmp", None)
    return image


@contextmanager
def _declaring_at_most(pixels: int) -> Iterator[None]:
    """Have Pillow refuse by itself what declares more: it does from twice of what it is told on."""
    Image.MAX_IMAGE_PIXELS = max(1, pixels // 2)
    try:
        yield
    except Image.DecompressionBombError as exc:
        raise PageTooLarge from exc
    finally:
        Image.MAX_IMAGE_PIXELS = None
