"""Every page by every tool, page by page: what slows the machine down meets all tools alike."""

import os
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.accuracy.cache import Cache, Entry
from benchmarks.accuracy.tools import Tool
from benchmarks.speed.corpus import Page

Read = Mapping[tuple[str, str], Entry]  # by the tool's name and the page's id
Told = Callable[[str, Page, Entry | None], None]


@dataclass(frozen=True, slots=True)
class Run:
    """One run: when it started, on what, and the tools whose results are not taken from before."""

    started: str
    machine: str
    scratch: Path
    again: Collection[str] = ()


def waiting(pages: Sequence[Page], tools: Sequence[Tool], cache: Cache, run: Run) -> list[tuple[Page, Tool]]:
    """What has to be read, in the order in which it is: the pages', and the tools' for each."""
    return [(page, tool) for page in pages for tool in tools if _known(page, tool, cache, run) is None]


def _known(page: Page, tool: Tool, cache: Cache, run: Run) -> Entry | None:
    """What was read before and still holds: what failed in another run may have failed for want of memory or time."""
    entry = cache.get(tool.identity, page)
    if entry is None or entry.run == run.started:
        return entry
    return None if entry.outcome.error is not None or tool.identity.name in run.again else entry


def read_all(pages: Sequence[Page], tools: Sequence[Tool], cache: Cache, run: Run, tell: Told) -> Read:
    """Read what was not read before; each result is kept as soon as it is there. `tell` hears of each."""
    try:
        for page, tool in waiting(pages, tools, cache, run):
            tell(tool.identity.name, page, None)
            entry = _read(page, tool, run)
            cache.put(tool.identity, page, entry)
            tell(tool.identity.name, page, entry)
    finally:
        for tool in tools:
            tool.close()
    found = {(tool.identity.name, page.id): cache.get(tool.identity, page) for page in pages for tool in tools}
    return {key: entry for key, entry in found.items() if entry is not None}


def _read(page: Page, tool: Tool, run: Run) -> Entry:
    file = run.scratch / f"page{page.path.suffix}"  # a name that needs no quotes, and tells nobody what is in it
    shutil.copyfile(page.path, file)
    try:
        outcome = tool.read(page, file)
    finally:
        file.unlink()
    return Entry(outcome, run.started, run.machine, os.getloadavg()[0])
