"""A bucket of its own for each test: the orphans of one are not another's."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from ocr_platform.aws.s3 import S3Store
from ocr_platform.runtime import Runtime
from ocr_platform.worker.reaper import Reaper
from tests.conftest import Servers

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MakeRuntime = Callable[..., Runtime]


@pytest.fixture
def bucket(plain: "S3Client", servers: Servers) -> str:
    name = f"test-{uuid4().hex}"
    plain.create_bucket(
        Bucket=name,
        CreateBucketConfiguration={"LocationConstraint": servers.aws.region},  # type: ignore[typeddict-item]
    )
    plain.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


@pytest.fixture
def make_runtime(database: Servers, bucket: str) -> Iterator[MakeRuntime]:
    """Services of one process each; `changed` are variables of the environment."""
    with ExitStack() as closing:

        def make(**changed: str) -> Runtime:
            runtime = Runtime(database.settings(**({"S3_BUCKET_NAME": bucket} | changed)))
            closing.callback(runtime.close)
            return runtime

        yield make


@pytest.fixture
def store(make_runtime: MakeRuntime) -> S3Store:
    return make_runtime().store


@pytest.fixture
def reaper(make_runtime: MakeRuntime) -> Reaper:
    return Reaper(make_runtime())
