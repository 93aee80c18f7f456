"""Pages are read right, in processes that see nothing of the worker's environment and leave nothing behind."""

from pathlib import Path

import pytest

from ocr_platform.errors import DocumentDamaged, PasswordRequired, TooManyPages
from ocr_platform.models import EngineName
from ocr_platform.sandbox.reader import SandboxReader
from tests.conftest import require_services
from tests.data import broken, scan_page
from tests.data.pages import pdf_bytes, tiff_bytes
from tests.data.texts import LETTER
from tests.integration.sandbox.conftest import MakeReader
from tests.integration.sandbox.support import (
    ENGINES,
    ENVIRONMENT,
    NOTE,
    config,
    dense_png,
    environment_of,
    host_of,
    in_mid_page,
    note,
    note_png,
    read,
    sandbox_of,
)
from tests.processes import alive

CANARY = "canary-5f2a91"


def words_of(text: str) -> list[str]:
    return text.split()


def test_a_scan_is_read_word_for_word_with_boxes_inside_the_page(reader: SandboxReader) -> None:
    # Given a page of a letter as a scanner delivers it
    scan = scan_page(LETTER[0], dpi=200)

    result = read(reader, pdf_bytes([scan], 200))

    # Then hardly a word is wrong
    expected, found = words_of(LETTER[0]), words_of(result.text)
    assert result.error is None
    assert len(set(expected) & set(found)) / len(set(expected)) > 0.97
    # And the words are where they are said to be, as sure as they are said to be
    assert [word.text for word in result.words] == found
    assert result.dpi == 300
    for word in result.words:
        assert 0 <= word.left < word.left + word.width <= result.width
        assert 0 <= word.top < word.top + word.height <= result.height
        assert 0 <= word.confidence <= 100
    assert 80 < result.confidence <= 100
    assert result.seconds > 0


def test_the_pages_of_a_tiff_are_counted_and_read_in_any_order(reader: SandboxReader) -> None:
    texts = [f"{NOTE}\nThis is page {name}" for name in ("one", "two", "three")]

    with reader.load([tiff_bytes([note(text) for text in texts], (100, 100), "tiff_lzw")]) as document:
        count = reader.count_pages(document)
        found = {number: words_of(reader.recognise(document, number, ["eng"]).text) for number in (3, 1, 2)}

    assert count == 3
    assert found == {number: words_of(text) for number, text in enumerate(texts, 1)}


def test_documents_do_not_mix(reader: SandboxReader) -> None:
    # Given two documents that are open at once
    other = f"{NOTE}\nThis is another document"

    with reader.load([note_png()]) as first, reader.load([tiff_bytes([note(other)], (100, 100), "tiff_lzw")]) as second:
        texts = [reader.recognise(document, 1, ["eng"]).text for document in (first, second, first)]

    assert [words_of(text) for text in texts] == [words_of(text) for text in (NOTE, other, NOTE)]


def test_the_models_that_are_installed_are_known(reader: SandboxReader) -> None:
    assert "eng" in reader.languages()


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param(broken.damaged_pdf, DocumentDamaged, id="damaged"),
        pytest.param(broken.password_pdf, PasswordRequired, id="locked"),
        pytest.param(broken.many_pages_pdf, TooManyPages, id="too many pages"),
    ],
)
def test_a_document_that_cannot_be_taken_is_a_typed_error_and_the_host_lives_on(
    body: object, error: type[Exception], reader: SandboxReader
) -> None:
    assert callable(body)
    reader.languages()
    host = host_of(reader)

    with reader.load([body()]) as document, pytest.raises(error):
        reader.count_pages(document)

    assert read(reader, note_png()).text.strip() == NOTE
    assert host_of(reader) == host


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param(broken.damaged_png, "page_damaged", id="damaged"),
        pytest.param(broken.bomb_png, "page_too_large", id="a bomb"),
    ],
)
def test_a_page_that_cannot_be_decoded_is_a_result_and_the_host_lives_on(
    body: object, code: str, reader: SandboxReader
) -> None:
    assert callable(body)
    reader.languages()
    host = host_of(reader)

    assert read(reader, body()).error == code
    assert read(reader, note_png()).text.strip() == NOTE
    assert host_of(reader) == host


def test_no_process_of_the_sandbox_sees_anything_of_the_workers_environment(
    make_reader: MakeReader, engine: EngineName, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a worker with a secret in its environment
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", CANARY)
    reader = make_reader()

    with in_mid_page(reader, dense_png()) as busy:
        seen = {process.pid: environment_of(process) for process in busy.all}

    # Then what runs on foreign bytes was given a path, a language, a directory, a time zone, and what keeps it quiet
    assert len(seen) == (2 if engine is EngineName.TESSEROCR else 3)
    for environment in seen.values():
        quiet = {"OPENBLAS_NUM_THREADS", "ORT_DISABLE_TELEMETRY", "TZ"}
        assert set(environment) == {"PATH", "LC_ALL", "OMP_THREAD_LIMIT", "TMPDIR"} | quiet
        assert CANARY not in str(environment)
        assert environment["OMP_THREAD_LIMIT"] == "1"


def test_host_and_sandbox_hold_no_file_of_the_workers(reader: SandboxReader, tmp_path: Path) -> None:
    # Given a worker with a file open
    with (tmp_path / "open").open("w") as file, reader.load([note_png()]) as document:
        file.write("x")
        reader.recognise(document, 1, ["eng"])

        for process in (host_of(reader), sandbox_of(reader)):
            assert [opened.path for opened in process.open_files()] == []
            assert process.net_connections("inet") == []


def test_the_sandbox_of_a_document_ends_with_it(reader: SandboxReader) -> None:
    with reader.load([note_png()]) as document:
        reader.recognise(document, 1, ["eng"])
        sandbox = sandbox_of(reader)

    assert alive(sandbox) == []
    assert alive(host_of(reader)) != []


def test_both_engines_read_the_same(scratch: Path) -> None:
    require_services()
    texts = []
    for engine in ENGINES:
        reader = SandboxReader(config(engine=engine), scratch, ENVIRONMENT)
        texts.append(words_of(read(reader, pdf_bytes([scan_page(LETTER[0], dpi=200)], 200)).text))
        reader.close()

    assert len(set(texts[0]) & set(texts[1])) / len(set(texts[1])) > 0.97


def test_scratch_is_empty_after_a_page_and_gone_after_close(reader: SandboxReader, scratch: Path) -> None:
    read(reader, note_png())
    (own,) = scratch.iterdir()
    left = list(own.iterdir())
    mode = own.stat().st_mode & 0o777

    reader.close()

    assert left == []
    assert mode == 0o700
    assert list(scratch.iterdir()) == []
