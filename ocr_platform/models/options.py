"""What is asked of a job."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self, TypeVar

from ocr_platform.errors import UsageError
from ocr_platform.models.pages import OcrMode, Quality, Reading

_LANGUAGE = re.compile(r"[A-Za-z0-9_]{2,32}(/[A-Za-z0-9_]{2,32})?")
_MAX_LANGUAGES = 8
_SECRET_ARN = re.compile(r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[A-Za-z0-9/_+=.@!-]{1,512}")
# In the place of models: each page is read with those of its language.
AUTO_LANGUAGES = "auto"

_Choice = TypeVar("_Choice", bound=StrEnum)


class DocumentFormat(StrEnum):
    """Formats that the platform reads, told by content and never by name."""

    PDF = "pdf"
    TIFF = "tiff"
    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"
    HEIC = "heic"
    AVIF = "avif"
    JPEG2000 = "jpeg2000"
    GIF = "gif"
    BMP = "bmp"
    PNM = "pnm"
    JBIG2 = "jbig2"


class OutputFormat(StrEnum):
    """Outputs that a job can be asked for."""

    TEXT = "text"
    JSON = "json"
    HOCR = "hocr"
    ALTO = "alto"
    MARKDOWN = "markdown"
    PDF = "pdf"
    PDFA = "pdfa"


# What a job gives when nobody says what it is to give.
DEFAULT_FORMATS = (OutputFormat.TEXT, OutputFormat.JSON)


@dataclass(frozen=True, slots=True)
class JobOptions:
    """What is asked of a job. Raises UsageError when a value is not allowed.

    `password_secret` is the ARN of the secret that holds a PDF's password, and never the password.
    """

    languages: tuple[str, ...] = ("eng",)
    formats: tuple[OutputFormat, ...] = DEFAULT_FORMATS
    reading: Reading = field(default=Reading())
    password_secret: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.languages) <= _MAX_LANGUAGES or not all(map(_LANGUAGE.fullmatch, self.languages)):
            raise UsageError(f"languages: give 1 to {_MAX_LANGUAGES} names of models such as eng+deu")
        if AUTO_LANGUAGES in self.languages and len(self.languages) > 1:
            raise UsageError("languages: give auto alone, or names of models such as eng+deu")
        if not self.formats:
            raise UsageError("formats: give at least one of " + ", ".join(OutputFormat))
        if self.password_secret is not None and not _SECRET_ARN.fullmatch(self.password_secret):
            # It is not quoted: somebody may have given the password itself.
            raise UsageError(
                "password_secret: give the ARN of a secret (arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME)"
            )

    @classmethod
    def of(
        cls,
        languages: str | Iterable[str],
        formats: str | Iterable[str],
        *,
        ocr: str = OcrMode.AUTO,
        quality: str | None = None,
        password_secret: str | None = None,
    ) -> Self:
        """Read options as people write them: `"eng+deu"`, `"text,json"`, or lists of names."""
        names = languages.split("+") if isinstance(languages, str) else list(languages)
        wanted = formats.split(",") if isinstance(formats, str) else list(formats)
        return cls(
            languages=tuple(dict.fromkeys(name.strip() for name in names)),
            formats=tuple(dict.fromkeys(_one_of(OutputFormat, name.strip(), "formats") for name in wanted)),
            reading=Reading(
                mode=_one_of(OcrMode, ocr, "ocr"),
                quality=None if quality is None else _one_of(Quality, quality, "quality"),
            ),
            password_secret=password_secret,
        )

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """What `as_dict` gave, also in an earlier version."""
        return cls.of(**stored)

    def as_dict(self) -> dict[str, Any]:
        """The form that is stored: what is not as usual, and always languages and formats.

        A request is told from another by it: what a later version adds must not change what is stored today.
        """
        unusual: dict[str, Any] = {}
        if self.reading.mode is not OcrMode.AUTO:
            unusual["ocr"] = str(self.reading.mode)
        if self.reading.quality is not None:
            unusual["quality"] = str(self.reading.quality)
        if self.password_secret is not None:
            unusual["password_secret"] = self.password_secret
        return {"languages": list(self.languages), "formats": [str(name) for name in self.formats], **unusual}


def _one_of(kind: type[_Choice], name: str, option: str) -> _Choice:
    try:
        return kind(name)
    except ValueError:
        raise UsageError(f"{option}: allowed are " + ", ".join(kind)) from None
