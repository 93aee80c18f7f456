"""Which pages are measured: options of the command line, and the pages that they choose."""

import argparse
import sys
from collections.abc import Collection
from pathlib import Path

from benchmarks.speed.corpus import Page, default_corpus, read_corpus, readable, select

ANY = "any"


def add_selection(parser: argparse.ArgumentParser, *, dpi: str, languages: str) -> None:
    """Options that choose pages; `dpi` and `languages` are the defaults."""
    add = parser.add_argument
    add("folder", nargs="?", type=Path, metavar="FOLDER", help="a corpus (default: OCR_CORPUS or ../shared/corpus)")
    add("--dpi", default=dpi, metavar="DPI", help="pages that declare this, or `any` (default: %(default)s)")
    add("--lang", default=languages, metavar="LANG", help="pages in this language, or `any` (default: %(default)s)")
    add("--kind", metavar="WORD", help="pages whose set or kind holds this word (default: all)")


def chosen_pages(
    given: argparse.Namespace, limit: int | None, installed: Collection[str], parser: argparse.ArgumentParser
) -> list[Page]:
    """The first `limit` pages of that kind, those of them whose language models are `installed`; at least one."""
    corpus = given.folder or default_corpus()
    if not (corpus / "META.json").exists():
        parser.error(f"{corpus} has no META.json; give a folder like the shared corpus, or set OCR_CORPUS")
    chosen = select(
        read_corpus(corpus),
        dpi=None if given.dpi == ANY else int(given.dpi),
        languages=None if given.lang == ANY else given.lang,
        kind=given.kind,
        limit=limit,
    )
    pages = readable(chosen, installed)
    if not pages:
        parser.error("no page of the corpus is of that kind, with its language models installed")
    for page in chosen:
        left_out = "" if page in pages else "  left out: no model"
        sys.stderr.write(f"page {page.id}: {page.set}, {page.languages}, {page.dpi} dpi{left_out}\n")
    return pages
