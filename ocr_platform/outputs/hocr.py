"""hOCR 1.2 as XHTML: pages, areas, paragraphs, lines and words with their boxes.

Each element is a string, and a page is encoded before the next is begun (decision 0023).
"""

from collections.abc import Iterator, Sequence

from ocr_platform.layout import Box, Line, Paragraph, tree_of
from ocr_platform.models import Job, PageResult, Word
from ocr_platform.outputs.xml import escaped, figure, only_tag_of, software_version, tags_of

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml">
<head>
<title></title>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8"/>
<meta name="ocr-system" content="ocr-platform {version}"/>
<meta name="ocr-capabilities" content="ocr_page ocr_carea ocr_par ocr_line ocrx_word ocrp_lang ocrp_wconf"/>
<meta name="ocr-number-of-pages" content="{pages}"/>
<meta name="ocr-langs" content="{languages}"/>
</head>
<body>
"""
_END = "</body>\n</html>\n"


def build_hocr(job: Job, pages: Sequence[PageResult]) -> bytes:
    """One document of all pages. A page that failed has no content and says why in `x_error`."""
    models = dict.fromkeys(model for page in pages for model in page.languages or job.options.languages)
    languages = " ".join(tags_of(tuple(models))) or "unknown"
    parts = [_HEAD.format(version=software_version(), pages=len(pages), languages=languages).encode()]
    parts.extend("".join(_page(page)).encode() for page in pages)
    parts.append(_END.encode())
    return b"".join(parts)


def _page(page: PageResult) -> Iterator[str]:
    """One page; numbers of elements count on the page, so that each name is used once in the document."""
    title = f"bbox 0 0 {page.width} {page.height}; ppageno {page.number - 1}"
    if page.dpi:
        title += f"; scan_res {page.dpi} {page.dpi}"
    if page.error is not None:
        title += f"; x_error {page.error}"
    language = only_tag_of(page.languages)
    lang = f' lang="{language}" xml:lang="{language}"' if language else ""
    yield f'<div class="ocr_page" id="page_{page.number}" title="{title}"{lang}>\n'
    paragraphs = lines = words = 0
    for number, block in enumerate(tree_of(page.words), 1):
        yield f'<div class="ocr_carea" id="block_{page.number}_{number}" title="{_bbox(block.box)}">\n'
        for paragraph in block.paragraphs:
            paragraphs += 1
            yield f'<p class="ocr_par" id="par_{page.number}_{paragraphs}" title="{_bbox(paragraph.box)}">\n'
            yield from _lines(page.number, paragraph, lines, words)
            lines += len(paragraph.lines)
            words += sum(len(line.words) for line in paragraph.lines)
            yield "</p>\n"
        yield "</div>\n"
    yield "</div>\n"


def _lines(page: int, paragraph: Paragraph, lines: int, words: int) -> Iterator[str]:
    for number, line in enumerate(paragraph.lines, lines + 1):
        yield f'<span class="ocr_line" id="line_{page}_{number}" title="{_line_title(line)}">'
        yield " ".join(_word(page, at, word) for at, word in enumerate(line.words, words + 1))
        yield "</span>\n"
        words += len(line.words)


def _line_title(line: Line) -> str:
    """The hOCR specification counts the angle of text counter-clockwise: a page is turned back by as much clockwise."""
    return _bbox(line.box) + (f"; textangle {line.rotation}" if line.rotation else "")


def _word(page: int, number: int, word: Word) -> str:
    box = f"{word.left} {word.top} {word.left + word.width} {word.top + word.height}"
    return (
        f'<span class="ocrx_word" id="word_{page}_{number}" title="bbox {box}; '
        f'x_wconf {figure(word.confidence)}">{escaped(word.text)}</span>'
    )


def _bbox(box: Box) -> str:
    return f"bbox {box.left} {box.top} {box.right} {box.bottom}"
