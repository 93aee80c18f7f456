"""Codes and retry policies are a contract: applications store them and match on them."""

from collections.abc import Iterator

import pytest

from ocr_platform import errors
from ocr_platform.errors import PlatformError, RetryPolicy, SettingsError, classes_by_code

# Adding a line is fine. Changing or removing one breaks applications: that is a new major version.
PUBLIC_CODES = {
    "internal_error": "systemic",
    # the call
    "option_invalid": "document",
    "settings_invalid": "document",
    "job_unknown": "document",
    "job_not_finished": "document",
    "output_failed": "document",
    "output_missing": "document",
    "output_too_large": "document",
    "pdfa_missing": "document",
    "pdfa_refused": "document",
    "text_not_stored": "document",
    "text_erased": "document",
    "token_conflict": "document",
    # the document
    "source_missing": "document",
    "source_not_allowed": "document",
    "source_unversioned": "document",
    "source_not_encrypted": "document",
    "source_wrong_key": "document",
    "source_empty": "document",
    "source_too_large": "document",
    "source_archived": "document",
    "source_changed": "document",
    "format_unsupported": "document",
    "document_damaged": "document",
    "password_required": "document",
    "password_unavailable": "document",
    "password_wrong": "document",
    "too_many_pages": "document",
    "document_too_large": "document",
    "language_missing": "document",
    # a page
    "page_damaged": "document",
    "page_unsupported": "document",
    "page_too_large": "document",
    "page_timeout": "document",
    "document_timeout": "document",
    "page_memory": "document",
    "decoder_crash": "document",
    "recognition_failed": "document",
    # the surroundings
    "storage_unavailable": "transient",
    "kms_unavailable": "transient",
    "credentials_unavailable": "transient",
    "credentials_refused": "transient",
    "database_unavailable": "transient",
    "broker_unavailable": "transient",
    "scratch_full": "transient",
    "secrets_unavailable": "transient",
    "claim_lost": "transient",
    "storage_denied": "systemic",
    "key_unusable": "systemic",
    "output_not_protected": "systemic",
    "text_not_authentic": "systemic",
    "output_conflict": "systemic",
    "engine_missing": "systemic",
    "sandbox_refused": "systemic",
    "worker_lost": "systemic",
    "stack_failed": "systemic",
}


def _tree(root: type[PlatformError]) -> Iterator[type[PlatformError]]:
    yield root
    for child in root.__subclasses__():
        yield from _tree(child)


# Defined in the package, that is: a test may have made classes of its own.
CLASSES = [kind for kind in _tree(PlatformError) if kind.__module__ == errors.__name__]


def test_public_codes_and_their_policies_stay_what_they_are() -> None:
    found = {code: str(kind.policy) for code, kind in classes_by_code().items()}

    assert {code: found.get(code) for code in PUBLIC_CODES} == PUBLIC_CODES
    assert found.keys() == PUBLIC_CODES.keys(), "a new code: add it here and to the documentation"


def test_no_two_errors_share_a_code_of_their_own() -> None:
    own = [kind.code for kind in CLASSES if "code" in vars(kind)]

    assert len(own) == len(set(own))


@pytest.mark.parametrize("kind", [kind for kind in CLASSES if kind is not SettingsError])
def test_every_error_can_be_raised_without_arguments_and_has_a_sentence(kind: type[PlatformError]) -> None:
    error = kind()

    assert error.message
    assert error.message.endswith(".")
    assert error.message == str(error)


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_says_when_it_is_raised(kind: type[PlatformError]) -> None:
    assert kind.__doc__


def test_own_message_replaces_the_default() -> None:
    assert errors.SourceTooLarge("The source has 9 bytes.").message == "The source has 9 bytes."


def test_settings_error_has_a_line_for_each_fault() -> None:
    error = SettingsError(["A: missing", "B: wrong"])

    assert error.faults == ["A: missing", "B: wrong"]
    assert error.message.splitlines() == error.faults


def test_pages_faults_are_documents_faults() -> None:
    pages = list(_tree(errors.PageError))

    assert len(pages) > 1
    assert all(kind.policy is RetryPolicy.DOCUMENT for kind in pages)


def test_root_code_belongs_to_the_root() -> None:
    assert classes_by_code()["internal_error"] is PlatformError
