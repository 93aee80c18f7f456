"""What applications import: submit a document, ask how it stands, read the result.

Light to import and to install: no decoder, no recogniser.
"""

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Self, TypedDict, Unpack
from uuid import UUID

from ocr_platform.aws.sources import parse_s3_url
from ocr_platform.db import queries, submission
from ocr_platform.db.session import after_commit
from ocr_platform.errors import (
    JobNotFinished,
    JobUnknown,
    OutputMissing,
    PlatformError,
    TextErased,
    TextNotAuthentic,
    TextNotStored,
    UsageError,
)
from ocr_platform.models import (
    DEFAULT_FORMATS,
    JobOptions,
    JobStatus,
    OcrMode,
    OutputFormat,
    SourceRef,
    StoredText,
    checked_tenant,
)
from ocr_platform.outputs.text import PAGE_BREAK
from ocr_platform.runtime import PerProcess, Runtime
from ocr_platform.settings import Settings, load_settings
from ocr_platform.workflow import CHAIN, publish

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_POLL_SECONDS = 0.25
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Result:
    """A finished job with its outputs; their bytes are read from S3 when asked for."""

    status: JobStatus
    _runtime: Runtime = field(repr=False)

    def read(self, name: str = OutputFormat.TEXT) -> bytes:
        """The bytes of one output, verified. Raises OutputMissing."""
        for output in self.status.outputs:
            if output.format == name:
                return self._runtime.store.read(output.stored)
        raise OutputMissing

    @property
    def text(self) -> str:
        """The recognised text, pages parted by form feeds: from the database where it is kept there, else the output.

        Raises TextErased when the database's was erased (`read("text")` gives the output), TextNotAuthentic,
        KeyUnusable, KmsUnavailable; OutputMissing when there is neither.
        """
        if self.status.stored_text is StoredText.NONE:
            return self.read(OutputFormat.TEXT).decode()
        return PAGE_BREAK.join(self.page_texts)

    @property
    def page_texts(self) -> tuple[str, ...]:
        """The text of each page, as the database keeps it sealed; a page that failed is empty. Raises as `text`.

        Raises TextNotStored when the database keeps none.
        """
        texts = self._opened(None)
        return tuple(texts.get(number, "") for number in range(1, (self.status.pages or 0) + 1))

    def page_text(self, number: int) -> str:
        """The text of page `number` (from 1). Raises as `page_texts`, and UsageError when there is no such page."""
        if not 1 <= number <= (self.status.pages or 0):
            raise UsageError(f"The job has no page {number}; it has {self.status.pages or 0}.")
        return self._opened(number).get(number, "")

    def _opened(self, number: int | None) -> dict[int, str]:
        """The texts of all pages that were recognised, or of one. A missing row is as bad as a wrong one."""
        status = self.status
        if status.stored_text is StoredText.NONE:
            raise TextNotStored
        sealed = self._runtime.texts.read(status.job_id, number)
        if sealed is None:
            raise TextErased
        wanted = range(1, (status.pages or 0) + 1) if number is None else [number]
        if sealed.pages.keys() != set(wanted) - status.pages_failed.keys():
            raise TextNotAuthentic
        return self._runtime.sealer.open(status.job_id, status.tenant, sealed)


class Asked(TypedDict, total=False):
    """What may be asked of a job, each with a default.

    `languages` are models such as `"eng+deu"`, or `"auto"` to find them out for each page (OCR_DEFAULT_LANGUAGES);
    `formats` are outputs (text and json). `ocr` is auto, force or skip: what happens to pages that bring their text
    along. `quality` is fast, balanced or best (OCR_QUALITY of the workers). `password_secret` is the ARN of a secret in
    Secrets Manager that holds a PDF's password, as a JSON object with `password`; its name begins with
    OCR_PASSWORD_SECRETS and the tenant. `version_id` is that of the source (the current one), `tenant` on whose behalf
    it is. The same `client_token` again gives the same job.
    """

    version_id: str | None
    languages: str | Iterable[str] | None
    formats: str | Iterable[str]
    ocr: str
    quality: str | None
    password_secret: str | None
    tenant: str
    client_token: str | None


class Client:
    """A client of one installation. Safe for threads, and for use after a fork."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._runtime = PerProcess(lambda: Runtime(settings))

    @classmethod
    def from_environment(cls) -> Self:
        """A client of the installation that the environment describes. Raises SettingsError."""
        return cls(load_settings())

    def upload(self, document: IO[bytes]) -> str:
        """Store a document encrypted, under a key that says nothing about it; return the URL to submit.

        Each upload is another source. Whoever repeats a submission under its client token repeats it with the same URL.
        """
        return self._runtime().store.upload(document)

    def submit(self, source: str, *, session: "Session | None" = None, **asked: Unpack[Asked]) -> UUID:
        """Submit `s3://bucket/key` and return the job's id; `Asked` says what may be asked for.

        The version that is current now, or `version_id`, is what will be read. With a `client_token` the same call
        again returns the same job. With a `session` of SQLAlchemy's on the platform's database the job becomes part
        of its transaction: it exists if that commits, and is published then. Raises a DocumentError when the source
        would be refused, a UsageError when an option is wrong, a TransientError when S3 or Postgres does not answer.
        Redis may be down: the job is stored and its message follows.
        """
        new = self.request(source, **asked)
        if session is None:
            submitted = submission.submit(self._runtime().engine, new)
            self.dispatch(submitted)
        else:
            submitted = submission.submit_on(session.connection(), new)
            after_commit(session, lambda: self.dispatch(submitted))
        return submitted.job_id

    def request(self, source: str, **asked: Unpack[Asked]) -> submission.NewJob:
        """What `submit` would store, checked: for transactions that are not SQLAlchemy's (`submission.submit_with`)."""
        tenant = checked_tenant(asked.get("tenant", "default"))
        options = options_of(asked, self._settings.ocr_default_languages)
        bucket, key = parse_s3_url(source)
        facts = self._runtime().store.describe(bucket, key, asked.get("version_id"), tenant)
        return submission.NewJob(
            tenant=tenant,
            source=SourceRef(bucket, key, facts.version_id),
            source_size=facts.size,
            options=options,
            client_token=asked.get("client_token"),
        )

    def dispatch(self, submitted: submission.Submitted) -> None:
        """Publish a stored job's first message. The job is safe: whatever fails here, the reaper publishes later."""
        if submitted.outbox_id is None:
            return
        runtime = self._runtime()
        try:
            publish(runtime.app, CHAIN[0], submitted.job_id, wake=0)
            submission.published(runtime.engine, submitted.outbox_id)
        except PlatformError as exc:
            _log.warning("job %s is stored, its message follows later: %s", submitted.job_id, exc.code)

    def status(self, job_id: UUID | str) -> JobStatus:
        """How a job stands. Raises JobUnknown."""
        identifier = _identifier(job_id)
        found = queries.statuses(self._runtime().engine, [identifier])
        if identifier not in found:
            raise JobUnknown
        return found[identifier]

    def statuses(self, job_ids: Sequence[UUID]) -> dict[UUID, JobStatus]:
        """How many jobs stand, in three statements however many they are; unknown ids are left out."""
        return queries.statuses(self._runtime().engine, job_ids)

    def watch(self, job_id: UUID | str, timeout: float | None = None) -> Iterator[JobStatus]:
        """Yield the job's status a few times a second until it has ended. Raises TimeoutError after `timeout`."""
        ends = None if timeout is None else time.monotonic() + timeout
        while True:
            status = self.status(job_id)
            yield status
            if status.state.terminal:
                return
            if ends is not None and time.monotonic() >= ends:
                raise TimeoutError(f"job {job_id} is still {status.state}")
            time.sleep(_POLL_SECONDS)

    def wait(self, job_id: UUID | str, timeout: float | None = None) -> JobStatus:
        """Wait until a job has ended. Raises TimeoutError after `timeout` seconds."""
        *_, last = self.watch(job_id, timeout)
        return last

    def result(self, job_id: UUID | str) -> Result:
        """The result of a job that has ended. Raises JobUnknown or JobNotFinished."""
        status = self.status(job_id)
        if not status.state.terminal:
            raise JobNotFinished
        return Result(status, self._runtime())

    def erase_text(self, job_id: UUID | str) -> bool:
        """Delete the data key of a job's stored text, and the text that cannot be opened without it.

        False when there was none. The outputs in S3 are not touched. Raises JobUnknown.
        """
        identifier = _identifier(job_id)
        self.status(identifier)
        return self._runtime().texts.erase(identifier)

    def close(self) -> None:
        """Close connections."""
        self._runtime().close()


def options_of(asked: Asked, default_languages: str) -> JobOptions:
    """What is asked of a job, checked. Raises UsageError."""
    languages = asked.get("languages")
    return JobOptions.of(
        default_languages if languages is None else languages,
        asked.get("formats", DEFAULT_FORMATS),
        ocr=asked.get("ocr", OcrMode.AUTO),
        quality=asked.get("quality"),
        password_secret=asked.get("password_secret"),
    )


def _identifier(job_id: UUID | str) -> UUID:
    try:
        return job_id if isinstance(job_id, UUID) else UUID(job_id)
    except ValueError:
        raise JobUnknown from None
