"""Tools that are started anew for each page: the `tesseract` command and OCRmyPDF."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.accuracy.tools.base import PATIENCE_SECONDS, Identity, Outcome, environment, last_line, required
from benchmarks.speed.contenders.base import ContenderFailed
from benchmarks.speed.contenders.ocrmypdf import make_pdf
from benchmarks.speed.corpus import Page
from benchmarks.speed.usage import CommandFailed, measure_command

# With its own output alone: PDF/A and optimisation change no text, and cost time.
_OCRMYPDF = ("--force-ocr", "--jobs", "1", "--output-type", "pdf", "--optimize", "0")


@dataclass(frozen=True, slots=True)
class TesseractCommand:
    """`tesseract FILE OUT -l LANG`, as people type it."""

    version: str
    models: Path
    scratch: Path

    @property
    def identity(self) -> Identity:
        """What its results are kept under."""
        return Identity("tesseract", "`tesseract`", self.version, "FILE OUT -l LANG, one thread")

    def read(self, page: Page, file: Path) -> Outcome:
        """Read a page."""
        with TemporaryDirectory(dir=self.scratch) as name:
            out = Path(name) / "out"
            command: list[str | Path] = ["tesseract", file, out, "-l", page.languages]
            return _run(command, out.with_suffix(".txt"), Path(name), self.models)

    def close(self) -> None:
        """Nothing runs on."""


@dataclass(frozen=True, slots=True)
class Ocrmypdf:
    """`ocrmypdf --force-ocr --sidecar` on a PDF of the page, which is made before and not measured."""

    version: str
    models: Path
    scratch: Path

    @property
    def identity(self) -> Identity:
        """What its results are kept under."""
        return Identity("ocrmypdf", "OCRmyPDF", self.version, f"-l LANG {' '.join(_OCRMYPDF)} --sidecar TXT")

    def read(self, page: Page, file: Path) -> Outcome:
        """Read a page."""
        program, maker = required("ocrmypdf"), required("img2pdf")
        with TemporaryDirectory(dir=self.scratch) as name:
            folder = Path(name)
            source, text = folder / "in.pdf", folder / "out.txt"
            try:
                make_pdf(maker, [(page, file)], source, environment(folder, self.models))
            except ContenderFailed as exc:
                return Outcome("", 0.0, 0.0, 0, str(exc))
            command: list[str | Path] = [
                program,
                "-l",
                page.languages,
                *_OCRMYPDF,
                "--sidecar",
                text,
                source,
                folder / "out.pdf",
            ]
            return _run(command, text, folder, self.models)

    def close(self) -> None:
        """Nothing runs on."""


def _run(command: list[str | Path], text: Path, folder: Path, models: Path) -> Outcome:
    """Run a command that writes `text`; one that takes too long is ended."""
    log = folder / "log"
    limited: list[str | Path] = ["timeout", "--kill-after=5", str(PATIENCE_SECONDS), *command]
    try:
        usage = measure_command(limited, environment(folder, models), log)
    except CommandFailed as exc:
        return Outcome("", 0.0, 0.0, 0, f"{exc}: {last_line(log)}")
    return Outcome(text.read_text(encoding="utf-8"), usage.cpu_seconds, usage.seconds, usage.peak_bytes)
