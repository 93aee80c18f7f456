import time

from ocr_platform.worker.shutdown import Shutdown
from tests.unit.support import answer_of, forked, forks, true_in_child


def test_nothing_has_begun_before_somebody_says_so() -> None:
    shutdown = Shutdown()

    assert not shutdown.begun
    assert shutdown.seconds == 0.0
    assert not shutdown.in_child


def test_seconds_run_from_the_first_word() -> None:
    shutdown = Shutdown()

    shutdown.begin()
    time.sleep(0.05)
    shutdown.begin()

    assert shutdown.begun
    assert 0.05 <= shutdown.seconds < 5


def test_two_workers_of_one_process_stop_apart() -> None:
    first, second = Shutdown(), Shutdown()

    first.begin()

    assert not second.begun


@forks
def test_child_hears_what_its_parent_says_after_the_fork() -> None:
    shutdown = Shutdown()

    def hears() -> bool:
        deadline = time.monotonic() + 10
        while not shutdown.begun and time.monotonic() < deadline:
            time.sleep(0.01)
        return shutdown.begun and shutdown.in_child and shutdown.seconds < 10

    child = forked(hears)
    shutdown.begin()

    assert answer_of(child)


@forks
def test_children_begun_after_the_word_know_it() -> None:
    shutdown = Shutdown()
    shutdown.begin()

    assert true_in_child(lambda: shutdown.begun)


@forks
def test_process_that_made_it_is_no_child_even_when_it_is_one_of_another() -> None:
    assert true_in_child(lambda: not Shutdown().in_child)
