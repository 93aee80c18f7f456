"""The command line: the comparison, or one of the parts beside it."""

import argparse
import sys
from collections.abc import Callable, Sequence

from benchmarks.speed.memory import measure_memory
from benchmarks.speed.profile import measure_profile
from benchmarks.speed.side_by_side import side_by_side
from benchmarks.speed.start import measure_start
from benchmarks.speed.text import measure_text

_EPILOG = """\
other parts:
  python -m benchmarks.speed memory --pages 10 100 1000   peak memory of a worker child and of its
                                                          sandbox, by pages of the document
  python -m benchmarks.speed profile                      where the CPU time of a page goes
  python -m benchmarks.speed start                        from nothing to a sandbox's first answers
  python -m benchmarks.speed text                         whether the engine reads better or worse than
                                                          the command, over many pages

examples:
  python -m benchmarks.speed --out results                the English scans of 300 dpi, all contenders
  python -m benchmarks.speed --pages 2 --rounds 1         a look whether all of it runs
  python -m benchmarks.speed --all --out results          every page whose models are installed
  python -m benchmarks.speed --dpi any --kind receipt     receipts alone
  python -m benchmarks.speed --only platform,tesseract /data/scans

Contenders other than `platform` and `tesseract` need what scripts/peers installs, and so do the
accuracy and the plot. Nothing else should use the machine meanwhile.
"""

Part = Callable[[Sequence[str], argparse.ArgumentParser], int]
_PARTS: dict[str, tuple[Part, str]] = {
    "memory": (measure_memory, "Measure the peak memory of a worker child and of its sandbox."),
    "profile": (measure_profile, "Measure where the CPU time of a page goes."),
    "start": (measure_start, "Measure the time from nothing to the first answers of a fresh sandbox."),
    "text": (measure_text, "Compare what the platform's engine and the tesseract command read, page by page."),
}


def main(arguments: Sequence[str]) -> int:
    """Run one part; the exit code."""
    name = arguments[0] if arguments and arguments[0] in _PARTS else ""
    prog = f"python -m benchmarks.speed {name}".rstrip()
    if name:
        part, description = _PARTS[name]
        return part(arguments[1:], argparse.ArgumentParser(prog=prog, description=description))
    description = "Measure pages a second of the platform and of other programs, turn by turn on the same pages."
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog=prog, description=description, epilog=_EPILOG, formatter_class=formatter)
    return side_by_side(arguments, parser)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
