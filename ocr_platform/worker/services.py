"""What a worker's process has beside the services that everybody has."""

from dataclasses import dataclass, field
from functools import cached_property

from ocr_platform.runtime import Runtime
from ocr_platform.worker.heart import Heart
from ocr_platform.worker.shutdown import Shutdown


@dataclass(frozen=True)
class WorkerRuntime(Runtime):
    """A runtime with a heartbeat, which knows when the worker stops."""

    shutdown: Shutdown = field(default_factory=Shutdown)

    @cached_property
    def heart(self) -> Heart:
        """The thread that renews claims."""
        return Heart(self.repository, self.settings.ocr_lease_seconds, self.shutdown, self.settings.ocr_stop_seconds)

    def close(self) -> None:
        """End the heartbeat too."""
        if "heart" in vars(self):
            self.heart.close()
        super().close()
