"""S3 with pages so small that a few objects fill several."""

from typing import Any

from ocr_platform.aws.s3 import S3Store


def small_pages(store: S3Store, size: int) -> None:
    """Let S3 list so many entries at a time, instead of a thousand."""

    def ask_for_fewer(params: dict[str, Any], **_: object) -> None:
        params["MaxKeys"] = size

    store.client.meta.events.register("before-parameter-build.s3.ListObjectVersions", ask_for_fewer)
