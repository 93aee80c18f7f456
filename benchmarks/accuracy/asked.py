"""The command line, and the call that `--resume` takes up again."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.accuracy.cache import default_cache
from benchmarks.accuracy.tools import TOOLS
from benchmarks.speed.corpus import default_corpus
from ocr_platform.models import Quality

_DESCRIPTION = """\
Measure how right the platform and other programs read pages whose text is known: character and word error rates, word
recall, precision and F1 by kind and by language, CPU seconds a page and peak memory, with intervals of the differences.
"""
_EPILOG = """\
a folder:
  META.json with a list `ocr` of pages, each with `id`, `set`, `kind`, `file`, `lang` (eng+deu) and
  `order` (true when the text is in the order of reading); the image, and <id>.gt.txt beside it.

examples:
  python -m benchmarks.accuracy --pages-per-kind 1           a look whether all of it runs
  python -m benchmarks.accuracy --out results                the shared corpus, every tool: an hour or two
  python -m benchmarks.accuracy --resume                     go on after an interruption, same call
  python -m benchmarks.accuracy --tools platform,tesseract --again tesseract
                                                             after a change of the platform; CPU seconds
                                                             of both are then of one run
  python -m benchmarks.accuracy --quality best /data/scans   your own pages
  python -m benchmarks.accuracy --update docs/accuracy.md    the figures that the documentation has

What was read is kept, and not read again: the key is the tool, its version and options, the models
and the page. The platform's version is the digest of all its files. Peers need scripts/peers; pages
whose language models are not installed are left out (TESSDATA_PREFIX names another folder of
models). CPU seconds are true only where nothing else uses the machine; ratios of tools that read
side by side in one run suffer less. Exit code 1: the platform failed on a page, 130: interrupted.
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be done. `started` tells one run from another; an interrupted one keeps it."""

    folder: Path
    tools: tuple[str, ...]
    quality: tuple[Quality, ...]
    again: tuple[str, ...]
    pages_per_kind: int | None
    json: Path | None
    out: Path | None
    update: Path | None
    cache: Path
    started: str


def asked(arguments: Sequence[str], started: str) -> tuple[Asked, argparse.ArgumentParser]:
    """What the arguments say, or what the interrupted run was asked; the parser is for later errors."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.resume:
        return _resumed(given, parser), parser
    names = {name: given.__dict__[name] for name in ("pages_per_kind", "json", "out", "update", "cache")}
    found = Asked(
        folder=given.folder or default_corpus(),
        tools=tuple(_listed(given.tools, TOOLS, "tool", parser)),
        quality=tuple(Quality(name) for name in _listed(given.quality, list(Quality), "quality", parser)),
        again=tuple(_listed(given.again, TOOLS, "tool", parser)) if given.again else (),
        started=started,
        **names,
    )
    return found, parser


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.accuracy",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("folder", nargs="?", type=Path, metavar="FOLDER", help="pages (default: OCR_CORPUS or ../shared/corpus)")
    add("--tools", default=",".join(TOOLS), metavar="NAMES", help=f"some of {', '.join(TOOLS)} (default: all)")
    add("--quality", default=",".join(Quality), metavar="NAMES", help=f"of {', '.join(Quality)} (default: all)")
    add("--pages-per-kind", type=_positive, metavar="N", help="the first N pages of each kind alone")
    add("--again", default="", metavar="NAMES", help="tools that read again what they have read before")
    add("--cache", type=Path, default=default_cache(), metavar="DIR", help="what was read (default: %(default)s)")
    add("--json", type=Path, metavar="FILE", help="write every figure of every page there, no text of any page")
    add("--out", type=Path, metavar="DIR", help="write accuracy.md, accuracy.json and three plots there")
    add("--update", type=Path, metavar="FILE", help="put tables and plots into this page of documentation")
    add("--resume", action="store_true", help="go on with the call that was interrupted last; only --cache beside it")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _listed(text: str, known: Sequence[str] | dict[str, Any], what: str, parser: argparse.ArgumentParser) -> list[str]:
    names = list(dict.fromkeys(name.strip() for name in text.split(",")))
    unknown = [name for name in names if name not in known]
    if unknown:
        parser.error(f"there is no {what} `{unknown[0]}`; there are {', '.join(known)}")
    return names


def _kept_in(cache: Path) -> Path:
    return cache / "interrupted.json"


def keep(call: Asked) -> None:
    """Remember a call for `--resume`."""
    paths = {name: None if path is None else str(Path(path).absolute()) for name, path in _paths(call).items()}
    _kept_in(call.cache).write_text(json.dumps({**asdict(call), **paths}), encoding="utf-8")


def forget(call: Asked) -> None:
    """It has come to its end."""
    _kept_in(call.cache).unlink(missing_ok=True)


def _paths(call: Asked) -> dict[str, Path | None]:
    return {"folder": call.folder, "json": call.json, "out": call.out, "update": call.update, "cache": call.cache}


def _resumed(given: argparse.Namespace, parser: argparse.ArgumentParser) -> Asked:
    try:
        kept = json.loads(_kept_in(given.cache).read_text(encoding="utf-8"))
        paths = {name: None if kept[name] is None else Path(kept[name]) for name in ("folder", "json", "out", "update")}
        lists = {name: tuple(kept[name]) for name in ("tools", "again")}
        quality = tuple(map(Quality, kept["quality"]))
        return Asked(**{**kept, **paths, **lists, "quality": quality, "cache": given.cache})
    except (OSError, ValueError, KeyError, TypeError):
        parser.error(f"no interrupted run in {given.cache}: call without --resume, what was read is not read again")
