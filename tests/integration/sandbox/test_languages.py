"""Pages are read in their own language, by models that the worker chose and that the sandbox could not open."""

from collections.abc import Sequence

import pytest

from ocr_platform.models import AUTO_LANGUAGES, PageResult
from ocr_platform.sandbox.process import SandboxHost
from ocr_platform.sandbox.reader import SandboxReader
from tests.data import scan_page
from tests.data.pages import tiff_bytes
from tests.data.texts import LETTER

GERMAN = (
    """\
Sehr geehrte Frau Doktor Ashby,

vielen Dank, dass Sie uns diesen Lehrer im Ruhestand wegen seiner Atemnot
zugewiesen haben. In Ruhe hat er keine Schmerzen in der Brust, und er schläft
auf einem Kissen. Er hat niemals geraucht und trinkt am Wochenende ein Glas Wein.

Der Blutdruck war etwas erhöht, der Puls dagegen regelmäßig. Die Knöchel waren
leicht geschwollen, was nach seinen Angaben gegen Abend schlimmer wird. Wir haben
ihm geraten, weniger Salz zu essen und sich mehr zu bewegen als bisher.
""".replace("ä", "ae")
    .replace("ö", "oe")
    .replace("ü", "ue")
    .replace("ß", "ss")
)  # what the sample's font can draw
EMPTY = ""


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The models of every sandbox."""
    models: list[str] = []
    fork = SandboxHost.fork

    def noting(host: SandboxHost, format: object, languages: str, *rest: object, **named: object) -> object:
        models.append(languages)
        return fork(host, format, languages, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(SandboxHost, "fork", noting)
    return models


def read_all(reader: SandboxReader, texts: Sequence[str]) -> list[PageResult]:
    pages = [scan_page(text, dpi=150, skew=0, noise=0.02) for text in texts]
    with reader.load([tiff_bytes(pages, (150, 150), "tiff_lzw")]) as document:
        return [reader.recognise(document, number, [AUTO_LANGUAGES]) for number in range(1, len(texts) + 1)]


def test_a_page_is_read_by_the_model_of_its_language(reader: SandboxReader) -> None:
    if "deu" not in reader.languages():
        pytest.skip("no German model")
    (result,) = read_all(reader, [GERMAN])

    assert (result.error, result.languages) == (None, ("deu",))
    assert "Blutdruck" in result.text


def test_pages_of_the_usual_language_need_no_sandbox_more(reader: SandboxReader, forked: list[str]) -> None:
    results = read_all(reader, [LETTER[0], LETTER[0]])

    assert [result.languages for result in results] == [("eng",), ("eng",)]
    assert forked == ["eng"]


def test_a_document_that_changes_its_language_is_followed(reader: SandboxReader, forked: list[str]) -> None:
    if "deu" not in reader.languages():
        pytest.skip("no German model")
    results = read_all(reader, [GERMAN, GERMAN, LETTER[0], EMPTY])

    assert [result.languages for result in results[:3]] == [("deu",), ("deu",), ("eng",)]
    assert results[3].error is None
    assert forked == ["eng", "deu", "eng"]


def test_an_empty_page_is_blank_and_read_by_no_model(reader: SandboxReader) -> None:
    (result,) = read_all(reader, [EMPTY])

    assert (result.error, result.blank, result.languages, result.text.strip()) == (None, True, (), "")
