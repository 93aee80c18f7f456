"""What is made of the command's table and of its ends. The command itself is run by `test_contract`."""

import shutil
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pytesseract import TesseractError, TesseractNotFoundError

from ocr_platform.errors import EngineMissing, PageMemory, PageTimeout, PlatformError, RecognitionFailed, ScratchFull
from ocr_platform.models import Word
from ocr_platform.ocr.engines.pytesseract_engine import PytesseractEngine, _translated_errors, _words
from ocr_platform.ocr.pages import PageImage

HEADER = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n"


def _row(text: str, confidence: str = "96.5", level: int = 5) -> str:
    return f"{level}\t1\t2\t3\t4\t5\t10\t20\t30\t40\t{confidence}\t{text}\n"


def _texts(table: str) -> list[str]:
    return [word.text for word in _words(table)]


def test_row_of_a_word_becomes_a_word() -> None:
    assert list(_words(HEADER + _row("Grüße"))) == [Word("Grüße", 10, 20, 30, 40, 96.5, 2, 3, 4)]


@pytest.mark.parametrize("text", ['"', '"quoted"', 'un"closed', "'", "a\\b", "a,b;c", "#", "NA", "nan", "-1", "\ufeff"])
def test_words_are_taken_as_they_stand(text: str) -> None:
    assert _texts(HEADER + _row(text) + _row("next")) == [text, "next"]


def test_tab_inside_a_word_stays() -> None:
    assert _texts(HEADER + _row("a\tb")) == ["a\tb"]


@pytest.mark.parametrize("blank", ["", " ", "   ", "\u00a0", "\u3000"])
def test_blank_words_are_left_out(blank: str) -> None:
    assert _texts(HEADER + _row(blank) + _row("word")) == ["word"]


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_rows_of_other_levels_are_left_out(level: int) -> None:
    assert _texts(HEADER + _row("", "-1", level) + _row("word")) == ["word"]


@pytest.mark.parametrize(
    ("said", "kept"), [("-1", 0.0), ("-1.000000", 0.0), ("0", 0.0), ("100.0001", 100.0), ("50", 50)]
)
def test_confidence_is_kept_between_0_and_100(said: str, kept: float) -> None:
    (word,) = _words(HEADER + _row("word", said))

    assert word.confidence == kept


@pytest.mark.parametrize("table", ["", HEADER, "nonsense", HEADER + "5\t1\t2", HEADER + "\n\n"])
def test_table_without_words_has_none(table: str) -> None:
    assert _texts(table) == []


# Line breaks that str.splitlines() knows beside \n; Tesseract ends a row with \n alone.
@pytest.mark.parametrize("mark", ["\u2028", "\x85", "\x0c"])
def test_unusual_line_breaks_inside_a_word_do_not_lose_it(mark: str) -> None:
    assert _texts(HEADER + _row(f"a{mark}b") + _row("next")) == [f"a{mark}b", "next"]


@given(st.lists(st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1), max_size=10))
def test_every_visible_word_is_read_back(texts: list[str]) -> None:
    assert _texts(HEADER + "".join(map(_row, texts))) == texts


@pytest.mark.parametrize(
    ("error", "becomes"),
    [
        (TesseractNotFoundError(), EngineMissing),
        (TesseractError(1, "the text of the page"), RecognitionFailed),
        (TesseractError(-signal.SIGABRT, ""), PageMemory),
        (TesseractError(-signal.SIGSEGV, ""), PageMemory),
        (TesseractError(-signal.SIGKILL, ""), PageMemory),
        (RuntimeError("Tesseract process timeout"), PageTimeout),
    ],
)
def test_ends_of_the_command_become_typed_errors(error: Exception, becomes: type[PlatformError]) -> None:
    with pytest.raises(becomes) as caught, _translated_errors():
        raise error

    assert caught.type is becomes
    assert "the text of the page" not in caught.value.message


def test_command_that_is_not_there_is_a_missing_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    engine = PytesseractEngine(tmp_path)

    with pytest.raises(EngineMissing):
        engine.languages()
    with pytest.raises(EngineMissing):
        engine.recognise(PageImage(Image.new("L", (10, 10)), 300), "eng", 5)
    assert list(tmp_path.iterdir()) == []


def _command(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a `tesseract` of our own on the PATH; its arguments are IMAGE OUTPUT -l LANGUAGES CONFIG..."""
    command = folder / "tesseract"
    command.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_one_run_gives_text_and_words_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a command that notes how it was called, and answers like the real one
    programs, scratch = tmp_path / "bin", tmp_path / "scratch"
    programs.mkdir()
    scratch.mkdir()
    table = HEADER + _row("Hello")
    answer = f'printf "Hello\\n\\f" >"$2.txt"; cat {tmp_path}/tsv >"$2.tsv"'
    _command(programs, f'echo "$@" >>{tmp_path}/calls; {answer}', monkeypatch)
    (tmp_path / "tsv").write_text(table, encoding="utf-8")

    # When
    found = PytesseractEngine(scratch).recognise(PageImage(Image.new("L", (10, 10)), 300), "eng+deu", 5)

    # Then
    assert found.text == "Hello\n"
    assert [word.text for word in found.words] == ["Hello"]
    (call,) = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    assert "-l eng+deu" in call
    assert "--dpi 300" in call
    assert list(scratch.iterdir()) == []


def test_resolution_that_is_not_known_is_left_to_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _command(tmp_path, f'echo "$@" >{tmp_path}/calls; : >"$2.txt"; : >"$2.tsv"', monkeypatch)

    PytesseractEngine(tmp_path).recognise(PageImage(Image.new("L", (10, 10)), 0), "eng", 5)

    assert "--dpi" not in (tmp_path / "calls").read_text(encoding="utf-8")


def test_command_that_hangs_is_a_page_timeout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _command(tmp_path, "exec sleep 60", monkeypatch)

    with pytest.raises(PageTimeout):
        PytesseractEngine(tmp_path).recognise(PageImage(Image.new("L", (10, 10)), 0), "eng", 0.2)


def test_a_command_that_was_killed_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given that the first one is killed before it has said which models there are
    once = f'[ -e "{tmp_path}/killed" ] || {{ touch "{tmp_path}/killed"; kill -9 $$; }}'
    _command(tmp_path, f'{once}; echo "List of available languages in /models (1):"; echo eng', monkeypatch)

    assert PytesseractEngine(tmp_path).languages() == {"eng"}


def test_program_its_loader_and_its_libraries_are_all_that_it_names() -> None:
    if not shutil.which("tesseract"):
        pytest.skip("Tesseract is not installed")
    models = Path("/models")

    command = PytesseractEngine(Path("/scratch"), models).command()

    assert command is not None
    program, loader = command.runs
    assert program.name == "tesseract"
    assert loader.name.startswith("ld-")
    assert any("libtesseract" in path.name for path in command.reads)
    assert any("liblept" in path.name for path in command.reads)
    assert models in command.reads
    assert all(path.exists() for path in {*command.runs, *command.reads} - {models})


def test_command_that_is_not_there_has_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(EngineMissing):
        PytesseractEngine(tmp_path).command()


def test_command_that_does_not_start_is_a_missing_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a program of another machine
    _command(tmp_path, "", monkeypatch)
    (tmp_path / "tesseract").write_bytes(b"\x7fELF" + bytes(100))

    with pytest.raises(EngineMissing):
        PytesseractEngine(tmp_path).command()


def test_page_goes_to_the_command_uncompressed_and_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a command that keeps what it was given
    _command(tmp_path, f'cp "$1" {tmp_path}/seen.pnm; : >"$2.txt"; : >"$2.tsv"', monkeypatch)
    page = Image.new("1", (10, 10), 1)
    page.putpixel((3, 4), 0)

    PytesseractEngine(tmp_path).recognise(PageImage(page, 0), "eng", 5)

    with Image.open(tmp_path / "seen.pnm") as seen:
        assert seen.mode == "1"
        assert seen.tobytes() == page.tobytes()


def test_directory_without_room_for_the_page_is_told_before_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _command(tmp_path, f"touch {tmp_path}/started", monkeypatch)
    full = SimpleNamespace(f_bavail=1, f_frsize=4096)
    monkeypatch.setattr("ocr_platform.ocr.engines.pytesseract_engine.os.statvfs", lambda _: full)

    with pytest.raises(ScratchFull):
        PytesseractEngine(tmp_path).recognise(PageImage(Image.new("L", (10, 10)), 0), "eng", 5)
    assert not (tmp_path / "started").exists()


def test_command_without_a_model_is_a_missing_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _command(tmp_path, 'echo "List of available languages in /models (0):"', monkeypatch)
    engine = PytesseractEngine(tmp_path)

    with pytest.raises(EngineMissing):
        engine.languages()
    with pytest.raises(EngineMissing):
        engine.prepare("eng")
