"""The store under test, on buckets of every kind."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from ocr_platform.aws.bucket import AllowedKeys
from ocr_platform.aws.s3 import S3Store
from ocr_platform.aws.session import s3_client
from tests.conftest import Servers

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MakeStore = Callable[..., S3Store]


@pytest.fixture
def store(servers: Servers) -> Iterator[S3Store]:
    """The store on the account's bucket: versioned, encrypting by default."""
    client = s3_client(servers.settings())
    yield S3Store(
        client=client, bucket=servers.aws.bucket, keys=AllowedKeys(servers.aws.kms_key_id), max_source_bytes=1000
    )
    client.close()


@pytest.fixture
def bare_store(store: S3Store, plain: "S3Client", servers: Servers) -> S3Store:
    """A store on a bucket with versions and nothing else: no default encryption, no bucket key."""
    bucket = make_bucket(plain, servers.aws.region)
    plain.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return replace(store, bucket=bucket)


@pytest.fixture
def unversioned_store(store: S3Store, plain: "S3Client", servers: Servers) -> S3Store:
    """A store on a bucket that keeps no versions."""
    return replace(store, bucket=make_bucket(plain, servers.aws.region))


def make_bucket(plain: "S3Client", region: str) -> str:
    """A new bucket as S3 makes it when nothing is asked for."""
    name = f"test-{uuid4().hex}"
    plain.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})  # type: ignore[typeddict-item]
    return name
