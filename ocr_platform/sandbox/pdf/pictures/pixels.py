"""Pictures whose compression PDF does not have: unpacked, and packed again without loss."""

import io
import zlib
from dataclasses import replace

import numpy as np
from PIL import Image, ImageFile

from ocr_platform.sandbox.pdf.pictures.fax import as_fax
from ocr_platform.sandbox.pdf.pictures.picture import Picture
from ocr_platform.sandbox.pdf.pictures.png import png_as_it_is

_WORDS = frozenset({"I;16", "I;16B", "I;16L", "I;16N"})
_SEE_THROUGH = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})
_MULTIPLIED = {"La": "LA", "RGBa": "RGBA"}  # colours that were multiplied by their alpha
_OPAQUE = 255
_LEVEL = 6  # the next ones take several times as long for a few per cent
_TIFF_PREDICTOR = 2  # differences from the sample to the left (ISO 32000-1, table 10)
_MOST = 65535


def packed(image: Image.Image) -> Picture:
    """A picture of any mode that Pillow decodes to; what PDF has no samples for becomes the nearest that it has."""
    if isinstance(image, ImageFile.ImageFile):
        image = image.copy()  # of one that comes from a file, Pillow asks for the working directory when it saves it
    if image.mode == "1":
        fax = as_fax(image)
        return fax if fax is not None else _deflated(image)
    if image.mode in _SEE_THROUGH or "transparency" in image.info:
        return _see_through(image)
    if image.mode == "CMYK":
        return _four_inks(image)
    if image.mode in {"L", "P", "RGB"}:
        return _deflated(image)
    if image.mode in _WORDS:
        return _deflated(image.convert("I;16") if image.mode != "I;16" else image)
    if image.mode in {"I", "F"}:
        return _deflated(_levels(image))
    return _deflated(image.convert("RGB"))


def _deflated(image: Image.Image) -> Picture:
    """As the rows of a PNG: Pillow chooses a predictor for each."""
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=_LEVEL, icc_profile=None)
    picture = png_as_it_is(file.getvalue())
    if picture is None:
        raise ValueError("a picture that PNG does not have")
    return picture


def _see_through(image: Image.Image) -> Picture:
    """Colours and, where anything can be seen through, how much of it."""
    grey = image.mode in {"LA", "La", "L", "1"}
    if image.mode in _MULTIPLIED:
        image = image.convert(_MULTIPLIED[image.mode])
    layers = image.convert("RGBA")
    alpha = layers.getchannel("A")
    colours = layers.getchannel("R") if grey else layers.convert("RGB")
    picture = _deflated(colours)
    least, _ = alpha.getextrema()
    return picture if least == _OPAQUE else replace(picture, alpha=_deflated(alpha))


def _four_inks(image: Image.Image) -> Picture:
    samples = np.asarray(image)
    differences = np.diff(samples, axis=1, prepend=np.zeros_like(samples[:, :1]))
    parameters = {"Predictor": _TIFF_PREDICTOR, "Colors": 4, "BitsPerComponent": 8, "Columns": image.width}
    data = zlib.compress(differences.tobytes(), _LEVEL)
    return Picture(image.width, image.height, 8, "DeviceCMYK", data, "FlateDecode", parameters)


def _levels(image: Image.Image) -> Image.Image:
    """Levels of 32 bits as 16: as they are where they fit, else stretched between the darkest and the lightest."""
    samples = np.asarray(image, dtype=np.float64)
    low, high = float(np.nanmin(samples)), float(np.nanmax(samples))
    if image.mode == "F" or low < 0 or high > _MOST:
        samples = (samples - low) * (_MOST / (high - low or 1.0))
    words = np.nan_to_num(samples).round().clip(0, _MOST).astype(np.uint16)
    return Image.fromarray(words)
