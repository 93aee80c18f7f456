"""What an import loads: applications need no decoder, and the sandbox must not even have seen a secret's library."""

import json
import subprocess
import sys

import pytest

DECODERS = {"PIL", "pikepdf", "pypdfium2"}
ENGINES = {"pytesseract", "tesserocr"}
FOREIGN = DECODERS | ENGINES  # what decodes what others sent
LOCAL = {"moto", "flower", "mirakuru", "psutil", "flask"}
SERVICES = {"boto3", "botocore", "sqlalchemy", "celery", "redis", "kombu", "psycopg2", "pydantic_settings"}


def _modules_loaded_by(*modules: str) -> set[str]:
    """Modules that a fresh interpreter has after importing `modules`."""
    script = f"import json, sys, {', '.join(modules)}; print(json.dumps(sorted(sys.modules)))"
    found = subprocess.run([sys.executable, "-I", "-c", script], check=True, capture_output=True, text=True)
    return set(json.loads(found.stdout))


def _loaded_by(*modules: str) -> set[str]:
    """The same, top-level modules alone."""
    return {name.partition(".")[0] for name in _modules_loaded_by(*modules)}


def test_applications_load_no_decoder_and_nothing_of_the_local_stack() -> None:
    loaded = _loaded_by("ocr_platform", "ocr_platform.client", "ocr_platform.api")

    assert "boto3" in loaded
    assert not loaded & (FOREIGN | LOCAL)


def test_package_alone_loads_nothing_at_all() -> None:
    assert not _loaded_by("ocr_platform") & (FOREIGN | LOCAL | SERVICES)


def test_sandbox_loads_no_service_that_needs_a_secret() -> None:
    loaded = _loaded_by("ocr_platform.sandbox.host", "ocr_platform.sandbox.child")

    assert loaded >= {"PIL", "pypdfium2"}
    assert not loaded & (SERVICES | LOCAL)


def test_host_loads_what_writes_pdf_only_when_one_is_asked_for() -> None:
    # Each host starts anew, for documents that mostly want text: its start is on the way of each of them
    assert not _loaded_by("ocr_platform.sandbox.host", "ocr_platform.sandbox.child") & {"pikepdf"}


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_engine_alone_is_loaded_and_not_the_other_one(engine: str) -> None:
    # So that one of them need not be installed, and its faults are nobody's
    loaded = _loaded_by(f"ocr_platform.ocr.engines.{engine}_engine")

    assert loaded & ENGINES == {engine}
    assert not loaded & (SERVICES | LOCAL)


def test_host_loads_no_engine_before_it_is_told_which() -> None:
    assert not _loaded_by("ocr_platform.sandbox.host") & ENGINES


def test_workers_side_of_the_sandbox_loads_no_decoder_of_pdf_and_no_engine() -> None:
    # Foreign bytes pass here; nothing that could decode them is in reach
    assert not _loaded_by("ocr_platform.sandbox.reader") & (ENGINES | {"pikepdf", "pypdfium2"})


def test_command_loads_no_decoder_and_nothing_of_the_local_stack_before_it_is_needed() -> None:
    assert not _loaded_by("ocr_platform.cli") & (FOREIGN | LOCAL)


def test_fakes_load_no_decoder_and_no_service() -> None:
    assert not _loaded_by("ocr_platform.testing") & (FOREIGN | LOCAL | SERVICES)


def test_applications_load_no_web_framework_that_they_do_not_use() -> None:
    loaded = _modules_loaded_by("ocr_platform.client", "ocr_platform.api", "ocr_platform.contrib")

    assert "ocr_platform.contrib.django" not in loaded
    assert "django.db" not in loaded  # kombu looks for a bit of Django by itself


def test_submission_inside_a_django_transaction_loads_no_decoder() -> None:
    assert not _loaded_by("ocr_platform.contrib.django") & (FOREIGN | LOCAL)


def test_every_public_name_is_there() -> None:
    import ocr_platform

    for name in ocr_platform.__all__:
        assert getattr(ocr_platform, name).__name__ == name


def test_name_that_is_not_public_is_an_attribute_error() -> None:
    import ocr_platform

    with pytest.raises(AttributeError, match="nowhere"):
        _ = ocr_platform.nowhere
