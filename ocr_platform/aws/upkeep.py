"""Finding and removing what is in the bucket and belongs to nobody any more."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ocr_platform.aws.bucket import S3Bucket
from ocr_platform.aws.errors import translated_errors
from ocr_platform.errors import StorageDenied


@dataclass(frozen=True, kw_only=True)
class S3Upkeep(S3Bucket):
    """Removal in one bucket, of all versions: a delete marker alone would leave the bytes there."""

    def remove_all(self, prefix: str, older_than: timedelta = timedelta()) -> int:
        """Remove every version and delete marker under `prefix`, if all are older than that; return how many."""
        if older_than and not self._all_older(prefix, older_than):
            return 0
        removed = 0
        with translated_errors():
            while True:
                # Always from the start: what was found before is gone by now.
                page = self.client.list_object_versions(Bucket=self.bucket, Prefix=prefix, **self._owner())
                found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
                if found:
                    self._remove([{"Key": item["Key"], "VersionId": item["VersionId"]} for item in found])
                removed += len(found)
                if not page.get("IsTruncated") or not found:
                    return removed

    def _all_older(self, prefix: str, age: timedelta) -> bool:
        before = datetime.now(UTC) - age
        return all(
            item["LastModified"] < before
            for page in self._versions(Prefix=prefix)
            for item in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
        )

    def folders(self, root: str) -> Iterator[list[str]]:
        """Prefixes one level under `root`, also of what has only old versions left; a page of S3's at a time."""
        for page in self._versions(Prefix=root, Delimiter="/"):
            yield [item["Prefix"] for item in page.get("CommonPrefixes", ())]

    def _versions(self, **selected: Any) -> Iterator[Mapping[str, Any]]:
        """S3's pages of all versions and delete markers."""
        pages = self.client.get_paginator("list_object_versions")
        with translated_errors():
            yield from pages.paginate(Bucket=self.bucket, **selected, **self._owner())

    def abort_uploads(self, root: str, older_than: timedelta) -> int:
        """Give up uploads in parts under `root` that were begun so long ago; return how many."""
        # S3's clock says when an upload began: a day's margin is more than any clock is off.
        before = datetime.now(UTC) - older_than
        aborted = 0
        with translated_errors():
            for page in self.client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self.bucket, Prefix=root, **self._owner()
            ):
                for upload in page.get("Uploads", ()):
                    if upload["Initiated"] < before:
                        self.client.abort_multipart_upload(
                            Bucket=self.bucket, Key=upload["Key"], UploadId=upload["UploadId"], **self._owner()
                        )
                        aborted += 1
        return aborted

    def _remove(self, doomed: Any) -> None:
        answer = self.client.delete_objects(
            Bucket=self.bucket, Delete={"Objects": doomed, "Quiet": True}, **self._owner()
        )
        if answer.get("Errors"):  # the call as a whole succeeds even when nothing was removed
            raise StorageDenied("S3 did not remove staged objects; check s3:DeleteObjectVersion.")
