"""PNG files as they are: PDF reads the same deflated rows. Source: PNG specification, third edition, and RFC 1950."""

from collections.abc import Iterator

from ocr_platform.sandbox.pdf.pictures.picture import Picture

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _COLOUR, _PALETTE = 0, 2, 3
_CHANNELS = {_GREY: 1, _COLOUR: 3, _PALETTE: 1}
_PNG_PREDICTORS = 15  # each row names its own (ISO 32000-1, table 10)


def png_as_it_is(data: bytes) -> Picture | None:
    """The picture, or None when it is interlaced or see-through, which PDF stores otherwise."""
    if data[:8] != _SIGNATURE:
        return None
    header, palette, rows = b"", b"", []
    for name, chunk in _chunks(data):
        match name:
            case b"IHDR":
                header = chunk
            case b"PLTE":
                palette = chunk
            case b"IDAT":
                rows.append(chunk)
            case b"tRNS":
                return None
    if len(header) != 13:  # noqa: PLR2004  the length of IHDR
        return None
    width, height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
    bits, kind, interlaced = header[8], header[9], header[12]
    if kind not in _CHANNELS or interlaced or not rows or (kind == _PALETTE and not palette):
        return None
    return Picture(
        width,
        height,
        bits,
        "DeviceGray" if kind == _GREY else "DeviceRGB",
        b"".join(rows),
        "FlateDecode",
        {"Predictor": _PNG_PREDICTORS, "Colors": _CHANNELS[kind], "BitsPerComponent": bits, "Columns": width},
        palette=palette if kind == _PALETTE else None,
    )


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += 12 + length
