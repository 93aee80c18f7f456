"""Objects in a dict."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

from ocr_platform.errors import (
    OutputConflict,
    SourceChanged,
    SourceEmpty,
    SourceMissing,
    SourceNotAllowed,
    SourceNotEncrypted,
    SourceTooLarge,
    SourceUnversioned,
    SourceWrongKey,
)
from ocr_platform.models import (
    SourceFacts,
    SourceRef,
    StoredObject,
)
from ocr_platform.testing.faults import Faulty

KMS_KEY = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-4000-8000-000000000000"
OTHER_KMS_KEY = "arn:aws:kms:eu-central-1:111122223333:key/11111111-1111-4111-8111-111111111111"
_OWN_PREFIXES = ("work/", "results/")


@dataclass(frozen=True, slots=True)
class StoredSource:
    """A source as the bucket holds it; without `kms_key_id` it is not encrypted with SSE-KMS."""

    body: bytes
    kms_key_id: str | None = KMS_KEY


class InMemoryStore(Faulty):
    """Implements `ports.ObjectStore` in a dict. `objects` and `content_types`, by key, are what the platform wrote."""

    def __init__(self, bucket: str = "documents", max_source_bytes: int = 1024 * 1024) -> None:
        super().__init__()
        self.bucket = bucket
        self.objects: dict[str, bytes] = {}
        self.content_types: dict[str, str] = {}
        self._versions: dict[str, str] = {}
        self._sources: dict[SourceRef, StoredSource] = {}
        self._max_source_bytes = max_source_bytes

    def put_source(
        self,
        body: bytes,
        key: str = "uploads/document",
        *,
        version_id: str | None = None,
        kms_key_id: str | None = KMS_KEY,
    ) -> SourceRef:
        """Upload a source; the version `null` is that of a bucket which keeps none."""
        source = SourceRef(self.bucket, key, version_id or uuid4().hex)
        self._sources[source] = StoredSource(body, kms_key_id)
        return source

    def tamper(self, key: str, body: bytes) -> None:
        """Replace what the platform wrote, as somebody with access to the bucket could."""
        self.objects[key] = body

    @contextmanager
    def open_source(self, source: SourceRef, tenant: str) -> Iterator[tuple[SourceFacts, Iterator[bytes]]]:  # noqa: ARG002  one key for all
        """Open a source. Raises the DocumentErrors that S3 would cause."""
        self._meet("open_source")
        if source.bucket != self.bucket or source.key.startswith(_OWN_PREFIXES) or not source.key:
            raise SourceNotAllowed
        found = self._sources.get(source)
        if found is None:
            raise SourceMissing
        if found.kms_key_id is None:
            raise SourceNotEncrypted
        if found.kms_key_id != KMS_KEY:
            raise SourceWrongKey
        if source.version_id == "null":
            raise SourceUnversioned
        if not found.body:
            raise SourceEmpty
        if len(found.body) > self._max_source_bytes:
            raise SourceTooLarge
        middle = len(found.body) // 2
        facts = SourceFacts(source.version_id, len(found.body), "aws:kms", KMS_KEY, bucket_key_enabled=True)
        yield facts, iter((found.body[:middle], found.body[middle:]))

    def write(self, key: str, body: bytes, content_type: str) -> StoredObject:
        """Store an object; the same bytes again are the same object. Raises OutputConflict for other bytes."""
        self._meet("write")
        if self.objects.setdefault(key, body) != body:
            raise OutputConflict
        self.content_types[key] = content_type
        version = self._versions.setdefault(key, uuid4().hex)
        return StoredObject(self.bucket, key, version, len(body), hashlib.sha256(body).hexdigest(), KMS_KEY, True)

    def read(self, stored: StoredObject) -> bytes:
        """Read an object back. Raises SourceMissing, or SourceChanged when the bytes are others."""
        self._meet("read")
        if self._versions.get(stored.key) != stored.version_id:
            raise SourceMissing
        body = self.objects[stored.key]
        if hashlib.sha256(body).hexdigest() != stored.sha256:
            raise SourceChanged
        return body

    def probe(self) -> None:
        """Nothing to find out, unless a fault was injected."""
        self._meet("probe")

    def remove_all(self, prefix: str) -> int:
        """Remove what lies under a prefix."""
        self._meet("remove_all")
        doomed = [key for key in self.objects if key.startswith(prefix)]
        for key in doomed:
            del self.objects[key], self.content_types[key], self._versions[key]
        return len(doomed)
