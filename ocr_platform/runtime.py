"""The composition root: every service is built here, once a process, and passed in."""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar

import boto3
from celery import Celery
from sqlalchemy import Engine

from ocr_platform.access import Access
from ocr_platform.aws.bucket import AllowedKeys
from ocr_platform.aws.passwords import DocumentPasswords
from ocr_platform.aws.s3 import S3Store
from ocr_platform.aws.session import make_client, s3_client
from ocr_platform.broker import make_app
from ocr_platform.db.claims import ClaimTerms
from ocr_platform.db.engine import make_engine
from ocr_platform.db.repository import JobRepository
from ocr_platform.db.texts import TextKeys
from ocr_platform.models import TextStorage
from ocr_platform.settings import Settings
from ocr_platform.steps import Pace

if TYPE_CHECKING:
    from ocr_platform.ocr.limits import Limits
    from ocr_platform.sandbox.reader import SandboxReader
    from ocr_platform.sealing import Sealer


@dataclass(frozen=True)
class Runtime:
    """Services by name, each built when it is first asked for, so that nothing is inherited over a fork."""

    settings: Settings
    inherited: Access | None = field(default=None, repr=False)

    @cached_property
    def access(self) -> Access:
        """Who the platform is: what was inherited, or found out anew."""
        return self.inherited or Access(self.settings)

    @cached_property
    def app(self) -> Celery:
        """The Celery application, for publishing."""
        return make_app(self.settings, self.access.broker)

    @property
    def aws(self) -> boto3.session.Session:
        """The session whose credentials all clients share."""
        return self.access.session()

    @cached_property
    def engine(self) -> Engine:
        """Connections to Postgres."""
        return make_engine(self.settings, self.access.database)

    @cached_property
    def repository(self) -> JobRepository:
        """Jobs, pages and outputs."""
        return JobRepository(self.engine, self.terms)

    @cached_property
    def terms(self) -> ClaimTerms:
        """How long a claim holds and how many there may be."""
        return ClaimTerms(
            lease=timedelta(seconds=self.settings.ocr_lease_seconds),
            max_attempts=self.settings.ocr_max_attempts,
            max_claims=self.settings.ocr_max_claims,
        )

    @cached_property
    def kms_keys(self) -> AllowedKeys:
        """Which KMS keys may protect what."""
        return AllowedKeys(
            own=self.settings.kms_key_id,
            former=self.settings.ocr_former_kms_keys,
            tenants=self.settings.tenant_keys,
        )

    @cached_property
    def sealer(self) -> "Sealer":
        """Seals and opens recognised text. Imported here alone: not every application needs the cipher."""
        from ocr_platform.aws.kms import KmsKeys
        from ocr_platform.sealing import Sealer

        return Sealer(KmsKeys(make_client(self.aws, "kms", self.settings), self.kms_keys))

    @property
    def text_sealer(self) -> "Sealer | None":
        """What seals text for the database; None when it is to keep none."""
        return self.sealer if self.settings.ocr_store_text is TextStorage.SEALED else None

    @cached_property
    def texts(self) -> TextKeys:
        """Sealed texts and their data keys."""
        return TextKeys(self.engine)

    @cached_property
    def store(self) -> S3Store:
        """Encrypted objects."""
        return S3Store(
            client=s3_client(self.settings, self.aws),
            bucket=self.settings.s3_bucket_name,
            keys=self.kms_keys,
            max_source_bytes=self.settings.ocr_max_source_bytes,
            bucket_owner=self.settings.bucket_owner,
        )

    @cached_property
    def passwords(self) -> DocumentPasswords:
        """Passwords of documents, by reference."""
        return DocumentPasswords(
            lambda region: make_client(self.aws, "secretsmanager", self.settings, region),
            self.settings.ocr_password_secrets,
        )

    @cached_property
    def limits(self) -> "Limits":
        """What is refused before anything is unpacked."""
        from ocr_platform.ocr.limits import Limits

        return Limits(
            max_pages=self.settings.ocr_max_pages,
            max_pixels=self.settings.ocr_max_page_pixels,
            max_document_pixels=self.settings.ocr_max_document_pixels,
            max_page_inches=self.settings.ocr_max_page_inches,
            render_dpi=self.settings.ocr_render_dpi,
        )

    @property
    def reader(self) -> "SandboxReader":
        """This thread's sandbox: a reader serves one document at a time."""
        return self._readers()

    @cached_property
    def _readers(self) -> "PerThread[SandboxReader]":
        return PerThread(self._make_reader)

    def _make_reader(self) -> "SandboxReader":
        """A reader. Imported here alone: applications have no decoders installed."""
        from ocr_platform.sandbox.config import Config
        from ocr_platform.sandbox.reader import SandboxReader

        settings = self.settings
        config = Config(
            limits=self.limits,
            memory_bytes=settings.ocr_sandbox_memory_bytes,
            page_timeout=settings.ocr_page_timeout_seconds,
            document_timeout=settings.ocr_document_timeout_seconds,
            engine=settings.ocr_engine,
            quality=settings.ocr_quality,
            mode=settings.ocr_sandbox,
            recycle_pages=settings.ocr_sandbox_recycle_pages,
            recycle_bytes=settings.ocr_sandbox_recycle_bytes,
            model_cache_bytes=settings.ocr_model_cache_bytes,
            max_output_bytes=settings.ocr_max_output_bytes,
        )
        return SandboxReader(config, settings.ocr_temp_dir, settings.sandbox_environment)

    @cached_property
    def pace(self) -> Pace:
        """How long a worker stays with one job."""
        return Pace(
            batch_pages=self.settings.ocr_batch_pages,
            batch_seconds=self.settings.ocr_batch_seconds,
            slice_seconds=self.settings.ocr_time_slice_seconds,
            lease_seconds=self.settings.ocr_lease_seconds,
            max_helpers=self.settings.ocr_max_helpers,
            document_seconds=self.settings.ocr_document_timeout_seconds,
        )

    def close(self) -> None:
        """End what was built: the sandbox process and the connections."""
        built = vars(self)
        if "_readers" in built:
            for reader in self._readers.made:
                reader.close()
        if "engine" in built:
            self.engine.dispose()
        if "app" in built:
            self.app.close()
        if "store" in built:
            self.store.client.close()


R_co = TypeVar("R_co", bound=Runtime, covariant=True)
T = TypeVar("T")


class PerThread(Generic[T]):
    """A service for each thread that asks; `made` are all of them."""

    def __init__(self, build: Callable[[], T]) -> None:
        self._build = build
        self._own = threading.local()
        self.made: list[T] = []

    def __call__(self) -> T:
        """This thread's service."""
        if not hasattr(self._own, "service"):
            self._own.service = self._build()
            self.made.append(self._own.service)
        service: T = self._own.service
        return service


class PerProcess(Generic[R_co]):
    """A runtime for each process that asks: a forked child never uses its parent's connections."""

    def __init__(self, build: Callable[[], R_co]) -> None:
        self._build = build
        self._built: tuple[int, R_co] | None = None
        # Held for as long as constructing takes, which connects to nothing: no fork finds it held.
        self._lock = threading.Lock()

    def __call__(self) -> R_co:
        """This process's runtime."""
        built = self._built
        if built is None or built[0] != os.getpid():
            with self._lock:  # threads of a pool ask at the same time
                built = self._built
                if built is None or built[0] != os.getpid():
                    built = self._built = (os.getpid(), self._build())
        return built[1]

    def close(self) -> None:
        """End what this process built; what the parent built is the parent's."""
        if self._built is not None and self._built[0] == os.getpid():
            self._built[1].close()
        self._built = None
