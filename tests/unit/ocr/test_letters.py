import pytest

from ocr_platform.ocr.letters import measure
from tests.data.born_digital import shuffled
from tests.data.texts import CONTRACT, LETTER

GERMAN = (
    "Die Patientin stellte sich wegen anhaltender Beschwerden im rechten Knie vor. Über den Verlauf der Behandlung "
    "gibt der beiliegende Bericht Auskunft; weitere Maßnahmen sind vorläufig nicht erforderlich."
)
FINNISH = "Potilas saapui vastaanotolle aamulla, ja hänen tutkimuksensa aloitettiin heti ilman viivytyksiä sairaalassa."
TURKISH = (
    "Hastan\u0131n şikayetleri geçen hafta başlam\u0131ş, yap\u0131lan muayenede herhangi bir bulguya "
    "rastlanmam\u0131şt\u0131r."
)


@pytest.mark.parametrize("text", [LETTER[0], CONTRACT[0], GERMAN, FINNISH, TURKISH, LETTER[0].upper()])
def test_words_of_a_language_do_not_surprise_whether_its_words_are_known_or_not(text: str) -> None:
    found = measure(text)

    assert found.pairs > 60
    assert found.surprise < 4.6


@pytest.mark.parametrize("seed", range(20))
def test_letters_that_were_exchanged_for_one_another_do(seed: int) -> None:
    assert measure(shuffled(LETTER[0], seed)).surprise > 4.8


def test_letters_that_are_shifted_as_glyph_numbers_are_do() -> None:
    shifted = "".join(chr(ord(letter) + 3) if letter.isalpha() else letter for letter in LETTER[0])

    assert measure(shifted).surprise > 4.8


def test_figures_and_other_scripts_are_not_measured() -> None:
    assert measure("12,400.00 4-711 Ελλάδα ゆっくり").pairs == 0


def test_text_of_another_script_that_was_taken_for_latin_is_all_accents() -> None:
    # Given Russian in the encoding of Windows, read as if it were Western European
    text = bytes.fromhex("cfe0f6e8e5edf220eee1f0e0f2e8ebf1ff20e220e1eeebfcede8f6f320f3f2f0eeec").decode("cp1252")

    assert measure(text).accented > 90
    assert measure("Việc khám bệnh đã được thực hiện vào buổi sáng hôm nay").accented < 40


def test_nothing_is_nothing() -> None:
    found = measure("")

    assert (found.letters, found.pairs, found.surprise, found.accented) == (0, 0, 0, 0)
