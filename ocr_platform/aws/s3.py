"""S3 as an ObjectStore: every answer must prove that the object is encrypted under an allowed key."""

from dataclasses import dataclass

from ocr_platform.aws.objects import S3Objects
from ocr_platform.aws.sources import S3Sources
from ocr_platform.aws.upkeep import S3Upkeep


@dataclass(frozen=True, kw_only=True)
class S3Store(S3Sources, S3Objects, S3Upkeep):
    """Implements `ports.ObjectStore` on one bucket: what tenants put there, and what the platform makes of it."""
