"""Every format in real sandboxes: no file to open, no thread to start, no more memory than is allowed."""

import io
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from PIL import Image

from ocr_platform.errors import DocumentError, PasswordRequired, PasswordWrong
from ocr_platform.models import DocumentFormat
from ocr_platform.ocr.formats import sniff
from ocr_platform.sandbox.reader import SandboxReader
from ocr_platform.sandbox.samples import samples
from tests.data import broken, corpus
from tests.integration.sandbox.conftest import MakeReader
from tests.integration.sandbox.support import MIB, NOTE, host_of, note, note_png, read

SAMPLES = list(samples())
_PILLOW: dict[DocumentFormat, tuple[str, dict[str, Any]]] = {
    DocumentFormat.TIFF: ("TIFF", {"compression": "tiff_lzw"}),
    DocumentFormat.JPEG: ("JPEG", {"quality": 95}),
    DocumentFormat.WEBP: ("WEBP", {"quality": 95}),
    DocumentFormat.AVIF: ("AVIF", {"quality": 95}),
    DocumentFormat.JPEG2000: ("JPEG2000", {}),
    DocumentFormat.GIF: ("GIF", {}),
    DocumentFormat.BMP: ("BMP", {}),
    DocumentFormat.PNM: ("PPM", {}),
}
GOOD = sorted(path for name in ("formats", "pdf") for path in (corpus.CORPUS / name).glob("*") if path.is_file())
# What a file of the corpus ends with that does not come out as a page.
TYPED = {"page_unsupported", "password_required", "document_damaged", "format_unsupported"}


@pytest.mark.parametrize("format", [*_PILLOW], ids=str)
def test_text_is_read_in_every_format_that_pillow_writes(format: DocumentFormat, reader: SandboxReader) -> None:
    name, options = _PILLOW[format]
    out = io.BytesIO()
    note(NOTE).save(out, name, **options)

    result = read(reader, out.getvalue())

    assert sniff(out.getvalue()) is format
    assert result.text.split() == NOTE.split()


@pytest.mark.parametrize(("format", "body"), SAMPLES, ids=[str(kind) for kind, _body in SAMPLES])
def test_page_of_every_format_is_decoded(format: DocumentFormat, body: bytes, reader: SandboxReader) -> None:
    with reader.load([body]) as document:
        assert document.format is format
        assert reader.count_pages(document) == 1
        assert [reader.recognise(document, 1, ["eng"]).error for _time in range(2)] == [None, None]


def test_host_has_one_thread_when_all_is_loaded(reader: SandboxReader) -> None:
    # It forks: another thread would hold its locks for ever in the child
    reader.languages()

    assert host_of(reader).num_threads() == 1


def test_large_pictures_are_decoded_within_the_memory_of_a_sandbox(make_reader: MakeReader) -> None:
    # Given what a phone of our days takes
    out = io.BytesIO()
    Image.linear_gradient("L").resize((4032, 3024)).convert("RGB").save(out, "AVIF", speed=10)
    reader = make_reader(memory_bytes=2048 * MIB)

    result = read(reader, out.getvalue())

    assert (result.error, result.width, result.height) == (None, 4032, 3024)


class TestPasswords:
    PASSWORD = "Grüße aus Wien"

    def _pdf(self) -> bytes:
        scan, out = io.BytesIO(), io.BytesIO()
        note(NOTE).save(scan, "PDF", resolution=100)
        with pikepdf.Pdf.open(scan) as document:
            document.save(out, encryption=pikepdf.Encryption(user=self.PASSWORD, owner="another"))
        return out.getvalue()

    def test_pdf_is_read_with_its_password(self, reader: SandboxReader) -> None:
        with reader.load([self._pdf()], self.PASSWORD) as document:
            assert reader.count_pages(document) == 1
            assert reader.recognise(document, 1, ["eng"]).text.split() == NOTE.split()

    @pytest.mark.parametrize(("password", "error"), [(None, PasswordRequired), ("guessed", PasswordWrong)])
    def test_wrong_password_is_told_from_none(
        self, password: str | None, error: type[Exception], reader: SandboxReader
    ) -> None:
        with reader.load([self._pdf()], password) as document, pytest.raises(error):
            reader.count_pages(document)
        assert read(reader, note_png()).text.strip() == NOTE

    def test_password_is_on_no_command_line_in_no_environment_and_not_in_the_next_sandbox(
        self, reader: SandboxReader
    ) -> None:
        with reader.load([self._pdf()], self.PASSWORD) as document:
            reader.recognise(document, 1, ["eng"])
            host = host_of(reader)
            shown = [
                Path(f"/proc/{process.pid}/{name}").read_bytes()
                for process in (host, *host.children(recursive=True))
                for name in ("cmdline", "environ")
            ]
        assert self.PASSWORD.encode() not in b"".join(shown)
        # And a document that comes after it has none
        with reader.load([self._pdf()]) as document, pytest.raises(PasswordRequired):
            reader.count_pages(document)

    def test_password_shows_in_no_representation(self, reader: SandboxReader) -> None:
        with reader.load([broken.password_pdf()], self.PASSWORD) as document:
            assert self.PASSWORD not in repr(document)


@pytest.mark.slow
@pytest.mark.skipif(not GOOD, reason=corpus.MISSING)
@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name)
def test_file_of_the_corpus_comes_out_or_has_a_code(path: Path, reader: SandboxReader) -> None:
    assert _outcome(path.read_bytes(), reader) in {"read", *TYPED}


def _outcome(body: bytes, reader: SandboxReader) -> str:
    """`read`, or the code of what went wrong."""
    with reader.load([body]) as document:
        assert document.format is not None
        try:
            assert reader.count_pages(document) >= 1
        except DocumentError as exc:
            return exc.code
        return reader.recognise(document, 1, ["eng"]).error or "read"
