"""Data keys without KMS."""

import json
import os
from collections.abc import Mapping

from ocr_platform.errors import KeyUnusable, TextNotAuthentic
from ocr_platform.models import WrappedKey
from ocr_platform.testing.faults import Faulty
from ocr_platform.testing.store import KMS_KEY


class InMemoryKeys(Faulty):
    """Implements `ports.KeyService`: what is wrapped is a name, and the keys lie here. `own` wraps new ones.

    A context is asked for again, as KMS does; `former` keys are unwrapped, too, and others are not. `contexts` are all
    that data keys were made for, in order.
    """

    def __init__(self, own: str = KMS_KEY, former: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self.own = own
        self.former = former
        self.contexts: list[Mapping[str, str]] = []
        self._known: dict[WrappedKey, tuple[bytes, str]] = {}

    def generate(self, context: Mapping[str, str]) -> tuple[bytes, WrappedKey]:
        """A new data key."""
        self._meet("generate")
        self.contexts.append(dict(context))
        plain = os.urandom(32)
        return plain, self._wrapped(plain, context)

    def unwrap(self, key: WrappedKey, context: Mapping[str, str]) -> bytes:
        """The plain data key. Raises KeyUnusable, TextNotAuthentic."""
        self._meet("unwrap")
        if key.kms_key_id not in self.former | {self.own}:
            raise KeyUnusable
        plain, bound = self._known.get(key, (b"", ""))
        if bound != _text_of(context):
            raise TextNotAuthentic
        return plain

    def rewrap(self, key: WrappedKey, context: Mapping[str, str]) -> WrappedKey:
        """The same data key wrapped by `own`."""
        self._meet("rewrap")
        return self._wrapped(self.unwrap(key, context), context)

    def _wrapped(self, plain: bytes, context: Mapping[str, str]) -> WrappedKey:
        key = WrappedKey(self.own, os.urandom(16))
        self._known[key] = (plain, _text_of(context))
        return key


def _text_of(context: Mapping[str, str]) -> str:
    return json.dumps(context, sort_keys=True)
