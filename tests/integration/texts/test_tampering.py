"""Whoever can write into the database cannot make a text of one job that of another, nor change a letter of it."""

from collections.abc import Callable

import pytest

from ocr_platform.errors import KeyUnusable, PlatformError, TextErased, TextNotAuthentic
from tests.integration.db.support import page
from tests.integration.texts.conftest import TEXTS, Texts

FLIPPED = "UPDATE page_texts SET sealed = set_byte(sealed, {0}, get_byte(sealed, {0}) # 1) WHERE job_id = :job_id"
TAMPERINGS: dict[str, tuple[str, type[PlatformError]]] = {
    "version": (FLIPPED.format(0), TextNotAuthentic),
    "commitment": (FLIPPED.format(1), TextNotAuthentic),
    "last byte of the commitment": (FLIPPED.format(32), TextNotAuthentic),
    "nonce": (FLIPPED.format(33), TextNotAuthentic),
    "ciphertext": (FLIPPED.format(45) + " AND number = 1", TextNotAuthentic),
    "tag": (FLIPPED.format("length(sealed) - 1"), TextNotAuthentic),
    "cut off": ("UPDATE page_texts SET sealed = substr(sealed, 1, 50) WHERE job_id = :job_id", TextNotAuthentic),
    "emptied": ("UPDATE page_texts SET sealed = '' WHERE job_id = :job_id", TextNotAuthentic),
    "a page removed": ("DELETE FROM page_texts WHERE job_id = :job_id AND number = 1", TextNotAuthentic),
    "a page added": (
        "INSERT INTO page_texts SELECT job_id, 4, sealed FROM page_texts WHERE number = 3",
        TextNotAuthentic,
    ),
    "all pages removed": ("DELETE FROM page_texts WHERE job_id = :job_id", TextNotAuthentic),
    "pages swapped": (
        (
            "UPDATE page_texts p SET sealed = o.sealed FROM page_texts o"
            " WHERE p.job_id = :job_id AND o.job_id = :job_id AND (p.number, o.number) IN ((1, 3), (3, 1))"
        ),
        TextNotAuthentic,
    ),
    "another job's page": (
        (
            "UPDATE page_texts p SET sealed = o.sealed FROM page_texts o"
            " WHERE p.job_id = :job_id AND o.job_id <> :job_id AND p.number = o.number"
        ),
        TextNotAuthentic,
    ),
    "another job's key": (
        "UPDATE text_keys k SET wrapped = o.wrapped FROM text_keys o WHERE k.job_id = :job_id AND o.job_id <> :job_id",
        TextNotAuthentic,
    ),
    "wrapped key": (
        "UPDATE text_keys SET wrapped = set_byte(wrapped, 40, 1 # get_byte(wrapped, 40))",
        TextNotAuthentic,
    ),
    "wrapped key emptied": ("UPDATE text_keys SET wrapped = '\\x00' WHERE job_id = :job_id", TextNotAuthentic),
    "tenant": ("UPDATE jobs SET tenant = 'elsewhere' WHERE id = :job_id", TextNotAuthentic),
    "pages of the job": ("UPDATE jobs SET page_count = 2 WHERE id = :job_id", TextNotAuthentic),
    "name of the KMS key": (
        "UPDATE text_keys SET kms_key_id = 'arn:aws:kms:eu-central-1:123456789012:key/somebody-elses'",
        KeyUnusable,
    ),
    "key deleted": ("DELETE FROM text_keys WHERE job_id = :job_id", TextErased),
}


@pytest.mark.parametrize("field", TAMPERINGS)
def test_a_changed_row_does_not_open(texts: Texts, field: str) -> None:
    job_id = texts.done()
    texts.done([page(number, ("theirs", 90.0)) for number in (1, 2, 3)])
    statement, error = TAMPERINGS[field]

    texts.sql(statement, job_id=job_id)

    with pytest.raises(PlatformError) as caught:
        _ = texts.result(job_id).text
    assert caught.type is error
    assert "Haemoglobin" not in str(caught.value)


@pytest.mark.parametrize("tenant", ["clinic", "elsewhere"])
def test_all_rows_of_a_job_moved_to_another_do_not_open(texts: Texts, tenant: str) -> None:
    job_id, other = texts.done(), texts.done(tenant=tenant)
    for table in ("page_texts", "text_keys"):
        texts.sql(f"DELETE FROM {table} WHERE job_id = :other", other=other)  # noqa: S608
        texts.sql(f"UPDATE {table} SET job_id = :other WHERE job_id = :job_id", other=other, job_id=job_id)  # noqa: S608

    with pytest.raises(TextNotAuthentic):
        _ = texts.result(other).page_texts


def test_a_row_that_names_another_key_of_the_installation_does_not_open(
    texts: Texts, new_key: Callable[[], str]
) -> None:
    job_id, former = texts.done(), new_key()
    texts.sql("UPDATE text_keys SET kms_key_id = :former", former=former)

    # AWS says IncorrectKeyException; the emulator, that access is denied
    with pytest.raises((TextNotAuthentic, KeyUnusable)):
        _ = texts.result(job_id, OCR_FORMER_KMS_KEYS=former).page_texts


def test_what_nobody_touched_opens_beside_what_was_changed(texts: Texts) -> None:
    job_id, other = texts.done(), texts.done()
    texts.sql(TAMPERINGS["ciphertext"][0], job_id=job_id)

    assert texts.result(other).page_texts == TEXTS
    with pytest.raises(TextNotAuthentic):
        texts.result(job_id).page_text(1)
    assert texts.result(job_id).page_text(2) == TEXTS[1]
