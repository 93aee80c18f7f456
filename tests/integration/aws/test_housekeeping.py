"""Looking for what lies in the bucket, page by page, and giving up uploads that nobody finishes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from ocr_platform.aws.s3 import S3Store
from ocr_platform.errors import StorageDenied
from tests.integration.aws.support import small_pages

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# The emulator says of every upload in parts that it was begun then, and cannot be told otherwise.
EMULATED_START = datetime(2010, 11, 10, 20, 48, 33, tzinfo=UTC)


def folders(store: S3Store, root: str) -> list[str]:
    return [prefix for page in store.folders(root) for prefix in page]


def put(plain: "S3Client", store: S3Store, *names: str) -> None:
    for name in names:
        plain.put_object(Bucket=store.bucket, Key=name, Body=b"x")


def begin_upload(plain: "S3Client", store: S3Store, name: str) -> str:
    return plain.create_multipart_upload(Bucket=store.bucket, Key=name)["UploadId"]


def uploads(plain: "S3Client", store: S3Store) -> list[str]:
    return [upload["Key"] for upload in plain.list_multipart_uploads(Bucket=store.bucket).get("Uploads", ())]


def test_folders_are_the_prefixes_one_level_down(bare_store: S3Store, plain: "S3Client") -> None:
    put(
        plain,
        bare_store,
        "work/a/1.json",
        "work/a/2.json",
        "work/b/c/d.json",
        "work/loose.json",
        "results/x/1",
        "other",
    )

    assert folders(bare_store, "work/") == ["work/a/", "work/b/"]
    assert folders(bare_store, "results/") == ["results/x/"]
    assert folders(bare_store, "nothing/") == []


def test_a_folder_that_has_only_old_versions_left_is_a_folder(bare_store: S3Store, plain: "S3Client") -> None:
    # Given an object that was deleted in a bucket with versions: its bytes are still there
    put(plain, bare_store, "work/a/1.json")
    plain.delete_object(Bucket=bare_store.bucket, Key="work/a/1.json")
    assert "Contents" not in plain.list_objects_v2(Bucket=bare_store.bucket)

    assert folders(bare_store, "work/") == ["work/a/"]


def test_folders_come_page_by_page(bare_store: S3Store, plain: "S3Client") -> None:
    names = [f"work/{letter}/" for letter in "abcdefg"]
    put(plain, bare_store, *(f"{name}1.json" for name in names))
    small_pages(bare_store, 3)

    pages = list(bare_store.folders("work/"))

    # The emulator leaves out the folder that it names as the next page's start; S3 names the last that it listed.
    found = [name for page in pages for name in page]
    assert len(pages) >= 2
    assert found == sorted(set(found))
    assert set(names) - set(found) <= {"work/d/", "work/g/"}


def test_folders_are_found_while_those_before_are_removed(bare_store: S3Store, plain: "S3Client") -> None:
    put(plain, bare_store, *(f"work/{letter}/1.json" for letter in "abcdefg"))
    small_pages(bare_store, 2)

    for _ in range(4):
        for page in bare_store.folders("work/"):
            for prefix in page:
                bare_store.remove_all(prefix)

    assert folders(bare_store, "work/") == []


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_remove_all_removes_page_by_page(size: int, bare_store: S3Store, plain: "S3Client") -> None:
    names = [f"work/a/{number}.json" for number in range(3)]
    put(plain, bare_store, *names, *names, "work/b/1.json")
    plain.delete_object(Bucket=bare_store.bucket, Key=names[0])
    small_pages(bare_store, size)

    assert bare_store.remove_all("work/a/") == 7
    assert folders(bare_store, "work/") == ["work/b/"]


def test_remove_all_of_what_is_old_leaves_what_is_young(bare_store: S3Store, plain: "S3Client") -> None:
    put(plain, bare_store, "work/a/1.json")

    kept = bare_store.remove_all("work/a/", older_than=timedelta(minutes=1))
    removed = bare_store.remove_all("work/a/", older_than=timedelta(microseconds=1))

    assert (kept, removed) == (0, 1)


def test_uploads_that_were_begun_long_ago_are_given_up(bare_store: S3Store, plain: "S3Client") -> None:
    for name in ("work/a/1.json", "results/t/j/text.txt", "uploads/x"):
        begin_upload(plain, bare_store, name)

    assert bare_store.abort_uploads("work/", timedelta(days=1)) == 1
    assert uploads(plain, bare_store) == ["results/t/j/text.txt", "uploads/x"]


def test_uploads_that_are_younger_go_on(bare_store: S3Store, plain: "S3Client") -> None:
    begin_upload(plain, bare_store, "work/a/1.json")
    age = datetime.now(UTC) - EMULATED_START

    kept = bare_store.abort_uploads("work/", age + timedelta(minutes=1))
    aborted = bare_store.abort_uploads("work/", age - timedelta(minutes=1))

    assert (kept, aborted) == (0, 1)
    assert uploads(plain, bare_store) == []


def test_uploads_of_a_bucket_without_any_are_none(bare_store: S3Store) -> None:
    assert bare_store.abort_uploads("work/", timedelta(days=1)) == 0


def test_a_bucket_that_is_not_there_is_a_typed_error(bare_store: S3Store) -> None:
    away = replace(bare_store, bucket=f"test-{uuid4().hex}")

    for look in (
        lambda: folders(away, "work/"),
        lambda: away.remove_all("work/"),
        lambda: away.abort_uploads("", timedelta()),
    ):
        with pytest.raises(StorageDenied):
            look()
