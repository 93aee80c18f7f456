"""Moving the data keys of stored text to another KMS key: KMS wraps each anew, and no text is touched.

Safe beside workers, beside another run like it, and to break off at any moment: each data key is replaced by itself,
and only while it is the one that was wrapped anew. What is left is found by the next run.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from uuid import UUID

from ocr_platform.db.texts import FIRST, StoredKey, TextKeys
from ocr_platform.errors import KeyUnusable, TextNotAuthentic
from ocr_platform.sealing import Sealer

_BATCH = 500


@dataclass
class Report:
    """What a run did.

    `rewrapped` data keys were moved; `skipped` ones were replaced or erased by somebody else meanwhile; `failed` are
    jobs whose data key is not theirs, with the error's code; `refused` are KMS keys that may not be used, with what is
    wrong; `left` says how many data keys each other KMS key still wraps.
    """

    rewrapped: int = 0
    skipped: int = 0
    failed: dict[UUID, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)


def left_under_others(keys: TextKeys, kms_key_id: str) -> dict[str, int]:
    """How many data keys KMS keys other than this one wrap, by ARN."""
    return {arn: count for arn, count in keys.count_by_key().items() if arn != kms_key_id}


def rewrap(
    keys: TextKeys,
    sealer: Sealer,
    kms_key_id: str,
    *,
    parallel: int = 8,
    progress: Callable[[int], None] = lambda _count: None,
) -> Report:
    """Move every data key to `kms_key_id`, the one by which the sealer's key service wraps new ones.

    `progress` is told how many data keys each batch had. A data key that does not belong to its row holds up no other
    one, and a KMS key that may not be used is asked once. Raises KmsUnavailable, DatabaseUnavailable: the next run
    goes on from there.
    """
    report = Report()
    with ThreadPoolExecutor(parallel) as pool:
        for batch in _batches(keys, kms_key_id):
            outcomes = list(pool.map(lambda stored: _moved(stored, keys, sealer, report), batch))
            report.rewrapped += outcomes.count(True)
            report.skipped += outcomes.count(False)
            progress(len(batch))
    report.left = left_under_others(keys, kms_key_id)
    return report


def _batches(keys: TextKeys, kms_key_id: str) -> Iterator[Sequence[StoredKey]]:
    after = FIRST
    while batch := keys.under_others(kms_key_id, after, _BATCH):
        yield batch
        after = batch[-1].job_id


def _moved(stored: StoredKey, keys: TextKeys, sealer: Sealer, report: Report) -> bool | None:
    """Whether a data key was moved, or had gone; None when it could not be, which the report then says."""
    if stored.key.kms_key_id in report.refused:
        return None
    try:
        return keys.replace(stored, sealer.rewrap(stored.job_id, stored.tenant, stored.key))
    except TextNotAuthentic as exc:
        report.failed[stored.job_id] = exc.code
    except KeyUnusable as exc:
        report.refused[stored.key.kms_key_id] = exc.message
    return None
