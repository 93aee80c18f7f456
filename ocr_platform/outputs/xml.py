"""What XML takes: text without the characters that it cannot hold, and languages by their names on the web."""

import re
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version

# XML 1.0 (fifth edition), production 2: everything else may not stand in a document, not even as a reference.
_IMPOSSIBLE = re.compile("[^\\t\\n\\r\\u0020-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": " ", "\n": " ", "\r": " "})
_LANGUAGE_SUBTAG = re.compile(r"[a-z]{2,3}")

# Tesseract names models by ISO 639-2 codes, with exceptions. BCP 47 wants the two letters of ISO 639-1 where there
# are any, from the registry of language subtags; models of a script, of mathematics and the like have no language.
_TAGS = {
    "afr": "af", "amh": "am", "ara": "ar", "asm": "as", "aze": "az", "aze_cyrl": "az-Cyrl", "bel": "be", "ben": "bn",
    "bod": "bo", "bos": "bs", "bre": "br", "bul": "bg", "cat": "ca", "ces": "cs", "chi_sim": "zh-Hans",
    "chi_sim_vert": "zh-Hans", "chi_tra": "zh-Hant", "chi_tra_vert": "zh-Hant", "cos": "co", "cym": "cy", "dan": "da",
    "dan_frak": "da-Latf", "deu": "de", "deu_frak": "de-Latf", "deu_latf": "de-Latf", "div": "dv", "dzo": "dz",
    "ell": "el", "eng": "en", "epo": "eo", "est": "et", "eus": "eu", "fao": "fo", "fas": "fa", "fin": "fi", "fra": "fr",
    "frk": "de-Latf", "fry": "fy", "gla": "gd", "gle": "ga", "glg": "gl", "guj": "gu", "hat": "ht", "heb": "he",
    "hin": "hi", "hrv": "hr", "hun": "hu", "hye": "hy", "iku": "iu", "ind": "id", "isl": "is", "ita": "it",
    "ita_old": "it", "jav": "jv", "jpn": "ja", "jpn_vert": "ja", "kan": "kn", "kat": "ka", "kat_old": "ka", "kaz": "kk",
    "khm": "km", "kir": "ky", "kmr": "kmr", "kor": "ko", "kor_vert": "ko", "lao": "lo", "lat": "la", "lav": "lv",
    "lit": "lt", "ltz": "lb", "mal": "ml", "mar": "mr", "mkd": "mk", "mlt": "mt", "mon": "mn", "mri": "mi", "msa": "ms",
    "mya": "my", "nep": "ne", "nld": "nl", "nor": "no", "oci": "oc", "ori": "or", "pan": "pa", "pol": "pl", "por": "pt",
    "pus": "ps", "que": "qu", "ron": "ro", "rus": "ru", "san": "sa", "sin": "si", "slk": "sk", "slk_frak": "sk-Latf",
    "slv": "sl", "snd": "sd", "spa": "es", "spa_old": "es", "sqi": "sq", "srp": "sr", "srp_latn": "sr-Latn",
    "sun": "su", "swa": "sw", "swe": "sv", "tam": "ta", "tat": "tt", "tel": "te", "tgk": "tg", "tha": "th", "tir": "ti",
    "ton": "to", "tur": "tr", "uig": "ug", "ukr": "uk", "urd": "ur", "uzb": "uz", "uzb_cyrl": "uz-Cyrl", "vie": "vi",
    "yid": "yi", "yor": "yo",
}  # fmt: skip
_NO_LANGUAGES = frozenset({"osd", "equ"})


@cache
def software_version() -> str:
    """The version of this package, as it is installed."""
    return version("ocr-platform")


def clean(text: str) -> str:
    """Text without what XML cannot hold; a replacement character (U+FFFD) when nothing else is left of it."""
    return _IMPOSSIBLE.sub("", text) or "\ufffd"


def escaped(text: str) -> str:
    """Text as it may stand in an element and in an attribute of quotation marks; white space is a space."""
    return clean(text).translate(_ENTITIES)


def tag_of(model: str) -> str | None:
    """The BCP 47 tag of a model's language; None for a model of a script or of no language."""
    found = _TAGS.get(model)
    if found is not None:
        return found
    # A model that somebody trained: its name is a tag if it begins with a code of ISO 639.
    subtag = model.partition("_")[0]
    return subtag if model not in _NO_LANGUAGES and _LANGUAGE_SUBTAG.fullmatch(subtag) else None


def tags_of(models: Sequence[str]) -> tuple[str, ...]:
    """The tags of models, each once, in their order."""
    return tuple(dict.fromkeys(tag for tag in map(tag_of, models) if tag is not None))


def only_tag_of(models: Sequence[str]) -> str | None:
    """The tag of the language that a page is in, when its models leave no doubt."""
    tags = tags_of(models)
    return tags[0] if len(tags) == 1 and len(models) == 1 else None


def figure(value: float) -> str:
    """A number without an exponent and without zeros that say nothing, to two digits."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
