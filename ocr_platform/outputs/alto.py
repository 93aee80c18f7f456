"""ALTO 4.4 (Library of Congress): pages, blocks, lines and strings in pixels, each element a string as in hOCR."""

from collections.abc import Iterator, Sequence

from ocr_platform.layout import Block, Box, Line, tree_of
from ocr_platform.models import Job, PageResult, Word
from ocr_platform.outputs.hyphens import Hyphens
from ocr_platform.outputs.xml import escaped, only_tag_of, software_version

_PERCENT = 100
_SIDEWAYS = (90, 270)
_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#" SCHEMAVERSION="4.4">
<Description>
<MeasurementUnit>pixel</MeasurementUnit>
<sourceImageInformation>
<fileIdentifier fileIdentifierLocation="sha256">{sha256}</fileIdentifier>
<documentIdentifier documentIdentifierLocation="ocr-platform">{job_id}</documentIdentifier>
</sourceImageInformation>
<Processing ID="ocr">
<processingCategory>contentGeneration</processingCategory>
<processingStepSettings>{settings}</processingStepSettings>
<processingSoftware>
<softwareName>ocr-platform</softwareName>
<softwareVersion>{version}</softwareVersion>
</processingSoftware>
</Processing>
</Description>
<Layout>
"""
_END = "</Layout>\n</alto>\n"


def build_alto(job: Job, pages: Sequence[PageResult]) -> bytes:
    """One document of all pages. A page that failed has no PrintSpace and says why in QUALITY_DETAIL."""
    asked = f"languages={'+'.join(job.options.languages)}"
    head = _HEAD.format(sha256=job.source_sha256 or "", job_id=job.id, settings=asked, version=software_version())
    hyphens = Hyphens(page.text for page in pages)
    parts = [head.encode()]
    parts.extend("".join(_page(page, hyphens)).encode() for page in pages)
    parts.append(_END.encode())
    return b"".join(parts)


def _page(page: PageResult, hyphens: Hyphens) -> Iterator[str]:
    name = f'<Page ID="page_{page.number}" PHYSICAL_IMG_NR="{page.number}"'
    if page.error is not None:
        yield f'{name} QUALITY="Missing" QUALITY_DETAIL="{page.error}"/>\n'
        return
    size = f'WIDTH="{page.width}" HEIGHT="{page.height}"'
    language = only_tag_of(page.languages)
    lang = f' LANG="{language}"' if language else ""
    turned = f' ROTATION="{page.rotation}"' if page.rotation else ""
    confidence = f' PC="{page.confidence / _PERCENT:.4f}"' if page.words else ""
    yield f'{name} {size} PROCESSING="ocr"{confidence}{turned}{lang}>\n'
    yield f'<PrintSpace HPOS="0" VPOS="0" {size}>\n'
    for number, block in enumerate(tree_of(page.words), 1):
        yield from _block(f"{page.number}_{number}", block, page.rotation, hyphens)
    yield "</PrintSpace>\n</Page>\n"


def _block(name: str, block: Block, page_rotation: int, hyphens: Hyphens) -> Iterator[str]:
    rotation = block.lines[0].rotation
    turned = "" if rotation == page_rotation else f' ROTATION="{rotation}"'
    yield f'<TextBlock ID="block_{name}" {_place(block.box)}{turned}>\n'
    count = 0
    half: str | None = None  # the whole word, when the last line ended with its first half
    for paragraph in block.paragraphs:
        for at, line in enumerate(paragraph.lines):
            after = paragraph.lines[at + 1] if at + 1 < len(paragraph.lines) else None
            whole = hyphens.whole(line.words[-1].text, after.words[0].text) if after is not None else None
            count += 1
            yield f'<TextLine ID="line_{name}_{count}" {_place(line.box)}>\n'
            yield from _strings(line, half, whole)
            yield "</TextLine>\n"
            half = whole
    yield "</TextBlock>\n"


def _strings(line: Line, half: str | None, whole: str | None) -> Iterator[str]:
    """The words of a line; its first one ends a word, and its last one begins one, where these are given."""
    last = len(line.words) - 1
    for at, word in enumerate(line.words):
        text, more = word.text, ""
        if whole is not None and at == last:
            text, more = word.text[:-1], _part("HypPart1", whole)
        elif half is not None and at == 0:
            more = _part("HypPart2", half)
        if at:
            yield _space(line.words[at - 1], word)
        yield f'<String CONTENT="{escaped(text)}" {_word_place(word)} WC="{word.confidence / _PERCENT:.4f}"{more}/>\n'
    if whole is not None:
        yield f'<HYP CONTENT="{escaped(line.words[-1].text[-1])}"/>\n'


def _part(kind: str, whole: str) -> str:
    return f' SUBS_TYPE="{kind}" SUBS_CONTENT="{escaped(whole)}"'


def _space(before: Word, after: Word) -> str:
    """The space between two words of a line, as long as the gap between them, also where the line runs up or down."""
    if after.rotation in _SIDEWAYS:
        at, length = _gap(before.top, before.height, after.top, after.height)
        place = f'HPOS="{after.left}" VPOS="{at}" HEIGHT="{length}"'
    else:
        at, length = _gap(before.left, before.width, after.left, after.width)
        place = f'HPOS="{at}" VPOS="{after.top}" WIDTH="{length}"'
    return f"<SP {place}/>\n" if length > 0 else "<SP/>\n"


def _gap(start: int, length: int, other_start: int, other_length: int) -> tuple[int, int]:
    """Where the gap between two stretches begins and how long it is, whichever comes first; not above 0: none."""
    begin = min(start + length, other_start + other_length)
    return begin, max(start, other_start) - begin


def _word_place(word: Word) -> str:
    return f'HPOS="{word.left}" VPOS="{word.top}" WIDTH="{word.width}" HEIGHT="{word.height}"'


def _place(box: Box) -> str:
    return f'HPOS="{box.left}" VPOS="{box.top}" WIDTH="{box.width}" HEIGHT="{box.height}"'
