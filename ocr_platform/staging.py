"""Where recognised pages wait, encrypted in S3, between recognition and delivery, and in which form."""

import json
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID, uuid4

from ocr_platform.models import PageResult, Word, WordSource

STAGING_ROOT = "work/"
RESULTS_ROOT = "results/"


def staging_prefix(job_id: UUID) -> str:
    """The prefix under which a job stages; nothing is left there when the job has ended."""
    return f"{STAGING_ROOT}{job_id}/"


def staging_key(job_id: UUID) -> str:
    """A new key for one batch: no two writers ever meet on it."""
    return f"{staging_prefix(job_id)}{uuid4()}.json"


def results_prefix(tenant: str, job_id: UUID) -> str:
    """The prefix of a job's outputs."""
    return f"{RESULTS_ROOT}{tenant}/{job_id}/"


def results_key(tenant: str, job_id: UUID, name: str) -> str:
    """The one key of an output: the same for every try, so that a second try cannot make a second output."""
    return f"{results_prefix(tenant, job_id)}{name}"


def pack(results: Sequence[PageResult]) -> bytes:
    """Page results as UTF-8 JSON."""
    return json.dumps([result.as_dict() for result in results], ensure_ascii=False).encode()


def unpack(body: bytes) -> list[PageResult]:
    """The page results that `pack` wrote."""
    return results_of(json.loads(body))


def results_of(items: Iterable[dict[str, Any]]) -> list[PageResult]:
    """Page results from what their `as_dict` gave, also in an earlier version; it is used up."""
    return [_result(item) for item in items]


def _result(item: dict[str, Any]) -> PageResult:
    """Fields that an earlier version did not stage yet have their defaults."""
    words = tuple(
        Word(**{**word, "source": WordSource(word.get("source", WordSource.OCR))}) for word in item.pop("words")
    )
    languages = tuple(item.pop("languages", ()))
    return PageResult(**item, words=words, languages=languages)
