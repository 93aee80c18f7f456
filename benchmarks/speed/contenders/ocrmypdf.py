"""OCRmyPDF on a document of all pages, with what somebody chooses who wants its text soon."""

import itertools
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from benchmarks.speed.contenders.base import JOBS, ContenderFailed, Ground, Turn, required, tail
from benchmarks.speed.corpus import Page
from benchmarks.speed.usage import CommandFailed, Usage, measure_command

_LEAST_DPI, _ASSUMED_DPI = 70, 300
_OPTIONS = ("--jobs", str(JOBS), "--output-type", "pdf", "--optimize", "0")


@dataclass(frozen=True, slots=True)
class Ocrmypdf:
    """One document for each language, one after the other; usually there is one."""

    name: str = "ocrmypdf"
    title: str = "OCRmyPDF, one PDF of all pages"

    def turn(self, ground: Ground) -> Turn:
        """Recognise all pages once; making the PDF of images is not measured."""
        program, maker = required("ocrmypdf"), required("img2pdf")
        texts: dict[str, str] = {}
        usages = []
        with ground.folder() as folder:
            environment, log = ground.environment(folder), folder / "log"
            for languages, pages in _by_languages(ground.pages, ground.files):
                source, sidecar = folder / "in.pdf", folder / "out.txt"
                make_pdf(maker, pages, source, environment)
                command: list[str | Path] = [program, "-l", languages, *_OPTIONS, "--sidecar", sidecar]
                try:
                    usages.append(measure_command([*command, source, folder / "out.pdf"], environment, log))
                except CommandFailed as exc:
                    raise ContenderFailed(f"{exc}{tail(log)}") from exc
                read = sidecar.read_text(encoding="utf-8").split("\f")
                if len(read) < len(pages):
                    raise ContenderFailed(f"{len(pages)} pages, and {len(read)} in the sidecar")
                texts |= {page.id: text for (page, _), text in zip(pages, read, strict=False)}
        return Turn(_sum(usages), [texts[page.id] for page in ground.pages])


def _by_languages(pages: Sequence[Page], files: Sequence[Path]) -> list[tuple[str, list[tuple[Page, Path]]]]:
    pairs = sorted(zip(pages, files, strict=True), key=lambda pair: pair[0].languages)
    return [(name, list(group)) for name, group in itertools.groupby(pairs, key=lambda pair: pair[0].languages)]


def make_pdf(maker: Path, pages: Sequence[tuple[Page, Path]], out: Path, environment: dict[str, str]) -> None:
    """A PDF of images, which keeps their bytes where a PDF can hold them. Raises ContenderFailed."""
    images = [_fit_for_pdf(page, path, out.parent) for page, path in pages]
    command: list[str | Path] = [maker, "--rotation=ifvalid", "-o", out, *images]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        raise ContenderFailed(f"img2pdf: exit code {done.returncode}: {done.stderr}")


def _fit_for_pdf(page: Page, path: Path, folder: Path) -> Path:
    """The image; without transparency, and of a size that a PDF page can have, when it has to be."""
    if not page.has_alpha and (page.dpi is None or page.dpi >= _LEAST_DPI):
        return path
    made = folder / f"{path.stem}.png"
    with Image.open(path) as image:
        flat: Image.Image = image
        if page.has_alpha:
            over = image.convert("RGBA")
            flat = Image.new("RGB", image.size, "white")
            flat.paste(over, mask=over.getchannel("A"))
        dots = page.dpi if page.dpi is not None and page.dpi >= _LEAST_DPI else _ASSUMED_DPI
        flat.save(made, dpi=(dots, dots))
    return made


def _sum(usages: Sequence[Usage]) -> Usage:
    """Of documents one after the other."""
    return Usage(
        sum(each.seconds for each in usages),
        sum(each.cpu_seconds for each in usages),
        max(each.peak_bytes for each in usages),
        sum(each.sampling_seconds for each in usages),
    )
