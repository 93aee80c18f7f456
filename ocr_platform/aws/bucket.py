"""The bucket, and under which KMS keys an object in it may be encrypted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

EVERY_TENANT = "*"


@dataclass(frozen=True, slots=True)
class AllowedKeys:
    """Full ARNs: `own` encrypts all that the platform writes, `former` were that before.

    `tenants` are the keys that a tenant's sources may be under, and no others; `*` stands for all that are not named.
    Who is not named at all has the platform's own and former keys.
    """

    own: str
    former: frozenset[str] = frozenset()
    tenants: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def readable(self) -> frozenset[str]:
        """What the platform may have written under, now or earlier."""
        return self.former | {self.own}

    def of_sources(self, tenant: str) -> frozenset[str]:
        """What a tenant's sources may be under."""
        named = self.tenants.get(tenant, self.tenants.get(EVERY_TENANT))
        return self.readable if named is None else named


@dataclass(frozen=True, kw_only=True)
class S3Bucket:
    """One bucket: `bucket_owner` is an account's number, and S3 refuses each request when the bucket is another's."""

    client: "S3Client"
    bucket: str
    keys: AllowedKeys
    bucket_owner: str | None = None

    def _owner(self) -> Any:
        return {"ExpectedBucketOwner": self.bucket_owner} if self.bucket_owner else {}
