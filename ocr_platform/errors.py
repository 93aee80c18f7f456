"""Every error of the platform: one root, a stable code, a retry policy.

Codes are part of the public contract: they are stored, printed and matched by applications. Messages are for
people and may change; they never quote a document, a file name or a secret.
"""

from enum import StrEnum
from typing import ClassVar


class RetryPolicy(StrEnum):
    """What a worker does with a job that met the error."""

    TRANSIENT = "transient"  # the same call may succeed a moment later
    DOCUMENT = "document"  # this document fails, whoever tries
    SYSTEMIC = "systemic"  # every document would fail: the fault is in the installation


EXIT_CONFIG = 78
"""Exit code of a process that cannot start as it is configured: EX_CONFIG of sysexits.h."""


class PlatformError(Exception):
    """Root of all errors that the platform raises on purpose."""

    code: ClassVar[str] = "internal_error"
    policy: ClassVar[RetryPolicy] = RetryPolicy.SYSTEMIC
    default_message: ClassVar[str] = "The platform failed; the worker's log has the details under this job's id."

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.default_message)

    @property
    def message(self) -> str:
        """One sentence for people."""
        return str(self)


class InternalError(PlatformError):
    """Raised when a step met something that nobody foresaw."""


# --- The call is wrong -----------------------------------------------------------------------------------------


class UsageError(PlatformError):
    """Root of what the caller can mend; raised before anything is stored."""

    code = "option_invalid"
    policy = RetryPolicy.DOCUMENT
    default_message = "An option has a value that is not allowed."


class SettingsError(UsageError):
    """Raised at start-up when the environment is incomplete or wrong; `faults` has one line per variable."""

    code = "settings_invalid"

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))


class JobUnknown(UsageError):
    """Raised when no job has the given id."""

    code = "job_unknown"
    default_message = "There is no job with this id."


class JobNotFinished(UsageError):
    """Raised when a result is asked for that does not exist yet."""

    code = "job_not_finished"
    default_message = "The job has not finished yet; ask for its status, or wait for it."


class OutputMissing(UsageError):
    """Raised when a finished job does not have the output that is asked for."""

    code = "output_missing"
    default_message = "The job has no such output; its status lists those it has."


class TextNotStored(UsageError):
    """Raised when the text of a page is asked for whose job keeps none in the database."""

    code = "text_not_stored"
    default_message = "The database keeps no text of this job (OCR_STORE_TEXT was none); read its output `text`."


class TextErased(UsageError):
    """Raised when the data key of a job's stored text was deleted, and the text with it."""

    code = "text_erased"
    default_message = "The key of this job's stored text was deleted; the text in the database is gone for good."


class TokenConflict(UsageError):
    """Raised when a client token comes again with another source or other options."""

    code = "token_conflict"
    default_message = "This client token was used for another request; use a new token for a new request."


# --- The document is at fault ----------------------------------------------------------------------------------


class DocumentError(PlatformError):
    """Root of what makes one document fail, and no other."""

    policy = RetryPolicy.DOCUMENT


class SourceMissing(DocumentError):
    """Raised when the source object, or the version of it, is not there."""

    code = "source_missing"
    default_message = "The source is not there; check the bucket, the key and the version."


class SourceNotAllowed(DocumentError):
    """Raised when the source lies where documents must not come from."""

    code = "source_not_allowed"
    default_message = "The source must lie in the platform's bucket, outside work/ and results/."


class SourceUnversioned(DocumentError):
    """Raised when the bucket keeps no versions, so that a source cannot be pinned."""

    code = "source_unversioned"
    default_message = "The bucket keeps no versions; turn versioning on and upload the source again."


class SourceNotEncrypted(DocumentError):
    """Raised when the source was not stored under SSE-KMS."""

    code = "source_not_encrypted"
    default_message = "The source is not encrypted with SSE-KMS; upload it again with the platform's key."


class SourceWrongKey(DocumentError):
    """Raised when the source was encrypted under a KMS key that is not allowed."""

    code = "source_wrong_key"
    default_message = "The source is encrypted under another KMS key; upload it again with the platform's key."


class SourceEmpty(DocumentError):
    """Raised when the source has no bytes."""

    code = "source_empty"
    default_message = "The source is empty (0 bytes)."


class SourceTooLarge(DocumentError):
    """Raised, before a byte is read, when the source is over OCR_MAX_SOURCE_BYTES."""

    code = "source_too_large"
    default_message = "The source has more bytes than OCR_MAX_SOURCE_BYTES allows."


class SourceArchived(DocumentError):
    """Raised when the source lies in a storage class from which it must be restored before it can be read."""

    code = "source_archived"
    default_message = "The source lies in an archive; restore it, or upload it again."


class SourceChanged(DocumentError):
    """Raised when the bytes are not those that were seen first, or not those that S3 promised."""

    code = "source_changed"
    default_message = "The source's bytes do not match their checksum; upload the source again."


class FormatUnsupported(DocumentError):
    """Raised when the content is of no format that the platform reads."""

    code = "format_unsupported"
    default_message = (
        "The content is not PDF, TIFF, PNG, JPEG, WebP, HEIC, AVIF, JPEG 2000, GIF, BMP, PBM, PGM, PPM or JBIG2."
    )


class DocumentDamaged(DocumentError):
    """Raised when a document cannot be opened, or none of its pages can be decoded."""

    code = "document_damaged"
    default_message = "The document is damaged and cannot be opened; export it again."


class PasswordRequired(DocumentError):
    """Raised when a PDF cannot be opened without a password."""

    code = "password_required"
    default_message = "The PDF needs a password; name its secret in password_secret, or upload a copy without one."


class PasswordWrong(DocumentError):
    """Raised when the password that a job names does not open its PDF."""

    code = "password_wrong"
    default_message = "The password in the secret that password_secret names does not open the PDF."


class PasswordUnavailable(DocumentError):
    """Raised when the secret that a job names is not there, may not be read, or holds no password."""

    code = "password_unavailable"
    default_message = "The secret that password_secret names cannot be used."


class TooManyPages(DocumentError):
    """Raised when a document is over OCR_MAX_PAGES."""

    code = "too_many_pages"
    default_message = "The document has more pages than OCR_MAX_PAGES allows; split it."


class DocumentTooLarge(DocumentError):
    """Raised, before it is unpacked, when a document's pages together are over OCR_MAX_DOCUMENT_PIXELS."""

    code = "document_too_large"
    default_message = "The document's pages have more pixels together than OCR_MAX_DOCUMENT_PIXELS allows; split it."


class LanguageMissing(DocumentError):
    """Raised when a language is asked for whose model the worker does not have."""

    code = "language_missing"
    default_message = "A language model that was asked for is not installed on the workers."


class OutputFailed(DocumentError):
    """Given to a job of which one output could not be made of the document, while the others were."""

    code = "output_failed"
    default_message = "An output could not be made of this document; the job has the others."


class OutputTooLarge(DocumentError):
    """Raised when an output would have more bytes than OCR_MAX_OUTPUT_BYTES."""

    code = "output_too_large"
    default_message = "An output would have more bytes than OCR_MAX_OUTPUT_BYTES allows."


class PdfaMissing(DocumentError):
    """Raised when PDF/A is asked of a worker that does not have the extra `pdfa`."""

    code = "pdfa_missing"
    default_message = "The worker has no PDF/A: install ocr-platform with the extra pdfa there."


class PdfaRefused(DocumentError):
    """Raised when the validator does not approve of what should be PDF/A; it is not delivered then."""

    code = "pdfa_refused"
    default_message = "The document could not be made into PDF/A that the validator approves of."


# --- One page is at fault --------------------------------------------------------------------------------------


class PageError(DocumentError):
    """Root of what makes one page fail while the document's other pages go on."""


class PageDamaged(PageError):
    """Raised when a page cannot be decoded."""

    code = "page_damaged"
    default_message = "The page is damaged and cannot be decoded."


class PageUnsupported(PageError):
    """Raised when a page is whole, and of a kind that no decoder here reads."""

    code = "page_unsupported"
    default_message = "The page's image is of a rare kind that is not read here; convert it, to 8 bits a sample."


class PageTooLarge(PageError):
    """Raised, before it is unpacked, when a page is over OCR_MAX_PAGE_PIXELS or OCR_MAX_PAGE_INCHES."""

    code = "page_too_large"
    default_message = "The page is larger than OCR_MAX_PAGE_PIXELS or OCR_MAX_PAGE_INCHES allows."


class PageTimeout(PageError):
    """Raised when decoding and recognising took longer than OCR_PAGE_TIMEOUT_SECONDS."""

    code = "page_timeout"
    default_message = "The page took longer than OCR_PAGE_TIMEOUT_SECONDS."


class DocumentTimeout(PageError):
    """Given to the pages that were still waiting when a document had used up OCR_DOCUMENT_TIMEOUT_SECONDS."""

    code = "document_timeout"
    default_message = "The document's pages took longer together than OCR_DOCUMENT_TIMEOUT_SECONDS; split it."


class PageMemory(PageError):
    """Raised when decoding or recognising needed more memory than OCR_SANDBOX_MEMORY_BYTES."""

    code = "page_memory"
    default_message = "The page needed more memory than OCR_SANDBOX_MEMORY_BYTES allows."


class DecoderCrash(PageError):
    """Raised when the process that decodes and recognises died."""

    code = "decoder_crash"
    default_message = "The decoder crashed on this page."


class RecognitionFailed(PageError):
    """Raised when the recogniser refused a page that could be decoded."""

    code = "recognition_failed"
    default_message = "The recogniser refused the page."


# --- The surroundings are at fault -----------------------------------------------------------------------------


class TransientError(PlatformError):
    """Root of what may go away by itself."""

    policy = RetryPolicy.TRANSIENT


class StorageUnavailable(TransientError):
    """Raised when S3 does not answer, or answers that it cannot now."""

    code = "storage_unavailable"
    default_message = "The object store does not answer."


class KmsUnavailable(TransientError):
    """Raised when KMS does not answer, or answers that it cannot now."""

    code = "kms_unavailable"
    default_message = "KMS does not answer, or is too busy."


class SecretsUnavailable(TransientError):
    """Raised when Secrets Manager does not answer, or answers that it cannot now."""

    code = "secrets_unavailable"
    default_message = "Secrets Manager does not answer."


class CredentialsUnavailable(TransientError):
    """Raised when credentials cannot be had, and none are left from before; the message says where they were sought."""

    code = "credentials_unavailable"
    default_message = "Credentials cannot be had; the worker's log says which, and where they were sought."


class CredentialsRefused(TransientError):
    """Raised when AWS does not know the credentials any more, and others could not be had at once."""

    code = "credentials_refused"
    default_message = "AWS refuses the credentials as unknown or expired; check the role, or the keys in the secret."


class DatabaseUnavailable(TransientError):
    """Raised when Postgres does not answer."""

    code = "database_unavailable"
    default_message = "The database does not answer."


class BrokerUnavailable(TransientError):
    """Raised when Redis does not answer."""

    code = "broker_unavailable"
    default_message = "The message broker does not answer."


class ScratchFull(TransientError):
    """Raised when a page finds no room in the worker's temporary directory."""

    code = "scratch_full"
    default_message = "The worker's temporary directory (OCR_TEMP_DIR) is full, or too small for this page."


class SystemicError(PlatformError):
    """Root of what would make every document fail."""

    policy = RetryPolicy.SYSTEMIC


class StorageDenied(SystemicError):
    """Raised when S3 refuses access to the platform, or has no such bucket."""

    code = "storage_denied"
    default_message = "S3 refused access; check the role's policy, the bucket's policy and the key's policy."


class KeyUnusable(SystemicError):
    """Raised when a KMS key is disabled, waits for its deletion, is not there, or may not be used."""

    code = "key_unusable"
    default_message = "A KMS key cannot be used; check its state, its policy and the role's policy."


class OutputNotProtected(SystemicError):
    """Raised when S3's answer does not prove that an object was encrypted as asked."""

    code = "output_not_protected"
    default_message = "S3 stored an object under another protection than the one asked for; check the bucket."


class TextNotAuthentic(SystemicError):
    """Raised when stored text, or its data key, is not what was sealed for this very page, job and tenant."""

    code = "text_not_authentic"
    default_message = "The stored text is not what was sealed for this job; its rows were changed past the platform."


class OutputConflict(SystemicError):
    """Raised when an output's key is already taken by other bytes."""

    code = "output_conflict"
    default_message = "Another object lies where this output belongs; it was not overwritten."


class EngineMissing(SystemicError):
    """Raised when the recogniser is not installed, or does not start."""

    code = "engine_missing"
    default_message = "Tesseract is not installed on the worker, or does not start."


class SandboxRefused(SystemicError):
    """Raised with OCR_SANDBOX=strict when the kernel does not offer all that holds a sandbox."""

    code = "sandbox_refused"
    default_message = "The kernel or the container offers less than OCR_SANDBOX=strict asks for; see the worker's log."


class WorkerLost(PlatformError):
    """Given to a job that no worker could finish within OCR_MAX_ATTEMPTS."""

    code = "worker_lost"
    default_message = "The workers that held this job were lost, as often as OCR_MAX_ATTEMPTS allows; submit it again."


class ClaimLost(PlatformError):
    """Raised in a worker whose claim is not the newest any more: it stops, and the job goes on elsewhere."""

    code = "claim_lost"
    policy = RetryPolicy.TRANSIENT
    default_message = "Another worker has this job now."


class StackFailed(PlatformError):
    """Raised when a service of the local stack does not start, or dies."""

    code = "stack_failed"
    default_message = "A service of the local stack failed."


def classes_by_code() -> dict[str, type[PlatformError]]:
    """Every error class by its code, the most general class first."""
    found: dict[str, type[PlatformError]] = {}
    waiting: list[type[PlatformError]] = [PlatformError]
    while waiting:
        current = waiting.pop(0)
        found.setdefault(current.code, current)
        waiting.extend(current.__subclasses__())
    return found
