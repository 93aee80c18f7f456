"""What a sandbox answers, in this process and with an engine that misbehaves on demand."""

import os
from collections.abc import Callable, Iterator

import pytest

from ocr_platform.errors import EngineMissing, PageMemory, PageTimeout, RecognitionFailed
from ocr_platform.models import DocumentFormat, EngineName, Word
from ocr_platform.ocr.engines import AS_USUAL, Command, Manner, Recognition
from ocr_platform.ocr.images import ImagePages
from ocr_platform.ocr.pages import PageImage
from ocr_platform.sandbox import child
from ocr_platform.sandbox.child import Birth, Sandbox, ran_out_of_memory
from ocr_platform.sandbox.confinement import Doors
from ocr_platform.sandbox.frames import FrameError
from tests.data import broken
from tests.unit.sandbox.support import config, tiff

CONFIG = config(max_pixels=1_000_000, page_timeout=5.0)
NO_DOORS = Doors(filter=None, network_left=False)
WORD = Word("Lorem", 1, 2, 3, 4, 90.0, 1, 1, 1)


class FakeEngine:
    """Implements `OcrEngine`; says what libraries do, at the descriptor that takes their words."""

    name = EngineName.AUTO

    def __init__(self, fault: Exception | None = None, said: bytes = b"") -> None:
        self.asked: list[tuple[str, float]] = []
        self.holds_a_page = False
        self._fault = fault
        self._said = said

    def command(self) -> Command | None:
        return None

    def languages(self) -> frozenset[str]:
        return frozenset({"eng", "deu"})

    def prepare(self, languages: str) -> None:
        raise AssertionError(languages)

    def recognise(
        self,
        page: PageImage,
        languages: str,
        timeout: float,
        manner: Manner = AS_USUAL,  # noqa: ARG002
    ) -> Recognition:
        self.asked.append((languages, timeout))
        os.write(2, self._said)
        self._said = b""
        if self._fault is not None:
            raise self._fault
        self.holds_a_page = True
        return Recognition(f"Lorem {page.image.width}\n", (WORD,))

    def clear(self) -> None:
        self.holds_a_page = False


Make = Callable[..., Sandbox]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Makes sandboxes of a document. As in the real process, descriptor 2 takes what libraries say."""
    opened = []
    kept = os.dup(2)
    complaints = os.memfd_create("complaints")
    os.dup2(complaints, 2)

    def sandbox_of(
        body: bytes, format: DocumentFormat = DocumentFormat.TIFF, engine: FakeEngine | None = None
    ) -> Sandbox:
        document = os.memfd_create("document")
        opened.append(document)
        os.write(document, body)
        os.lseek(document, 0, os.SEEK_SET)
        monkeypatch.setattr(child, "_DOCUMENT", document)
        return Sandbox(Birth(-1, document, -1, format, "eng+deu", engine or FakeEngine(), CONFIG, NO_DOORS))

    yield sandbox_of
    os.dup2(kept, 2)
    for descriptor in (*opened, kept, complaints):
        os.close(descriptor)


def _page(number: int) -> dict[str, object]:
    return {"do": "page", "number": number, "mode": "auto", "quality": "fast"}


def test_document_is_counted_and_recognised_with_the_models_that_it_was_forked_for(make: Make) -> None:
    engine = FakeEngine()
    sandbox = make(tiff(30, 40), engine=engine)

    assert sandbox.answer({"do": "count"}) == {"pages": 2}
    page = sandbox.answer(_page(2))["page"]

    assert (page["number"], page["width"], page["height"], page["dpi"]) == (2, 40, 10, 200)
    assert page["text"] == "Lorem 40\n"
    assert [word["text"] for word in page["words"]] == ["Lorem"]
    ((languages, timeout),) = engine.asked
    assert languages == "eng+deu"
    assert 0 < timeout <= CONFIG.page_timeout


def test_part_of_a_page_is_read_with_the_models_that_it_was_forked_for(make: Make) -> None:
    engine = FakeEngine()

    assert make(tiff(30, 40), engine=engine).answer({"do": "sample", "number": 2}) == {"text": "Lorem 40\n"}
    assert [languages for languages, _timeout in engine.asked] == ["eng+deu"]


def test_part_of_a_page_that_does_not_exist_is_the_pages_fault(make: Make) -> None:
    assert make(tiff(30)).answer({"do": "sample", "number": 7}) == {"error": "page_damaged"}


def test_last_page_is_freed_before_the_next_is_drawn(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = FakeEngine()
    sandbox = make(tiff(30, 40), engine=engine)
    held_while_drawing = []
    render = ImagePages.render

    def watched(pages: ImagePages, number: int) -> PageImage:
        held_while_drawing.append(engine.holds_a_page)
        return render(pages, number)

    monkeypatch.setattr(ImagePages, "render", watched)
    for number in (1, 2):
        sandbox.answer(_page(number))

    assert held_while_drawing == [False, False]
    assert engine.holds_a_page  # the last one goes with the process


def test_page_can_be_asked_for_before_the_pages_were_counted(make: Make) -> None:
    assert make(tiff(30, 40)).answer(_page(2))["page"]["width"] == 40


@pytest.mark.parametrize(
    ("body", "format", "code"),
    [
        (broken.damaged_pdf(), DocumentFormat.PDF, "document_damaged"),
        (broken.password_pdf(), DocumentFormat.PDF, "password_required"),
        (broken.damaged_jpg(), DocumentFormat.JPEG, "document_damaged"),
        (tiff(1, 2, 3, 4), DocumentFormat.TIFF, "too_many_pages"),
    ],
)
def test_document_that_cannot_be_taken_is_its_code(make: Make, body: bytes, format: DocumentFormat, code: str) -> None:
    sandbox = make(body, format)

    assert sandbox.answer({"do": "count"}) == {"error": code}
    assert sandbox.answer({"do": "count"}) == {"error": code}


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
    sandbox = make(tiff(10), engine=FakeEngine(fault))

    assert sandbox.answer(_page(1)) == {"error": code}
    assert sandbox.answer({"do": "count"}) == {"pages": 1}


def test_page_that_is_too_large_is_its_code(make: Make) -> None:
    assert make(broken.bomb_png(), DocumentFormat.PNG).answer(_page(1)) == {"error": "page_too_large"}


# As leptonica, the C++ library and Python have said it.
OUT_OF_MEMORY = [b"Error in pixCreateHeader: alloc fail for data", b"std::bad_alloc", b"MemoryError"]


@pytest.mark.parametrize("said", OUT_OF_MEMORY)
def test_page_that_a_library_had_no_memory_for_is_no_result(make: Make, said: bytes) -> None:
    # Given that it goes on all the same, and would give a page with less text than it has
    sandbox = make(tiff(10), engine=FakeEngine(said=said))

    assert sandbox.answer(_page(1)) == {"error": "page_memory"}
    # And the next page is not blamed
    assert sandbox.answer(_page(1))["page"]["text"] == "Lorem 10\n"


@pytest.mark.parametrize(("said", "meant"), [*((said, True) for said in OUT_OF_MEMORY), (b"Empty page!!", False)])
def test_words_of_libraries_are_understood(said: bytes, meant: bool) -> None:
    complaints = os.memfd_create("complaints")
    os.write(complaints, said)

    assert ran_out_of_memory(complaints) is meant
    os.close(complaints)


@pytest.mark.parametrize(
    "request_", [{}, {"do": "exec"}, {"do": "page"}, {"do": "page", "number": "1"}, {"do": "page", "number": 1}]
)
def test_what_is_no_request_is_refused(make: Make, request_: dict[str, object]) -> None:
    with pytest.raises(FrameError):
        make(tiff(10)).answer(request_)
