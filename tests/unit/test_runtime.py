from datetime import timedelta

import pytest

from ocr_platform.models import EngineName, SandboxMode
from ocr_platform.ocr.limits import Limits
from ocr_platform.runtime import PerProcess, Runtime
from ocr_platform.sandbox.config import Config
from ocr_platform.settings import Settings, load_settings
from tests.unit.support import forks, true_in_child


def _per_process(settings: Settings) -> PerProcess[Runtime]:
    return PerProcess(lambda: Runtime(settings))


def test_services_are_built_once_from_the_settings(settings: Settings) -> None:
    runtime = Runtime(settings)

    assert runtime.store is runtime.store
    assert (runtime.store.bucket, runtime.store.keys.own) == (settings.s3_bucket_name, settings.kms_key_id)
    assert runtime.repository.engine is runtime.engine
    assert runtime.pace.slice_seconds == settings.ocr_time_slice_seconds
    assert runtime.pace.batch_pages == settings.ocr_batch_pages
    assert runtime.pace.lease_seconds == settings.ocr_lease_seconds
    assert runtime.pace.max_helpers == settings.ocr_max_helpers
    runtime.close()


def test_terms_of_a_claim_are_the_settings(environ: dict[str, str]) -> None:
    own = {"OCR_LEASE_SECONDS": "90", "OCR_MAX_ATTEMPTS": "3", "OCR_MAX_CLAIMS": "50"}
    runtime = Runtime(load_settings(environ | own))

    assert runtime.terms.lease == timedelta(seconds=90)
    assert (runtime.terms.max_attempts, runtime.terms.max_claims) == (3, 50)
    assert runtime.repository.terms is runtime.terms
    runtime.close()


def test_closing_builds_nothing(settings: Settings) -> None:
    runtime = Runtime(settings)

    runtime.close()

    assert vars(runtime) == {"settings": settings, "inherited": None}


def test_reader_starts_no_process_before_it_is_asked(settings: Settings) -> None:
    runtime = Runtime(settings)

    assert runtime.reader._keeper.host is None
    assert runtime.reader._keeper.sandbox is None
    runtime.close()


def test_sandboxes_are_limited_as_the_settings_say(environ: dict[str, str]) -> None:
    own = {
        "OCR_MAX_PAGES": "7",
        "OCR_MAX_PAGE_PIXELS": "20000",
        "OCR_MAX_DOCUMENT_PIXELS": "30000",
        "OCR_MAX_PAGE_INCHES": "40",
        "OCR_RENDER_DPI": "150",
        "OCR_SANDBOX_MEMORY_BYTES": "300000000",
        "OCR_PAGE_TIMEOUT_SECONDS": "5",
        "OCR_DOCUMENT_TIMEOUT_SECONDS": "60",
        "OCR_ENGINE": "pytesseract",
        "OCR_SANDBOX": "strict",
        "OCR_SANDBOX_RECYCLE_PAGES": "8",
        "OCR_SANDBOX_RECYCLE_BYTES": "90000000",
        "OCR_MODEL_CACHE_BYTES": "10",
        "PATH": "/opt/bin",
    }
    runtime = Runtime(load_settings(environ | own))

    assert runtime.reader._config == Config(
        limits=Limits(7, 20_000, 30_000, 40.0, 150),
        memory_bytes=300_000_000,
        page_timeout=5.0,
        document_timeout=60.0,
        engine=EngineName.PYTESSERACT,
        mode=SandboxMode.STRICT,
        recycle_pages=8,
        recycle_bytes=90_000_000,
        model_cache_bytes=10,
    )
    assert runtime.reader._keeper._environment == runtime.settings.sandbox_environment
    runtime.close()


def test_process_has_one_runtime(settings: Settings) -> None:
    runtimes = _per_process(settings)

    assert runtimes() is runtimes()


@forks
def test_forked_child_gets_a_runtime_of_its_own(settings: Settings) -> None:
    # Given a parent that has built its engine
    runtimes = _per_process(settings)
    parents = runtimes()
    _ = parents.engine

    # When a child asks, then
    assert true_in_child(lambda: runtimes() is not parents)
    parents.close()


@forks
def test_child_does_not_close_what_its_parent_built(settings: Settings) -> None:
    runtimes = _per_process(settings)
    closed: list[bool] = []
    runtimes().app.close = lambda: closed.append(True)  # type: ignore[method-assign]

    def close_and_look() -> bool:
        runtimes.close()
        return not closed

    assert true_in_child(close_and_look)
    runtimes.close()
    assert closed == [True]


def test_each_process_builds_what_it_is_told_to_when_it_asks(settings: Settings) -> None:
    class Own(Runtime):
        pass

    built: list[Own] = []

    def build() -> Own:
        built.append(Own(settings))
        return built[-1]

    runtimes = PerProcess(build)
    assert built == []

    assert runtimes() is runtimes()
    assert len(built) == 1


def test_process_that_closed_its_runtime_gets_a_new_one(settings: Settings) -> None:
    runtimes = _per_process(settings)
    first = runtimes()

    runtimes.close()

    assert runtimes() is not first
    runtimes.close()


def test_closing_before_anybody_asked_builds_nothing(settings: Settings) -> None:
    def build() -> Runtime:
        raise AssertionError

    PerProcess(build).close()


def test_closing_twice_is_fine(settings: Settings) -> None:
    runtimes = _per_process(settings)
    runtimes()

    runtimes.close()
    runtimes.close()


@pytest.mark.parametrize("name", ["db_password", "redis_password"])
def test_runtime_shows_no_secret(environ: dict[str, str], name: str) -> None:
    runtime = Runtime(load_settings(environ | {name.upper(): "hush-hush"}))

    assert "hush-hush" not in repr(runtime)
