"""What S3 says when KMS is too busy for it. botocore tries such answers again from KMS itself, but not through S3."""

import random
from typing import Any

# S3's names for KMS' own, with the prefix: AWS KMS Developer Guide, "Throttling"; API reference, "Common errors".
BUSY = frozenset(
    {
        "KMS.ThrottlingException",
        "KMS.KMSInternalException",
        "KMS.DependencyTimeoutException",
        "KMS.KeyUnavailableException",
    }
)
_MOST_TRIES = 3
_LONGEST_SECONDS = 4.0


def patient(client: Any) -> Any:
    """The client, which waits a little when KMS is busy and asks again, as often as for S3's own `SlowDown`."""
    service = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register_first(f"needs-retry.{service}", _again)
    return client


def _again(response: Any, attempts: int, **_: object) -> float | None:
    """Seconds to wait before another try, or None for botocore's own judgement."""
    if response is None or response[1].get("Error", {}).get("Code") not in BUSY or attempts >= _MOST_TRIES:
        return None
    return random.uniform(0.25, 0.5) * min(_LONGEST_SECONDS, 2.0**attempts)  # noqa: S311  no cryptography
