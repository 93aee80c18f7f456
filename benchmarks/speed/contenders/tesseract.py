"""Tesseract's own command, started by xargs: the least that recognising these pages takes."""

from dataclasses import dataclass
from pathlib import Path

from benchmarks.speed.contenders.base import JOBS, ContenderFailed, Ground, Turn, tail
from benchmarks.speed.usage import CommandFailed, measure_command


@dataclass(frozen=True, slots=True)
class TesseractCommand:
    """`xargs -P2 tesseract FILE OUT -l LANG txt tsv`; one thread a page is its best case on few processors."""

    name: str
    title: str
    thread_limit: int | None

    def turn(self, ground: Ground) -> Turn:
        """Recognise all pages once."""
        with ground.folder() as folder:
            lines, log = folder / "lines", folder / "log"
            outs = [folder / path.stem for path in ground.files]
            rows = zip(ground.files, outs, ground.pages, strict=True)
            lines.write_text("".join(f"{path} {out} -l {page.languages} txt tsv\n" for path, out, page in rows))
            limit = {} if self.thread_limit is None else {"OMP_THREAD_LIMIT": str(self.thread_limit)}
            command: list[str | Path] = ["xargs", f"-P{JOBS}", "-L1", "tesseract"]
            try:
                usage = measure_command(command, ground.environment(folder) | limit, log, lines)
            except CommandFailed as exc:
                raise ContenderFailed(f"{exc}{tail(log)}") from exc
            return Turn(usage, [out.with_suffix(".txt").read_text(encoding="utf-8") for out in outs])
