"""Recognises a list of files by Kreuzberg: says `ready`, waits for a line, says `done` once the texts are written."""

import json
import sys
from pathlib import Path

from kreuzberg import (  # type: ignore[import-not-found]  # it is in .venv-peers alone
    ExtractionConfig,
    FileExtractionConfig,
    OcrConfig,
    batch_extract_files_sync,
)


def main() -> None:
    """Recognise."""
    given, out = map(Path, sys.argv[1:])
    files: list[tuple[str, str]] = [(path, languages) for path, languages in json.loads(given.read_text())]
    config = ExtractionConfig(force_ocr=True, use_cache=False)
    own = [FileExtractionConfig(ocr=OcrConfig(backend="tesseract", language=languages)) for _, languages in files]
    _say("ready")
    sys.stdin.readline()
    results = batch_extract_files_sync([path for path, _ in files], config, file_configs=own)
    faults = [result.metadata["error"] for result in results if "error" in result.metadata]
    if faults:
        raise SystemExit(f"{len(faults)} files failed, the first with {faults[0]}")
    out.write_text(json.dumps([result.content for result in results]))
    _say("done")


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
