import hashlib
import os
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_platform.errors import SourceChanged
from ocr_platform.models import DocumentFormat
from ocr_platform.ocr.formats import sniff
from ocr_platform.sandbox.memory import room_for, sealed, written


def test_document_has_its_size_digest_and_format() -> None:
    with sealed([b"%PDF", b"-1.7\n", b"rest"]) as document:
        assert document.size == 13
        assert document.sha256 == hashlib.sha256(b"%PDF-1.7\nrest").hexdigest()
        assert document.format is DocumentFormat.PDF
        assert os.pread(document.fd, 100, 0) == b"%PDF-1.7\nrest"


def test_document_cannot_be_changed() -> None:
    with sealed([b"%PDF-1.7"]) as document:
        with pytest.raises(PermissionError):
            os.pwrite(document.fd, b"x", 0)
        with pytest.raises(PermissionError):
            os.ftruncate(document.fd, 0)
        with pytest.raises(PermissionError):
            os.ftruncate(document.fd, 100)


def test_memory_is_given_back_at_the_end() -> None:
    with sealed([b"%PDF-1.7"]) as document:
        pass

    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(document.fd)


def test_memory_is_given_back_when_the_source_breaks_off(open_descriptors: Callable[[], int]) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"%PDF"
        raise SourceChanged

    before = open_descriptors()
    with pytest.raises(SourceChanged), sealed(chunks()):
        pass

    assert open_descriptors() == before


def test_other_programs_do_not_inherit_the_document() -> None:
    with sealed([b"%PDF-1.7"]) as document:
        assert not os.get_inheritable(document.fd)


def test_empty_source_has_no_format() -> None:
    with sealed([]) as document:
        assert (document.size, document.format) == (0, None)


@given(st.lists(st.binary(max_size=700), max_size=6), st.integers(0, 1200))
def test_format_does_not_depend_on_how_the_bytes_are_chunked(chunks: list[bytes], junk: int) -> None:
    parts = [bytes(junk), b"%PD", b"F-1.7", *chunks]

    with sealed(parts) as document:
        assert document.format is sniff(b"".join(parts))
        assert document.sha256 == hashlib.sha256(b"".join(parts)).hexdigest()


def test_room_for_an_output_cannot_grow_or_shrink_and_takes_no_memory_before_it_is_used() -> None:
    with room_for(1000) as fd:
        assert os.fstat(fd).st_blocks == 0
        os.pwrite(fd, b"x", 999)
        with pytest.raises(OSError, match="not permitted"):
            os.pwrite(fd, b"x", 1000)
        with pytest.raises(PermissionError):
            os.ftruncate(fd, 1001)
        with pytest.raises(PermissionError):
            os.ftruncate(fd, 1)


def test_what_was_written_is_read_up_to_its_size() -> None:
    with room_for(1000) as fd:
        os.write(fd, b"%PDF-1.7")

        assert written(fd, 4) == b"%PDF"
        assert written(fd, 8) == b"%PDF-1.7"


def test_output_that_is_shorter_than_was_said_comes_out_as_zeros() -> None:
    with room_for(10) as fd:
        assert written(fd, 20) == bytes(20)


def test_room_is_given_back_at_the_end() -> None:
    with room_for(10) as fd:
        pass

    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)
