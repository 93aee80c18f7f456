"""A small page of our own in every format, to decode before the doors close: libraries load parts of themselves then.

Pillow writes them where it can do so without threads. The others were written once: by libheif with x265, by libavif
with aom, and by hand; 64 by 64 pixels, black on the left and white on the right.
"""

import base64
import io
import struct
from collections.abc import Iterator

from PIL import Image

from ocr_platform.models import DocumentFormat

_HEIC = (
    "0000SW^{RQXk}?*00000ZE0pPXk}?*ZE0a<0003(ZDn*}000000000XXk=`10000000000aA{+700000000000000000000B57=I"
    "V*mgE07O6l0RRC200001W&i;I00000000*N001LtX>Mi!000000RR916=`l}WdZ;I000310BCk&F#rGn01j|zbZr0t000010002O"
    "X>f9I0001_X>en20001ZXm(>m0RwOV0058x000009`FGC{rLC*01pFT0096PKmiN^|NjGU00093kN^M!000939=ZZRVE_RDD?$MQ"
    "18@KU0|1Z!00RI30{|YNAb|yz>PacCZUPz%2mk;B0LTCU0{{p>VgLaE2SfqEa<C#m0000KX>)L8000000000$0000$0000GaA|mH"
    "000000|*ER0000MX>e^}0000000001009Gm0s{a503U5+VRQfh023$yuM1%MQYg>=>s!8k``y|`Z~"
)
_AVIF = (
    "0000WW^{RQVRmU|00000VRmU|ZE0pPZE0a<O+hh20002%ZDn*}000000000XXk=`10000000000aA{+700000000000000000000"
    "4sdC7Z2$lO000310016oY;R)#0000)000310RR910RR926951JB>(^bC~0YKW&i*H00031000_kZf0cy000000RRADb}%tRZ)|UJ"
    "00000YH4tCZ~y=ROKEUpZvX%Q6lrsCWdHyG00000KmY&$KmY&$5O8UDX#fBK00RgJ2mk;83}JRLLxBJc000006Ju{|a&BX6cmM$a"
    "4FCp!0000NX>e^}0000000001009I60)qqq001p*WMOm?0162h6@UG*0vZhnG8P?&hlQQM04x9i0JGfsFVfqq-yhb9"
)

_WRITTEN_BY_PILLOW = {
    DocumentFormat.PDF: "PDF",
    DocumentFormat.TIFF: "TIFF",
    DocumentFormat.PNG: "PNG",
    DocumentFormat.JPEG: "JPEG",
    DocumentFormat.WEBP: "WEBP",
    DocumentFormat.JPEG2000: "JPEG2000",
    DocumentFormat.GIF: "GIF",
    DocumentFormat.BMP: "BMP",
    DocumentFormat.PNM: "PPM",
}
_KEPT = {DocumentFormat.HEIC: _HEIC, DocumentFormat.AVIF: _AVIF}
# Written by hand (ITU-T T.88): a page, and a region of it that is packed as in a fax of group 4.
_JBIG2 = bytes.fromhex(
    "974a42320d0a1a0a01 00000001"
    "00000000 30 00 01 00000013 00000040 00000040 00000000 00000000 00 0000"
    "00000001 26 00 01 00000030 00000040 00000040 00000000 00000000 00 01"
    "26a0d5fffffffffffffffffffffffffffffffffffffffffffffff8008008"
)


def samples() -> Iterator[tuple[DocumentFormat, bytes]]:
    """Each format with a document of one page."""
    page = Image.new("L", (64, 64), 255)
    for kind, name in _WRITTEN_BY_PILLOW.items():
        body = io.BytesIO()
        page.save(body, name)
        yield kind, body.getvalue()
    for kind, kept in _KEPT.items():
        yield kind, base64.b85decode(kept)
    yield DocumentFormat.JBIG2, _JBIG2
    yield DocumentFormat.TIFF, _deep_tiff()


def _deep_tiff() -> bytes:
    """A pixel of 12 bits: what is read by way of numpy."""
    tags = ((256, 1), (257, 1), (258, 12), (259, 1), (262, 1), (273, 8), (277, 1), (278, 1), (279, 2))
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0" + struct.pack("<I", 10) + b"\xff\xf0" + struct.pack("<H", len(tags)) + entries + bytes(4)
