"""What an attacker is after, told to it by the test: where each thing is, never what it holds."""

import json
import os
from dataclasses import asdict, dataclass
from typing import Self

VARIABLE = "ATTACK"


@dataclass(frozen=True)
class Target:
    """`address` is where the worker has its secret, `size` bytes; `sibling` a sandbox with another document."""

    worker: int
    sibling: int
    address: int
    size: int
    file: str
    folder: str
    port: int
    name: str
    tessdata: str

    @property
    def host(self) -> int:
        return os.getppid()

    def environment(self) -> dict[str, str]:
        return {VARIABLE: json.dumps(asdict(self))}

    @classmethod
    def given(cls) -> Self:
        """From this process's environment; nothing there: an attack that needs no target."""
        return cls(**json.loads(os.environ[VARIABLE]))
