"""What holds a sandbox is told as it is. Whether it holds, the tests of attacks find out."""

import pytest

from ocr_platform.sandbox import seccomp
from ocr_platform.sandbox.confinement import Confinement

ALL = Confinement(no_new_privs=True, seccomp=True, landlock=6, network_namespace=True)
NOTHING = Confinement(no_new_privs=False, seccomp=False, landlock=0, network_namespace=False)
ALL_DOORS = ("files", "network", "programs", "processes")


def holds(*, landlock: int = 0, seccomp: bool = False, network: bool = False, programs: bool = False) -> Confinement:
    return Confinement(
        no_new_privs=True, seccomp=seccomp, landlock=landlock, network_namespace=network, programs=programs
    )


def test_nothing_is_missing_where_everything_holds() -> None:
    assert ALL.missing == ALL.open_doors == ()


def test_everything_is_missing_where_nothing_holds() -> None:
    assert NOTHING.missing == ("no_new_privs", "seccomp", "landlock", "network_namespace")
    assert NOTHING.open_doors == ALL_DOORS


@pytest.mark.parametrize(
    ("held", "opened"),
    [
        (holds(seccomp=True), ()),
        # A command that can be started reaches files, and must be ended by a signal
        (holds(seccomp=True, programs=True), ("files", "programs", "processes")),
        (holds(seccomp=True, programs=True, landlock=5), ("processes",)),
        (holds(seccomp=True, programs=True, landlock=6), ()),
        (holds(landlock=1, network=True), ("processes",)),
        (holds(landlock=1), ("network", "processes")),
        (holds(network=True), ("files", "programs", "processes")),
    ],
)
def test_door_is_open_when_nothing_that_would_shut_it_holds(held: Confinement, opened: tuple[str, ...]) -> None:
    assert held.open_doors == opened


def test_call_that_starts_a_program_is_on_the_list_for_the_command_alone() -> None:
    alone, with_command = (seccomp.compiled(may_start_command=each) for each in (False, True))
    if alone is None or with_command is None:
        pytest.skip("libseccomp is not installed")

    # struct sock_filter: 8 bytes an instruction
    assert len(alone) % 8 == len(with_command) % 8 == 0
    assert 0 < len(alone) < len(with_command)


def test_filter_is_none_where_there_is_no_libseccomp(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str, **_: object) -> None:
        raise OSError(name)

    monkeypatch.setattr("ocr_platform.sandbox.seccomp.ctypes.CDLL", missing)

    assert seccomp.compiled(may_start_command=False) is None
