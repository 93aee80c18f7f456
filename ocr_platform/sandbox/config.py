"""What a worker tells its sandboxes."""

import json
from dataclasses import asdict, dataclass
from typing import Self

from ocr_platform.models import EngineName, Quality, SandboxMode
from ocr_platform.ocr.limits import Limits


@dataclass(frozen=True, slots=True)
class Config:
    """Limits and choices; sizes in bytes, times in seconds; `quality` where a job does not say.

    A sandbox is replaced after `recycle_pages` pages, or when more than `recycle_bytes` of memory are resident in it.
    Models that were used last stay loaded within `model_cache_bytes`.
    A PDF that is made has at most `max_output_bytes`.
    """

    limits: Limits
    memory_bytes: int
    page_timeout: float
    document_timeout: float
    engine: EngineName = EngineName.AUTO
    quality: Quality = Quality.BALANCED
    mode: SandboxMode = SandboxMode.BEST_EFFORT
    recycle_pages: int = 100
    recycle_bytes: int = 512 * 1024 * 1024
    model_cache_bytes: int = 256 * 1024 * 1024
    max_output_bytes: int = 512 * 1024 * 1024

    def to_json(self) -> str:
        """For the command line of a host; nothing here is secret."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` wrote."""
        values = json.loads(text)
        return cls(
            **{
                **values,
                "limits": Limits(**values["limits"]),
                "engine": EngineName(values["engine"]),
                "quality": Quality(values["quality"]),
                "mode": SandboxMode(values["mode"]),
            }
        )
