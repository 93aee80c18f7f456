import os
from collections.abc import Callable

import pytest

from ocr_platform.runtime import PerProcess, Runtime
from ocr_platform.settings import Settings, load_settings

# From 3.12 on Python warns of forks beside threads; these children only look, and leave.
forks = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


def _true_in_child(look: Callable[[], bool]) -> bool:
    """What `look` finds in a forked child."""
    child = os.fork()
    if child == 0:
        code = 2
        try:
            code = 0 if look() else 1
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_services_are_built_once_from_the_settings(settings: Settings) -> None:
    runtime = Runtime(settings)

    assert runtime.store is runtime.store
    assert (runtime.store.bucket, runtime.store.kms_key_id) == (settings.s3_bucket_name, settings.kms_key_id)
    assert runtime.repository.engine is runtime.engine
    assert runtime.pace.slice_seconds == settings.ocr_time_slice_seconds
    assert runtime.pace.batch_pages == settings.ocr_batch_pages
    runtime.close()


def test_closing_builds_nothing(settings: Settings) -> None:
    runtime = Runtime(settings)

    runtime.close()

    assert vars(runtime) == {"settings": settings}


def test_reader_starts_no_process_before_it_is_asked(settings: Settings) -> None:
    runtime = Runtime(settings)

    assert runtime.reader._process is None
    runtime.close()


def test_process_has_one_runtime(settings: Settings) -> None:
    runtimes = PerProcess(settings)

    assert runtimes() is runtimes()


@forks
def test_forked_child_gets_a_runtime_of_its_own(settings: Settings) -> None:
    # Given a parent that has built its engine
    runtimes = PerProcess(settings)
    parents = runtimes()
    _ = parents.engine

    # When a child asks, then
    assert _true_in_child(lambda: runtimes() is not parents)
    parents.close()


@forks
def test_child_does_not_close_what_its_parent_built(settings: Settings) -> None:
    runtimes = PerProcess(settings)
    closed: list[bool] = []
    runtimes().app.close = lambda: closed.append(True)  # type: ignore[method-assign]

    def close_and_look() -> bool:
        runtimes.close()
        return not closed

    assert _true_in_child(close_and_look)
    runtimes.close()
    assert closed == [True]


def test_closing_twice_is_fine(settings: Settings) -> None:
    runtimes = PerProcess(settings)
    runtimes()

    runtimes.close()
    runtimes.close()


@pytest.mark.parametrize("name", ["db_password", "redis_password"])
def test_runtime_shows_no_secret(environ: dict[str, str], name: str) -> None:
    runtime = Runtime(load_settings(environ | {name.upper(): "hush-hush"}))

    assert "hush-hush" not in repr(runtime)
