"""The platform, in a process that stays up, as a worker has it: its settings, its reader, its sandbox, its text output.

The first argument is the quality that the installation is set to. The rest of a worker (queue, database, encrypted
storage) decides nothing of what is read, and is not here.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from benchmarks.accuracy.protocol import serve
from benchmarks.speed.start import settings_of_nowhere
from ocr_platform.models import Job, JobOptions, OutputFormat, SourceRef, Stage
from ocr_platform.outputs import builder_of
from ocr_platform.runtime import Runtime
from ocr_platform.sandbox.reader import SandboxReader

_NOBODY = UUID(int=0)


class PageFailed(Exception):
    """A page has an error code instead of a text."""


def reader_of(reader: SandboxReader) -> Callable[[str, str], str]:
    """A function from a file of one or more pages to the text output of its job."""

    def read(path: str, languages: str) -> str:
        names = languages.split("+")
        with reader.load([Path(path).read_bytes()]) as document:
            numbers = range(1, reader.count_pages(document) + 1)
            pages = [reader.recognise(document, number, names) for number in numbers]
        failed = [page.error for page in pages if page.error]
        if failed:
            raise PageFailed(failed[0])
        return builder_of(OutputFormat.TEXT).build(_job(languages), pages).decode()

    return read


def _job(languages: str) -> Job:
    """The job of a document that nobody stored."""
    return Job(
        id=_NOBODY,
        tenant="benchmark",
        source=SourceRef(bucket="nowhere", key="page", version_id="1"),
        options=JobOptions.of(languages, [OutputFormat.TEXT]),
        stage=Stage.ENCRYPT_UPLOAD,
        fence=1,
        holder=_NOBODY,
    )


def main() -> None:
    """Serve."""
    runtime = Runtime(settings_of_nowhere({"OCR_QUALITY": sys.argv[1]}))
    try:
        serve(reader_of(runtime.reader))
    finally:
        runtime.close()


if __name__ == "__main__":
    main()
