"""KMS as a KeyService: data keys that are wrapped by an allowed key, for one context each."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ocr_platform.aws.bucket import AllowedKeys
from ocr_platform.aws.errors import translated_errors
from ocr_platform.errors import KeyUnusable, KmsUnavailable, TextNotAuthentic
from ocr_platform.models import WrappedKey

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

# What KMS says of a wrapped key that it did not make so: changed, of another context, or by another KMS key.
_NOT_AUTHENTIC = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})


@dataclass(frozen=True, slots=True)
class KmsKeys:
    """Implements `ports.KeyService`: new keys are wrapped by `keys.own`; former ones are unwrapped, too."""

    client: "KMSClient"
    keys: AllowedKeys

    def generate(self, context: Mapping[str, str]) -> tuple[bytes, WrappedKey]:
        """A new data key of 32 bytes, plain and wrapped."""
        with _kms_errors():
            made = self.client.generate_data_key(
                KeyId=self.keys.own, KeySpec="AES_256", EncryptionContext=dict(context)
            )
        if made["KeyId"] != self.keys.own:
            raise KeyUnusable("KMS answered with another key than the one it was asked for.")
        return made["Plaintext"], WrappedKey(made["KeyId"], made["CiphertextBlob"])

    def unwrap(self, key: WrappedKey, context: Mapping[str, str]) -> bytes:
        """The plain data key."""
        self._require_allowed(key)
        with _kms_errors():
            found = self.client.decrypt(
                KeyId=key.kms_key_id, CiphertextBlob=key.wrapped, EncryptionContext=dict(context)
            )
        return found["Plaintext"]

    def rewrap(self, key: WrappedKey, context: Mapping[str, str]) -> WrappedKey:
        """The same data key wrapped by `keys.own`: KMS does it in one request, and the data key never leaves it."""
        self._require_allowed(key)
        with _kms_errors():
            made = self.client.re_encrypt(
                CiphertextBlob=key.wrapped,
                SourceKeyId=key.kms_key_id,
                SourceEncryptionContext=dict(context),
                DestinationKeyId=self.keys.own,
                DestinationEncryptionContext=dict(context),
            )
        if made["KeyId"] != self.keys.own:
            raise KeyUnusable("KMS answered with another key than the one it was asked for.")
        return WrappedKey(made["KeyId"], made["CiphertextBlob"])

    def _require_allowed(self, key: WrappedKey) -> None:
        # A row may name any key of any account: what is not ours is not even asked about.
        if key.kms_key_id not in self.keys.readable:
            raise KeyUnusable(
                f"The data key is wrapped by {key.kms_key_id}, which is neither KMS_KEY_ID nor in OCR_FORMER_KMS_KEYS."
            )


@contextmanager
def _kms_errors() -> Iterator[None]:
    with translated_errors(unavailable=KmsUnavailable):
        try:
            yield
        except ClientError as exc:
            if exc.response["Error"]["Code"] in _NOT_AUTHENTIC:
                raise TextNotAuthentic from exc
            raise
