# ruff: noqa: ARG002  a null service has the signatures of the real one
"""An engine and a store that answer at once: what is left is what the platform itself costs."""

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import IO, Any
from unittest import mock

from ocr_platform import client
from ocr_platform.cli import main
from ocr_platform.models import SourceFacts, SourceRef, StoredObject
from ocr_platform.runtime import Runtime
from ocr_platform.sealing import Sealer
from ocr_platform.settings import Settings
from ocr_platform.testing import FakeReader, InMemoryKeys
from ocr_platform.worker import app
from ocr_platform.worker.services import WorkerRuntime

_SOURCE = b"%PDF-1.7 null"
_STAGED = "work/"


@dataclass(frozen=True, slots=True)
class NullStore:
    """Implements `ports.ObjectStore`: sources are constant, outputs are dropped.

    What is staged lies in files of a tmpfs, because another process reads it.
    """

    folder: Path
    bucket: str
    kms_key_id: str

    def describe(self, bucket: str, key: str, version_id: str | None = None, tenant: str = "default") -> SourceFacts:
        """The one source there is."""
        return SourceFacts("null-engine", len(_SOURCE), "aws:kms", self.kms_key_id, bucket_key_enabled=True)

    def upload(self, body: IO[bytes]) -> str:
        """Forget the document."""
        return f"s3://{self.bucket}/uploads/null"

    @contextmanager
    def open_source(self, source: SourceRef, tenant: str) -> Iterator[tuple[SourceFacts, Iterator[bytes]]]:
        """The one source there is."""
        yield self.describe(source.bucket, source.key), iter((_SOURCE,))

    def write(self, key: str, body: bytes, content_type: str) -> StoredObject:
        """Keep what is staged, drop what is delivered."""
        if key.startswith(_STAGED):
            path = self.folder / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
        digest = hashlib.sha256(body).hexdigest()
        return StoredObject(self.bucket, key, "null-engine", len(body), digest, self.kms_key_id, True)

    def read(self, stored: StoredObject) -> bytes:
        """What is staged."""
        return (self.folder / stored.key).read_bytes()

    def remove_all(self, prefix: str, older_than: timedelta = timedelta()) -> int:
        """Remove what is staged."""
        shutil.rmtree(self.folder / prefix, ignore_errors=True)
        return 1


class _NullReader:
    """Mixed into a runtime: its reader answers at once."""

    @cached_property
    def reader(self) -> Any:
        """One page, a few words."""
        return FakeReader(["Lorem ipsum dolor sit amet"])


class _NullStore:
    """Mixed into a runtime: its store needs no S3."""

    settings: Settings

    @cached_property
    def store(self) -> Any:
        """The store of all processes with these settings."""
        return null_store(self.settings)


class _NullKeys:
    """Mixed into a worker's runtime: its data keys need no KMS."""

    settings: Settings

    @cached_property
    def sealer(self) -> Any:
        """Seals as ever."""
        return Sealer(InMemoryKeys(self.settings.kms_key_id))


class NullReaderRuntime(_NullReader, WorkerRuntime):
    """A worker's real services, but for the reader."""


class NullRuntime(_NullReader, _NullStore, _NullKeys, WorkerRuntime):
    """A worker's real services, but for the reader, the store and KMS."""


class NullClientRuntime(_NullStore, Runtime):
    """An application's real services, but for the store."""


def null_store(settings: Settings) -> NullStore:
    """The store of all processes with these settings."""
    if settings.ocr_temp_dir is None:
        raise ValueError("OCR_TEMP_DIR names the folder of the null store")
    return NullStore(settings.ocr_temp_dir, settings.s3_bucket_name, settings.kms_key_id)


@contextmanager
def null_client() -> Iterator[None]:
    """Clients that are made inside use the null store."""
    with mock.patch.object(client, "Runtime", NullClientRuntime):
        yield


def run_worker(engine: str, arguments: Sequence[str]) -> None:
    """The platform's own command line, with the services of one of `ENGINES`."""
    made = partial(app.make_worker_app, runtime_type=ENGINES[engine])
    with mock.patch.object(app, "make_worker_app", made):
        main(["worker", *arguments], prog_name="ocr-platform")


ENGINES: dict[str, type[WorkerRuntime]] = {
    "null": NullRuntime,
    "null-reader": NullReaderRuntime,
    "real": WorkerRuntime,
}
