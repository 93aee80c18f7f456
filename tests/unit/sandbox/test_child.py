"""What the sandbox answers, in this process and with an engine that misbehaves on demand."""

import io
import os
from collections.abc import Callable, Iterator

import pytest
from PIL import Image

from ocr_platform.errors import EngineMissing, PageMemory, PageTimeout, RecognitionFailed
from ocr_platform.models import Word
from ocr_platform.ocr.engines import Recognition
from ocr_platform.ocr.pages import PageImage
from ocr_platform.sandbox.child import Config, Sandbox
from ocr_platform.sandbox.frames import FrameError
from tests.data import broken

CONFIG = Config(scratch="", memory_bytes=0, max_pages=3, max_pixels=1_000_000, render_dpi=100, page_timeout=5.0)
WORD = Word("Lorem", 1, 2, 3, 4, 90.0, 1, 1, 1)


class FakeEngine:
    """Implements `OcrEngine`."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.asked: list[tuple[str, float]] = []
        self._fault = fault

    def languages(self) -> frozenset[str]:
        return frozenset({"eng", "deu"})

    def recognise(self, page: PageImage, languages: str, timeout: float) -> Recognition:
        self.asked.append((languages, timeout))
        if self._fault is not None:
            raise self._fault
        return Recognition(f"Lorem {page.image.width}\n", (WORD,))


Make = Callable[[FakeEngine], Sandbox]


@pytest.fixture
def make() -> Iterator[Make]:
    """Makes sandboxes whose documents are closed at the end; the real process just ends."""
    made: list[Sandbox] = []

    def sandbox_with(engine: FakeEngine) -> Sandbox:
        made.append(Sandbox(CONFIG, engine))
        return made[-1]

    yield sandbox_with
    for sandbox in made:
        if sandbox._file is not None:
            sandbox._file.close()


def _tiff(*widths: int) -> bytes:
    out = io.BytesIO()
    frames = [Image.new("L", (width, 10), 255) for width in widths]
    frames[0].save(out, "TIFF", save_all=True, append_images=frames[1:], dpi=(200, 200))
    return out.getvalue()


def _open(sandbox: Sandbox, body: bytes, format: str = "tiff") -> object:
    fd = os.memfd_create("document")
    os.write(fd, body)
    os.lseek(fd, 0, os.SEEK_SET)
    return sandbox.answer({"do": "open", "format": format}, [fd])


def _page(number: int) -> dict[str, object]:
    return {"do": "page", "number": number, "languages": "eng+deu"}


def test_document_is_opened_counted_and_recognised(make: Make) -> None:
    engine = FakeEngine()
    sandbox = make(engine)

    assert _open(sandbox, _tiff(30, 40)) == {}
    assert sandbox.answer({"do": "count"}, []) == {"pages": 2}
    page = sandbox.answer(_page(2), [])["page"]

    assert (page["number"], page["width"], page["height"], page["dpi"]) == (2, 40, 10, 200)
    assert page["text"] == "Lorem 40\n"
    assert [word["text"] for word in page["words"]] == ["Lorem"]
    ((languages, timeout),) = engine.asked
    assert languages == "eng+deu"
    assert 0 < timeout <= CONFIG.page_timeout


def test_languages_are_the_engines(make: Make) -> None:
    assert make(FakeEngine()).answer({"do": "languages"}, []) == {"languages": ["deu", "eng"]}


def test_next_document_takes_the_place_of_the_first(make: Make, open_descriptors: Callable[[], int]) -> None:
    sandbox = make(FakeEngine())
    before = open_descriptors()

    _open(sandbox, _tiff(10))
    _open(sandbox, _tiff(10, 10, 10))

    assert sandbox.answer({"do": "count"}, []) == {"pages": 3}
    assert open_descriptors() == before + 1


def test_document_that_cannot_be_opened_does_not_leave_the_one_before_open(make: Make) -> None:
    sandbox = make(FakeEngine())
    _open(sandbox, _tiff(10))

    assert _open(sandbox, broken.damaged_pdf(), "pdf") == {"error": "document_damaged"}

    with pytest.raises(FrameError):
        sandbox.answer(_page(1), [])


@pytest.mark.parametrize(
    ("body", "format", "code"),
    [
        (broken.damaged_pdf(), "pdf", "document_damaged"),
        (broken.password_pdf(), "pdf", "password_required"),
        (broken.damaged_jpg(), "jpeg", "document_damaged"),
    ],
)
def test_document_that_cannot_be_opened_is_its_code(make: Make, body: bytes, format: str, code: str) -> None:
    assert _open(make(FakeEngine()), body, format) == {"error": code}


def test_too_many_pages_are_their_code(make: Make) -> None:
    sandbox = make(FakeEngine())
    _open(sandbox, _tiff(1, 2, 3, 4))

    assert sandbox.answer({"do": "count"}, []) == {"error": "too_many_pages"}


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (PageTimeout(), "page_timeout"),
        (PageMemory(), "page_memory"),
        (RecognitionFailed("own words"), "recognition_failed"),
        (EngineMissing(), "engine_missing"),
        (MemoryError(), "page_memory"),
    ],
)
def test_fault_of_the_engine_is_its_code_and_the_next_page_goes_on(make: Make, fault: Exception, code: str) -> None:
    sandbox = make(FakeEngine(fault))
    _open(sandbox, _tiff(10))

    assert sandbox.answer(_page(1), []) == {"error": code}
    assert sandbox.answer({"do": "count"}, []) == {"pages": 1}


def test_page_that_is_too_large_is_its_code(make: Make) -> None:
    sandbox = make(FakeEngine())
    _open(sandbox, broken.bomb_png(), "png")

    assert sandbox.answer(_page(1), []) == {"error": "page_too_large"}


@pytest.mark.parametrize("request_", [{}, {"do": "exec"}, {"do": "page"}, {"do": "page", "number": "1"}])
def test_what_is_no_request_is_refused(make: Make, request_: dict[str, object]) -> None:
    with pytest.raises(FrameError):
        make(FakeEngine()).answer(request_, [])


def test_nothing_can_be_asked_before_a_document_is_open(make: Make) -> None:
    with pytest.raises(FrameError):
        make(FakeEngine()).answer({"do": "count"}, [])
