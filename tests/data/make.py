"""Write the sample documents that the tests and the demo read, each with what it says beside it.

Every file is the same to the byte at each run with the same versions of Pillow and zlib.  Nothing but
Pillow is needed.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image, ImageOps

if __package__ in (None, ""):  # run as a script: let it find itself as `tests.data`
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.data import broken, pages, texts

DEFAULT_OUT = Path(__file__).resolve().parent / "generated"


@dataclass(frozen=True)
class Sample:
    """One file: what it is for, how its bytes are made, and what each of its pages says.

    `truth` is None where there is nothing to compare with, and "" for a page without readable text.
    """

    about: str
    make: Callable[[], bytes]
    truth: Sequence[str] | None = None


@cache
def _letter() -> tuple[Image.Image, ...]:
    skews = (0.5, -0.8, 0.3)
    return tuple(
        pages.scan_page(text, skew=skew, seed=11 + i)
        for i, (text, skew) in enumerate(zip(texts.LETTER, skews, strict=True))
    )


def _payslip_jpg() -> bytes:
    grey = pages.scan_page(texts.PAYSLIP[0], dpi=200, skew=-0.4, noise=0.08, seed=21)
    tinted = ImageOps.colorize(grey, black=(20, 24, 52), white=(253, 246, 226))  # blue ink, cream paper
    return pages.image_bytes(tinted, "JPEG", 200)


def _fax_tif() -> bytes:
    """At a fax machine's fine resolution, 204 dots per inch across and 196 down."""
    frames = []
    for i, text in enumerate(texts.FAX):
        scan = pages.scan_page(text, dpi=204, skew=0.3 - 0.5 * i, noise=0.08, seed=31 + i)
        squeezed = scan.resize((scan.width, round(scan.height * 196 / 204)), Image.Resampling.BICUBIC)
        frames.append(pages.speckled(pages.black_and_white(squeezed), dots=250, seed=31 + i))
    return pages.tiff_bytes(frames, (204, 196), "group4")


def _contract_tif() -> bytes:
    skews = (-0.3, 0.6, 0.1)
    scans = [
        pages.few_greys(pages.scan_page(text, skew=skew, noise=0.06, seed=51 + i))
        for i, (text, skew) in enumerate(zip(texts.CONTRACT, skews, strict=True))
    ]
    return pages.tiff_bytes(scans, (300, 300), "tiff_lzw")


def _blank_png() -> bytes:
    return pages.image_bytes(Image.new("L", pages.page_size(300), 255), "PNG", 300)


SAMPLES: dict[str, Sample] = {
    "letter.pdf": Sample(
        "a patient letter, 3 scanned pages, no text layer",
        lambda: pages.pdf_bytes(_letter(), 300),
        texts.LETTER,
    ),
    "letter.png": Sample(
        "its first page, 16 grey levels",
        lambda: pages.image_bytes(pages.few_greys(_letter()[0]), "PNG", 300),
        texts.LETTER[:1],
    ),
    "payslip.jpg": Sample("a payslip in colour, 200 dpi", _payslip_jpg, texts.PAYSLIP),
    "fax.tif": Sample("a fax of 2 pages, 1-bit CCITT G4, 204x196 dpi, speckled", _fax_tif, texts.FAX),
    "contract.tif": Sample("a contract of 3 pages, grey, LZW", _contract_tif, texts.CONTRACT),
    "blank.png": Sample("a white page", _blank_png, ("",)),
    "one-bad-page.tif": Sample(
        "3 pages, of which the second can't be decoded",
        lambda: broken.one_bad_page_tif(texts.MINUTES),
        (texts.MINUTES[0], "", texts.MINUTES[2]),
    ),
    "empty.pdf": Sample("0 bytes", lambda: b""),
    "damaged.pdf": Sample("a PDF header and noise", broken.damaged_pdf),
    "damaged.png": Sample("opens, but can't be decoded", broken.damaged_png),
    "damaged.jpg": Sample("a JPEG header and noise", broken.damaged_jpg),
    "damaged.tif": Sample("opens, but can't be decoded", broken.damaged_tif),
    "password.pdf": Sample(f"AES-256, opens with {broken.PASSWORD!r}", broken.password_pdf),
    "unsupported.docx": Sample("a word processor's file", broken.unsupported_docx),
    "notes.txt": Sample("plain text", broken.notes_txt),
    "bomb.png": Sample("30,000 x 30,000 pixels in 110 KB", broken.bomb_png),
    "many-pages.pdf": Sample("2,500 blank pages", broken.many_pages_pdf),
}


def truth_path(sample: Path) -> Path:
    """Where the ground truth of a sample is: letter.pdf.gt.txt for letter.pdf."""
    return sample.with_name(sample.name + ".gt.txt")


def write_samples(out: Path = DEFAULT_OUT, only: Collection[str] = (), force: bool = False) -> list[Path]:
    """Write the samples named in `only`, or all, with their ground truth; return the paths written.

    Files that exist are left as they are, unless `force`.
    """
    out.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for name in only or SAMPLES:
        path, sample = out / name, SAMPLES[name]
        jobs = [(path, sample.make)]
        if sample.truth is not None:
            jobs.append((truth_path(path), _truth(sample.truth).encode))
        for target, content in jobs:
            if force or not target.exists():
                _write(target, content())
                written.append(target)
    return written


def _truth(texts_of_pages: Sequence[str]) -> str:
    printed = ("\n".join([*pages.wrap(text), ""]) if text else "" for text in texts_of_pages)
    return "\f".join(printed)


def _write(path: Path, content: bytes) -> None:
    # By way of a second name: a run that is cut short must not leave half a file, which the next one keeps.
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.write_bytes(content)
    half.replace(path)


def _parser() -> argparse.ArgumentParser:
    listing = "\n".join(f"  {name:18}{sample.about}" for name, sample in SAMPLES.items())
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"""samples:\n{listing}

What a readable sample says is in NAME.gt.txt beside it, in UTF-8: the lines as they are printed, a form
feed between two pages, nothing for a page that is blank or damaged.

examples:
  python tests/data/make.py                               everything, to tests/data/generated/
  python tests/data/make.py --only letter.pdf --out /tmp  one sample and its text
  python tests/data/make.py --force                       again, after a change to the texts

The path of each file written goes to standard output.""",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=DEFAULT_OUT,
        metavar="DIR",
        help="where to (default: tests/data/generated)",
    )
    parser.add_argument(
        "--only", nargs="+", default=[], choices=list(SAMPLES), metavar="NAME", help="just these, see below"
    )
    parser.add_argument("--force", action="store_true", help="write files again that exist already")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """The command line: 0 when all that was asked for is there now."""
    args = _parser().parse_args(argv)
    written = write_samples(args.out, args.only, args.force)
    for path in written:
        print(path)
    if not written:
        print(f"all there already in {args.out}; --force writes them again", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
