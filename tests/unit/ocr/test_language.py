from pathlib import Path

import pytest

from ocr_platform.ocr.engines.tessdata import tessdata_dir
from ocr_platform.ocr.language import Languages
from tests.unit.ocr.models import model


def words(text: str) -> list[str]:
    return text.split()


ENGLISH = words("the house stands behind seven hills where nobody goes after dark and every window stays closed")
GERMAN = words("das haus steht hinter sieben bergen wohin niemand nach einbruch der nacht geht fenster bleiben zu")
DANISH = words("huset ligger bag syv bjerge hvor ingen kommer efter mørkets frembrud alle vinduer lukkede")
RUSSIAN = words("дом стоит за семью холмами куда никто после темноты ходит каждое окно остаётся закрытым")
CHINESE = "房子在七座山的后面天黑以没有人去"
COMMON = ["hotel", "restaurant", "information", "telefon", "museum"]


@pytest.fixture
def languages(tmp_path: Path) -> Languages:
    model(tmp_path / "eng.traineddata", [*ENGLISH, *COMMON])
    model(tmp_path / "deu.traineddata", [*GERMAN, *COMMON])
    model(tmp_path / "dan.traineddata", [*DANISH, *COMMON])
    model(tmp_path / "frk.traineddata", [*GERMAN, *COMMON])
    model(tmp_path / "rus.traineddata", RUSSIAN, "Cyrillic")
    model(tmp_path / "chi_sim.traineddata", [CHINESE], "Han")
    (tmp_path / "osd.traineddata").write_bytes(b"a model without words")
    (tmp_path / "xxx.traineddata").write_bytes(b"a damaged one")
    installed = ["eng", "deu", "dan", "frk", "rus", "chi_sim", "osd", "xxx", "gone"]
    return Languages(tmp_path, installed)


@pytest.mark.parametrize(("spoken", "name"), [(ENGLISH, "eng"), (GERMAN, "deu"), (DANISH, "dan")])
def test_a_text_is_in_the_language_that_has_its_words(languages: Languages, spoken: list[str], name: str) -> None:
    assert languages.of(" ".join(spoken), "Latin") == (name,)


def test_english_is_told_though_every_other_list_has_its_words_too(tmp_path: Path) -> None:
    for name in ("eng", "por", "spa"):
        model(tmp_path / f"{name}.traineddata", ENGLISH)

    assert Languages(tmp_path, ["eng", "por", "spa"]).of(" ".join(ENGLISH), "Latin") == ("eng",)
    assert Languages(tmp_path, ["por", "spa"]).of(" ".join(ENGLISH), "Latin") == ()


def test_garbage_that_happens_to_have_some_english_words_is_not_english(tmp_path: Path) -> None:
    for name in ("eng", "por"):
        model(tmp_path / f"{name}.traineddata", ENGLISH)
    garbage = "qwx zzrt kkpq lmnn ttwq xxyz " + " ".join(ENGLISH[:7])

    assert Languages(tmp_path, ["eng", "por"]).of(garbage, "Latin") == ()


def test_latin_letters_are_not_chinese_though_its_model_knows_them(tmp_path: Path) -> None:
    model(tmp_path / "chi_sim.traineddata", [CHINESE, "abcdefghijklmnopqrstuvwxyz"], "Han")

    assert Languages(tmp_path, ["chi_sim"]).of(" ".join(ENGLISH), "Han") == ()


def test_words_in_latin_letters_are_no_russian_though_its_list_has_them(tmp_path: Path) -> None:
    model(tmp_path / "rus.traineddata", [*RUSSIAN, *ENGLISH], "Cyrillic")
    languages = Languages(tmp_path, ["rus"])

    assert languages.of(" ".join(ENGLISH), "Cyrillic") == ()
    assert not languages.suits(" ".join(ENGLISH), ["rus"])


def test_accents_that_another_model_did_not_read_do_not_matter(languages: Languages) -> None:
    assert languages.of(" ".join(DANISH).replace("ø", "o").upper(), "Latin") == ("dan",)


def test_a_text_of_two_languages_gets_both_the_main_one_first(languages: Languages) -> None:
    assert languages.of(" ".join(GERMAN + ENGLISH[:7]), "Latin") == ("deu", "eng")


@pytest.mark.parametrize(
    "text", ["", "house", "qwx zzrt kkpq lmnn ttwq xxyz pqrs", " ".join(COMMON * 5), "1234 5678 " * 20]
)
def test_nothing_is_guessed_where_words_do_not_tell(languages: Languages, text: str) -> None:
    assert languages.of(text, "Latin") == ()


def test_each_script_has_a_model_that_reads_first(languages: Languages) -> None:
    readers = {reader.script: reader.model for reader in languages.first_readers()}

    assert readers == {"Latin": "eng", "Cyrillic": "rus", "Han": "chi_sim"}
    assert languages.first_readers()[0].script == "Latin"


def test_texts_of_other_scripts_are_told(languages: Languages) -> None:
    assert languages.of(" ".join(RUSSIAN), "Cyrillic") == ("rus",)
    assert languages.of(CHINESE, "Han") == ("chi_sim",)


def test_a_page_in_another_language_than_it_was_read_in_is_to_be_read_again(languages: Languages) -> None:
    assert languages.better(" ".join(GERMAN), ["eng"]) == ("deu",)


@pytest.mark.parametrize(
    ("text", "models"),
    [
        (" ".join(GERMAN), ["deu"]),
        (" ".join(GERMAN), ["eng", "deu"]),
        (" ".join(COMMON * 3), ["eng"]),
        ("das haus", ["eng"]),
        (" ".join(GERMAN), ["unheard"]),
        (" ".join(GERMAN), []),
        ("", ["eng"]),
    ],
)
def test_a_page_is_not_read_again_where_it_is_not_sure_to_help(
    languages: Languages, text: str, models: list[str]
) -> None:
    assert languages.better(text, models) == ()


@pytest.mark.parametrize(
    ("text", "models", "suits"),
    [
        (" ".join(GERMAN), ["deu"], True),
        (" ".join(GERMAN), ["eng", "deu"], True),
        (" ".join(GERMAN), ["eng"], False),
        ("qwx zzrt kkpq lmnn ttwq xxyz", ["eng"], False),
        ("3 7 1", ["eng"], True),
        (" ".join(GERMAN), ["unheard"], True),
    ],
)
def test_a_text_suits_models_that_have_its_words(
    languages: Languages, text: str, models: list[str], suits: bool
) -> None:
    assert languages.suits(text, models) is suits


def test_without_a_single_dictionary_nothing_is_told(tmp_path: Path) -> None:
    assert Languages(tmp_path, ["eng"]).first_readers() == ()
    assert Languages(tmp_path, ["eng"]).of("the house stands behind seven hills", "Latin") == ()


def test_the_installed_models_know_their_languages() -> None:
    directory = tessdata_dir()
    if directory is None or not {"eng", "deu"} <= {path.stem for path in directory.glob("*.traineddata")}:
        pytest.skip("no models")
    languages = Languages(directory, ["eng", "deu"])

    english = "Thank you for referring this retired teacher, who has felt short of breath since the autumn."
    german = "Vielen Dank, dass Sie uns diesen Lehrer im Ruhestand wegen seiner Atemnot zugewiesen haben."
    assert languages.of(english, "Latin") == ("eng",)
    assert languages.of(german, "Latin") == ("deu",)
    assert languages.better(german, ["eng"]) == ("deu",)
