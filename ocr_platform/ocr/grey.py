"""Any image that Pillow decodes as 8-bit grey on white paper."""

from typing import cast

from PIL import Image

_WHITE = 255
_WHITE_12, _WHITE_16 = 4095, 65535
_GREY_16 = frozenset({"I;16", "I;16B", "I;16L", "I;16N"})
# Modes whose colours are multiplied by their opacity, and the same without that.
_PREMULTIPLIED = {"La": "LA", "RGBa": "RGBA"}


def grey(image: Image.Image) -> Image.Image:
    """8-bit grey of any mode that Pillow decodes to; one bit a pixel needs no more. Transparency is white paper."""
    if image.mode == "1":
        return image
    if image.mode in _GREY_16:
        return _scaled(image.convert("I"))
    if image.mode in ("I", "F"):
        return _scaled(image)
    if image.mode == "LAB":
        return image.getchannel(0)  # lightness, which Pillow does not convert
    if image.mode in _PREMULTIPLIED:
        image = image.convert(_PREMULTIPLIED[image.mode])
    if "A" in image.getbands() or "transparency" in image.info:
        layers = image.convert("RGBA")
        hidden = layers.convert("L")
        if layers.getchannel("A").getextrema() == (0, 0) and len(set(hidden.getextrema())) > 1:
            return hidden  # nothing would be seen of what is there: some programs leave the channel empty
        paper = Image.new("RGBA", layers.size, (_WHITE, _WHITE, _WHITE, _WHITE))
        return Image.alpha_composite(paper, layers).convert("L")
    return image.convert("L")


def _scaled(image: Image.Image) -> Image.Image:
    """Levels of more than 8 bits: Pillow's own conversion would clip them at 255.

    What fits into 16 bits is taken for that, or for 12, in which many scanners and cameras measure. Other levels have
    no agreed white: the lightest becomes it.
    """
    low, high = cast("tuple[float, float]", image.getextrema())
    if image.mode == "I" and low >= 0 and high <= _WHITE_16:
        low, high = 0, _WHITE_12 if high <= _WHITE_12 else _WHITE_16
    scale = _WHITE / max(high - low, _WHITE)
    return image.point(lambda value: value * scale + -low * scale).convert("L")
