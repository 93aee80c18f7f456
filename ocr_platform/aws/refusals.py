"""What a client does when AWS does not take its keys: others are fetched, and the request is signed and sent anew."""

import threading
from typing import Any

from botocore.credentials import Credentials

from ocr_platform.aws.credentials import RenewableCredentials

# What S3, KMS, Secrets Manager and STS call keys that they do not know, or not any more.
REFUSED = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
# A HEAD has no body, and so no code but its status: these may be refused keys.
_PERHAPS_REFUSED = frozenset({"400", "403"})
_TRIES = "ocr_platform.refused"
_MOST_TRIES = 2


class Refusals:
    """Listens to one client; `attach` and forget."""

    def __init__(self, credentials: RenewableCredentials) -> None:
        self._credentials = credentials
        self._sent = threading.local()  # a request is sent and answered in one thread

    def attach(self, client: Any) -> None:
        """Listen. First of all: botocore's own handlers do not know these errors as something to try again."""
        service = client.meta.service_model.service_id.hyphenize()
        client.meta.events.register(f"before-send.{service}", self._note)
        client.meta.events.register_first(f"needs-retry.{service}", self._again)

    def _note(self, request: Any, **_: object) -> None:
        header = request.headers.get("Authorization") or b""
        text = header.decode() if isinstance(header, bytes) else header
        self._sent.key = text.partition("Credential=")[2].partition("/")[0]

    def _again(self, response: Any, request_dict: dict[str, Any], **_: object) -> float | None:
        """Seconds to wait before another try, or None for botocore's own judgement."""
        if response is None:
            return None
        code = response[1].get("Error", {}).get("Code")
        if code not in REFUSED and not (code in _PERHAPS_REFUSED and request_dict.get("method") == "HEAD"):
            return None
        context = request_dict["context"]
        context[_TRIES] = context.get(_TRIES, 0) + 1
        if context[_TRIES] > _MOST_TRIES or not self._credentials.refused(getattr(self._sent, "key", "")):
            return None
        return 0


def renewing(client: Any, credentials: Credentials | None) -> Any:
    """The client, which renews these credentials when AWS refuses them, if they can be renewed."""
    if isinstance(credentials, RenewableCredentials):
        Refusals(credentials).attach(client)
    return client
