"""Removing what a job left in the bucket that nobody will use."""

from uuid import UUID

from ocr_platform.ports import ObjectStore
from ocr_platform.staging import results_prefix, staging_prefix


def remove_objects(store: ObjectStore, tenant: str, job_id: UUID) -> int:
    """Remove all that a failed job stored, staged pages and outputs, every version; return how many."""
    return store.remove_all(staging_prefix(job_id)) + store.remove_all(results_prefix(tenant, job_id))
