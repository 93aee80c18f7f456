"""Recognised text as the database keeps it: sealed page by page under a data key that its job alone has.

A sealed page is

    version (1 byte, 1) | commitment (32) | nonce (12) | AES-256-GCM ciphertext | tag (16)

The data key comes from KMS, which binds it to the job and the tenant. HKDF-SHA512 (RFC 5869) makes of it the cipher's
key and the commitment: AES-GCM by itself does not say under which key a text was sealed, and one that opens under two
keys can be made. Authenticated besides are the version, the commitment, the job, the tenant and the page's number. So a
page opens in its own row and in no other one, whatever somebody with access to the database writes there.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from hmac import compare_digest
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ocr_platform.errors import TextNotAuthentic
from ocr_platform.models import Job, PageResult, SealedText, WrappedKey
from ocr_platform.ports import KeyService

_VERSION = b"\x01"
_PURPOSE = b"ocr_platform page text 1"
_COMMITMENT_BYTES = 32
# NIST SP 800-38D, 8.2.2 and 8.3: random nonces of 96 bits serve 2**32 texts under one key. A document has 100,000 pages
# at most, and each try of a job has a key of its own.
_NONCE_BYTES = 12
_TAG_BYTES = 16
_HEADER_BYTES = len(_VERSION) + _COMMITMENT_BYTES + _NONCE_BYTES
OVERHEAD_BYTES = _HEADER_BYTES + _TAG_BYTES
"""How much longer a sealed page is than its text in UTF-8."""


def context_of(job_id: UUID, tenant: str) -> dict[str, str]:
    """What KMS binds a data key to, and shows in its log: names of things, and nothing of the document."""
    return {"job": str(job_id), "tenant": tenant}


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals and opens the texts of jobs. Implements `ports.TextSealer`."""

    keys: KeyService

    def seal(self, job: Job, pages: Sequence[PageResult]) -> SealedText:
        """Seal the text of each page that was recognised, under a new data key of the job."""
        plain, wrapped = self.keys.generate(context_of(job.id, job.tenant))
        cipher = _PageCipher.of(plain, job.id, job.tenant)
        return SealedText(
            wrapped, {page.number: cipher.seal(page.number, page.text) for page in pages if not page.error}
        )

    def open(self, job_id: UUID, tenant: str, sealed: SealedText) -> dict[int, str]:
        """The texts by page number. Raises TextNotAuthentic for what was not sealed for this job and these pages."""
        plain = self.keys.unwrap(sealed.key, context_of(job_id, tenant))
        cipher = _PageCipher.of(plain, job_id, tenant)
        return {number: cipher.open(number, body) for number, body in sealed.pages.items()}

    def rewrap(self, job_id: UUID, tenant: str, key: WrappedKey) -> WrappedKey:
        """The job's data key under the KMS key that is current now."""
        return self.keys.rewrap(key, context_of(job_id, tenant))

    def probe(self) -> None:
        """Do once what every document needs of KMS. Raises what a document would meet."""
        context = {"purpose": "probe"}
        _, wrapped = self.keys.generate(context)
        self.keys.unwrap(wrapped, context)


@dataclass(frozen=True, slots=True, repr=False)
class _PageCipher:
    """Seals and opens the pages of one job, under one data key."""

    cipher: AESGCM
    commitment: bytes
    bound: bytes

    @classmethod
    def of(cls, data_key: bytes, job_id: UUID, tenant: str) -> "_PageCipher":
        # The tenant's name comes last, since it alone has no fixed length.
        bound = _PURPOSE + job_id.bytes + tenant.encode()
        derived = HKDF(SHA512(), 32 + _COMMITMENT_BYTES, salt=None, info=bound).derive(data_key)
        return cls(AESGCM(derived[:32]), derived[32:], bound)

    def seal(self, number: int, text: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + self.commitment + nonce + self.cipher.encrypt(nonce, text.encode(), self._bound_to(number))

    def open(self, number: int, sealed: bytes) -> str:
        version, commitment = sealed[:1], sealed[1 : 1 + _COMMITMENT_BYTES]
        if version != _VERSION or not compare_digest(commitment, self.commitment):
            raise TextNotAuthentic
        nonce, body = sealed[_HEADER_BYTES - _NONCE_BYTES : _HEADER_BYTES], sealed[_HEADER_BYTES:]
        try:
            return self.cipher.decrypt(nonce, body, self._bound_to(number)).decode()
        except (InvalidTag, ValueError):  # ValueError: cut off within the nonce
            raise TextNotAuthentic from None

    def _bound_to(self, number: int) -> bytes:
        return _VERSION + self.commitment + number.to_bytes(8) + self.bound
