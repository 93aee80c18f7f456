"""The worker's command, with sandboxes that say where CPU time goes: see `timed_host`. All else is real."""

from collections.abc import Mapping
from pathlib import Path
from unittest import mock

from ocr_platform.cli import main
from ocr_platform.sandbox import reader
from ocr_platform.sandbox.config import Config

_ROOT = str(Path(__file__).parents[2])
# Its name is in the command line, by which processes of the sandbox are known.
_HOST = (
    f"import sys, ocr_platform.sandbox; sys.path.insert(0, {_ROOT!r}); "
    "from benchmarks.speed import timed_host; timed_host.main()"
)


class _TimedReader(reader.SandboxReader):
    """With a host that times."""

    def __init__(
        self, config: Config, temp_dir: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(config, temp_dir, environment, ("-I", "-c", _HOST))


if __name__ == "__main__":
    with mock.patch.object(reader, "SandboxReader", _TimedReader):
        main()
