"""Moto's server for S3, KMS and Secrets Manager, which forgets what it no longer holds.

Moto keeps a list of every object that it ever made, and copies all that is in a bucket to list versions: with each job
that ends, memory would grow by the whole bucket. The list serves its `reset`, which a local stack never asks for.
"""

from typing import Any

from moto.s3.models import FakeKey
from moto.server import main


class _Untracked(list[Any]):
    """A list that stays empty."""

    def append(self, _item: object, /) -> None:
        """Keep nothing."""


if __name__ == "__main__":
    FakeKey.instances_tracked = _Untracked()  # type: ignore[attr-defined]
    main()
