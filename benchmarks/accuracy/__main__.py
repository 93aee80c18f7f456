"""The command line: pages chosen, read by every tool, compared, reported."""

import json
import shutil
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from benchmarks.accuracy.asked import Asked, asked, forget, keep
from benchmarks.accuracy.cache import Cache
from benchmarks.accuracy.folder import FolderError, chosen, missing_models, pages_of
from benchmarks.accuracy.progress import Progress
from benchmarks.accuracy.report import About, PageError, around, as_json, markdown, update, write
from benchmarks.accuracy.results import Results, scored
from benchmarks.accuracy.run import Run, read_all, waiting
from benchmarks.accuracy.tools import PLATFORM, Ground, NotInstalled, Tool, make
from benchmarks.documents import long_document
from benchmarks.report import machine
from benchmarks.speed.corpus import Page, installed_models
from benchmarks.speed.facts import checkout, models
from ocr_platform.sandbox.limits import memory_dir

_FAILED, _INTERRUPTED = 1, 130


def main(arguments: Sequence[str]) -> int:
    """Measure and report; the exit code."""
    call, parser = asked(arguments, datetime.now(UTC).isoformat(timespec="seconds"))
    scratch = Path(tempfile.mkdtemp(prefix="ocr-accuracy-", dir=memory_dir()))
    try:
        return _measured(call, parser, scratch)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; what was read is kept: python -m benchmarks.accuracy --resume goes on\n")
        return _INTERRUPTED
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _measured(call: Asked, parser: ArgumentParser, scratch: Path) -> int:
    folder, installed = installed_models()
    pages, left_out = _pages(call, installed, parser)
    used = models(folder, {language for page in pages for language in page.languages.split("+")})
    tools, absent = _tools(call, Ground(folder, scratch, _warm_up(scratch)), parser)
    cache = Cache(call.cache, {Path(str(each["path"])).stem: str(each["sha256"]) for each in used})
    keep(call)
    names = {tool.identity.name for tool in tools}
    again = {name for name in names if name.partition("-")[0] in call.again}
    run = Run(call.started, machine(), scratch, again)
    with Progress(len(waiting(pages, tools, cache, run)), Console(stderr=True)) as progress:
        read = read_all(pages, tools, cache, run, progress.tell)
    named = [{**each, "path": Path(str(each["path"])).name} for each in used]  # where they are is nobody's business
    about = About(datetime.now(UTC).date().isoformat(), run.machine, checkout(), named, [*left_out, *absent])
    results = scored(pages, [tool.identity for tool in tools], read)
    _report(call, results, about)
    forget(call)
    ours = [tool.name for tool in results.tools if tool.name.startswith(PLATFORM)]
    return _FAILED if any(results.failures(name) for name in ours) else 0


def _pages(call: Asked, installed: Sequence[str], parser: ArgumentParser) -> tuple[list[Page], list[str]]:
    """Pages to read, and lines on those that cannot be."""
    try:
        found = chosen(pages_of(call.folder), call.pages_per_kind)
        if call.update is not None:
            around(call.update.read_text(encoding="utf-8"), call.update)  # better now than after an hour
    except (FolderError, PageError, OSError) as exc:
        parser.error(str(exc))
    missing = missing_models(found, installed)
    pages = [page for page in found if page.id not in missing]
    if not pages:
        parser.error(f"no page of {call.folder} can be read: install models, or name their folder in TESSDATA_PREFIX")
    return pages, [f"page {page}, which needs the models {', '.join(names)}" for page, names in missing.items()]


def _tools(call: Asked, ground: Ground, parser: ArgumentParser) -> tuple[list[Tool], list[str]]:
    """Tools that are installed, and lines on those that are not."""
    tools: list[Tool] = []
    absent = []
    for name in call.tools:
        try:
            tools += make(name, call.quality, ground)
        except NotInstalled as exc:
            absent.append(f"{name}: {exc}")
            sys.stderr.write(f"left out: {exc}\n")
    if not tools:
        parser.error("none of these tools is installed")
    return tools, absent


def _warm_up(scratch: Path) -> Path:
    path = scratch / "warm-up.tif"
    path.write_bytes(long_document(1))
    return path


def _report(call: Asked, results: Results, about: About) -> None:
    """Everything that was asked for, and the tables on standard output."""
    drawn = True
    if call.json is not None:
        call.json.write_text(json.dumps(as_json(results, about), indent=2), encoding="utf-8")
    if call.out is not None:
        call.out.mkdir(parents=True, exist_ok=True)
        drawn = write(results, about, call.out)
    if call.update is not None:
        drawn = update(call.update, results, about) and drawn
    if not drawn:
        sys.stderr.write("no plots: they need what scripts/peers installs\n")
    sys.stdout.write(markdown(results, about))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
