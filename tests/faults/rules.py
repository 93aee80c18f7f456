"""Rules: to which requests what is done, how often, and how often it was."""

import random
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.faults.http_wire import content_spans


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer in the server's place; the request is taken in whole and goes no further."""

    content: bytes


@dataclass(frozen=True, slots=True)
class DropAnswer:
    """Let the server do the work; once it has answered, reset the client's connection instead of telling."""


@dataclass(frozen=True, slots=True)
class DropRequest:
    """Reset the client's connection; the server never hears of the request."""


@dataclass(frozen=True, slots=True)
class Corrupt:
    """Change so many bytes of the answer's body, spread over it; the head stays (HTTP alone)."""

    flips: int = 8

    def apply(self, answer: bytes) -> bytes:
        places = [at for begin, end in content_spans(answer) for at in range(begin, end)]
        changed = bytearray(answer)
        for at in places[:: max(1, len(places) // self.flips)]:
            changed[at] ^= 0x55
        return bytes(changed)


@dataclass(frozen=True, slots=True)
class Garble:
    """Change some bytes of the request's body, and hand it on with its head as it was (HTTP alone)."""

    def apply(self, request: bytes) -> bytes:
        return Corrupt().apply(request)


@dataclass(frozen=True, slots=True)
class Truncate:
    """Deliver the head and half of the answer's body, then close the connection (HTTP alone)."""

    def apply(self, answer: bytes) -> bytes:
        head = answer.index(b"\r\n\r\n") + 4
        return answer[: head + (len(answer) - head) // 2]


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Change lines of the answer's head: what `pattern` finds becomes `replacement` (HTTP alone)."""

    pattern: bytes
    replacement: bytes

    def apply(self, answer: bytes) -> bytes:
        head, end, body = answer.partition(b"\r\n\r\n")
        return re.sub(self.pattern, self.replacement, head, flags=re.IGNORECASE) + end + body


@dataclass(frozen=True, slots=True)
class Delay:
    """Hand the request on so many seconds later."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Call:
    """Call a function, then hand the request on: the moment for anything that a test does from outside."""

    function: Callable[[], object]


Action = Answer | DropAnswer | DropRequest | Corrupt | Garble | Truncate | Rewrite | Delay | Call


@dataclass
class Rule:
    """`seen` requests matched; to `hits` of them something was done."""

    pattern: re.Pattern[bytes]
    action: Action
    times: int | None = None
    probability: float = 1.0
    skip: int = 0
    seen: int = 0
    hits: int = 0
    struck: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def spent(self) -> bool:
        """True when it will strike no more."""
        return self.times is not None and self.hits >= self.times


class RuleBook:
    """The rules of one proxy; the first that matches and is not spent strikes. Safe for threads."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._rules: list[Rule] = []
        self._lock = threading.Lock()

    def add(self, rule: Rule) -> None:
        with self._lock:
            self._rules.append(rule)

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def strike(self, text: bytes) -> Action | None:
        """What is to be done to a request."""
        with self._lock:
            for rule in self._rules:
                if rule.spent or not rule.pattern.search(text):
                    continue
                rule.seen += 1
                if rule.seen > rule.skip and self._rng.random() < rule.probability:
                    rule.hits += 1
                    rule.struck.set()
                    return rule.action
        return None
