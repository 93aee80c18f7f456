"""Sealed text opens for its own page, job, tenant and key, and for no other."""

from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_platform.errors import KeyUnusable, TextNotAuthentic
from ocr_platform.models import Job, JobOptions, PageResult, SealedText, SourceRef, Stage
from ocr_platform.sealing import OVERHEAD_BYTES, Sealer
from ocr_platform.testing import OTHER_KMS_KEY, InMemoryKeys

TEXTS = {1: "Haemoglobin 13.9 g/dl", 2: "", 3: "Grüße aus Łódź — 你好\n" * 200}


def job(tenant: str = "clinic") -> Job:
    return Job(uuid4(), tenant, SourceRef("b", "k", "v"), JobOptions(), Stage.ENCRYPT_UPLOAD, 1, uuid4())


def pages(texts: dict[int, str] | None = None) -> list[PageResult]:
    return [PageResult(number, text=text) for number, text in (texts or TEXTS).items()]


def opened(sealer: Sealer, owner: Job, sealed: SealedText) -> dict[int, str]:
    return sealer.open(owner.id, owner.tenant, sealed)


def changed(sealed: SealedText, number: int, body: bytes) -> SealedText:
    return replace(sealed, pages={**sealed.pages, number: body})


def test_every_page_opens_as_it_was() -> None:
    sealer, owner = Sealer(InMemoryKeys()), job()

    assert opened(sealer, owner, sealer.seal(owner, pages())) == TEXTS


def test_pages_that_failed_are_not_sealed() -> None:
    sealed = Sealer(InMemoryKeys()).seal(job(), [*pages(), PageResult(4, error="page_damaged")])

    assert sealed.pages.keys() == TEXTS.keys()


def test_nothing_of_the_text_is_left_and_the_cost_is_known() -> None:
    sealed = Sealer(InMemoryKeys()).seal(job(), pages())

    assert {number: len(body) - len(TEXTS[number].encode()) for number, body in sealed.pages.items()} == dict.fromkeys(
        TEXTS, OVERHEAD_BYTES
    )
    assert not any(word in body for body in sealed.pages.values() for word in (b"Haemoglobin", b"aus", b"13.9"))


def test_the_same_text_never_looks_the_same() -> None:
    sealer, owner = Sealer(InMemoryKeys()), job()
    first, second = (sealer.seal(owner, pages({1: "a", 2: "a"})) for _ in range(2))

    assert len({*first.pages.values(), *second.pages.values()}) == 4
    assert first.key != second.key


def test_kms_is_told_the_job_and_the_tenant_and_nothing_else() -> None:
    keys, owner = InMemoryKeys(), job()

    Sealer(keys).seal(owner, pages())

    assert keys.contexts == [{"job": str(owner.id), "tenant": "clinic"}]


@given(place=st.integers(min_value=0), bit=st.integers(0, 7), number=st.sampled_from(sorted(TEXTS)))
def test_a_page_with_any_bit_changed_does_not_open(place: int, bit: int, number: int) -> None:
    sealer, owner = Sealer(InMemoryKeys()), job()
    sealed = sealer.seal(owner, pages())
    body = bytearray(sealed.pages[number])
    body[place % len(body)] ^= 1 << bit

    with pytest.raises(TextNotAuthentic):
        opened(sealer, owner, changed(sealed, number, bytes(body)))


@pytest.mark.parametrize("length", [0, 1, 32, 33, 40, 45, 60, OVERHEAD_BYTES, -1])
def test_a_page_that_was_cut_off_does_not_open(length: int) -> None:
    sealer, owner = Sealer(InMemoryKeys()), job()
    sealed = sealer.seal(owner, pages())

    with pytest.raises(TextNotAuthentic):
        opened(sealer, owner, changed(sealed, 1, sealed.pages[1][:length]))


def test_a_page_opens_at_its_own_number_alone() -> None:
    sealer, owner = Sealer(InMemoryKeys()), job()
    sealed = sealer.seal(owner, pages())

    with pytest.raises(TextNotAuthentic):
        opened(sealer, owner, changed(sealed, 2, sealed.pages[1]))


def test_a_page_of_an_earlier_try_of_the_same_job_does_not_open() -> None:
    sealer, owner = Sealer(InMemoryKeys()), job()
    earlier, sealed = sealer.seal(owner, pages()), sealer.seal(owner, pages())

    with pytest.raises(TextNotAuthentic):
        opened(sealer, owner, changed(sealed, 1, earlier.pages[1]))


@pytest.mark.parametrize("moved", ["pages", "key", "both"])
@pytest.mark.parametrize("tenant", ["clinic", "elsewhere"])
def test_what_is_moved_to_another_job_does_not_open(moved: str, tenant: str) -> None:
    sealer, owner, other = Sealer(InMemoryKeys()), job(), job(tenant)
    mine, theirs = sealer.seal(owner, pages()), sealer.seal(other, pages())
    found = {
        "pages": replace(theirs, pages=mine.pages),
        "key": replace(theirs, key=mine.key),
        "both": mine,
    }[moved]

    with pytest.raises(TextNotAuthentic):
        opened(sealer, other, found)


def test_a_job_that_is_moved_to_another_tenant_does_not_open() -> None:
    sealer, owner = Sealer(InMemoryKeys()), job()
    sealed = sealer.seal(owner, pages())

    with pytest.raises(TextNotAuthentic):
        opened(sealer, replace(owner, tenant="elsewhere"), sealed)


def test_the_tenants_name_is_bound_though_kms_would_not_ask_for_it() -> None:
    """A key service that forgot its context would still give nothing away: the cipher is bound to it, too."""

    class Forgetful(InMemoryKeys):
        def unwrap(self, key, context):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, ARG002
            return self._known[key][0]

    sealer, owner = Sealer(Forgetful()), job()
    sealed = sealer.seal(owner, pages())

    assert opened(sealer, owner, sealed) == TEXTS
    for other in (replace(owner, tenant="elsewhere"), replace(owner, id=uuid4())):
        with pytest.raises(TextNotAuthentic):
            opened(sealer, other, sealed)


def test_a_rewrapped_key_opens_the_same_text_and_the_old_one_only_while_it_is_named() -> None:
    keys, owner = InMemoryKeys(), job()
    sealer = Sealer(keys)
    sealed = sealer.seal(owner, pages())
    former, keys.own = keys.own, OTHER_KMS_KEY

    with pytest.raises(KeyUnusable):
        sealer.rewrap(owner.id, owner.tenant, sealed.key)
    keys.former = frozenset({former})
    moved = replace(sealed, key=sealer.rewrap(owner.id, owner.tenant, sealed.key))

    assert moved.key.kms_key_id == OTHER_KMS_KEY
    assert opened(sealer, owner, sealed) == opened(sealer, owner, moved) == TEXTS
    keys.former = frozenset()
    assert opened(sealer, owner, moved) == TEXTS
    with pytest.raises(KeyUnusable):
        opened(sealer, owner, sealed)


def test_a_key_is_not_rewrapped_for_another_job() -> None:
    sealer, owner, other = Sealer(InMemoryKeys()), job(), job()
    sealed = sealer.seal(owner, pages())

    with pytest.raises(TextNotAuthentic):
        sealer.rewrap(other.id, other.tenant, sealed.key)
