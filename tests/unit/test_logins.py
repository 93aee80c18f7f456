"""Logins that are read when they are needed, and again when a server refuses them."""

import time
from pathlib import Path

import pytest

from ocr_platform import restraint
from ocr_platform.errors import CredentialsUnavailable
from ocr_platform.logins import Login, LoginSource, login_in_file


class Reads:
    """What is read is `password`, or nothing while it is None; counts."""

    def __init__(self, password: str | None) -> None:
        self.password = password
        self.times = 0

    def __call__(self) -> Login:
        self.times += 1
        if self.password is None:
            raise CredentialsUnavailable("away")
        return Login("platform", self.password)


def test_it_is_read_once_and_kept() -> None:
    reads = Reads("one")
    source = LoginSource("database", reads)
    assert reads.times == 0

    assert [source.current().password for _ in range(3)] == ["one"] * 3

    assert reads.times == 1


def test_without_a_login_it_is_an_error_each_time() -> None:
    source = LoginSource("database", Reads(None))

    for _ in range(2):
        with pytest.raises(CredentialsUnavailable):
            source.current()


def test_a_login_that_may_not_grow_old_is_read_again_and_kept_in_an_outage() -> None:
    reads = Reads("one")
    source = LoginSource("redis", reads, keep_seconds=0.0)
    source.current()

    reads.password = "two"
    assert source.current().password == "two"
    reads.password = None
    assert source.current().password == "two"


def test_a_source_that_is_away_is_not_asked_for_each_connection() -> None:
    reads = Reads("one")
    source = LoginSource("redis", reads, keep_seconds=0.2)
    source.current()
    time.sleep(0.3)
    reads.password = None

    assert {source.current().password for _ in range(10)} == {"one"}

    assert reads.times == 2


def test_a_refused_login_is_read_again() -> None:
    reads = Reads("one")
    refusals: list[Login] = []
    source = LoginSource("database", reads, refused=refusals.append)
    first = source.current()
    reads.password = "two"

    assert source.another(first) == Login("platform", "two")

    assert refusals == [first]
    assert source.current().password == "two"


def test_one_refusal_serves_all_connections() -> None:
    reads = Reads("one")
    source = LoginSource("database", reads)
    first = source.current()
    reads.password = "two"

    assert {source.another(first) for _ in range(10)} == {Login("platform", "two")}

    assert reads.times == 2


def test_a_wrong_password_is_no_stream_of_reads() -> None:
    reads = Reads("wrong")
    source = LoginSource("database", reads)
    first = source.current()

    assert {source.another(first) for _ in range(100)} == {None}

    assert reads.times == 2


def test_a_refusal_in_an_outage_leaves_the_login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restraint, "_LEAST_SECONDS", 0.0)
    monkeypatch.setattr(restraint, "_MOST_SECONDS", 0.0)
    reads = Reads("one")
    source = LoginSource("database", reads)
    first = source.current()
    reads.password = None
    assert source.another(first) is None

    reads.password = "two"

    assert source.another(first) == Login("platform", "two")


def test_a_password_in_a_file_is_the_files(tmp_path: Path) -> None:
    file = tmp_path / "password"
    read = login_in_file("DB_PASSWORD_FILE", "platform", file)

    with pytest.raises(CredentialsUnavailable, match="DB_PASSWORD_FILE: cannot read"):
        read()
    file.write_text("\n", encoding="utf-8")
    with pytest.raises(CredentialsUnavailable, match="is empty"):
        read()
    file.write_text("s3cret\n", encoding="utf-8")

    assert read() == Login("platform", "s3cret")


def test_a_login_does_not_show_its_password() -> None:
    assert "hush" not in repr(Login("platform", "hush"))
