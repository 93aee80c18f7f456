"""What a worker's process has beside the services that everybody has."""

from dataclasses import dataclass, field
from functools import cached_property

import ocr_platform.sealing  # noqa: F401  loaded before the fork: the cipher's library is ten megabytes
from ocr_platform.db.breakers import BreakerLog
from ocr_platform.errors import EngineMissing, PlatformError, SandboxRefused
from ocr_platform.runtime import Runtime
from ocr_platform.worker.breaker import Breaker
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

    @cached_property
    def breaker(self) -> Breaker:
        """What keeps this process from work while the installation is at fault."""
        return Breaker(self.probe, BreakerLog(self.engine), self.shutdown, self.settings.ocr_probe_seconds)

    def probe(self, error: PlatformError) -> None:
        """Ask of the installation, once, what the documents that met `error` needed. Raises what is wrong with it."""
        if isinstance(error, EngineMissing | SandboxRefused):
            self.reader.probe()
        else:
            self.store.probe()
            if self.text_sealer is not None:
                self.text_sealer.probe()

    def close(self) -> None:
        """End the heartbeat too."""
        if "heart" in vars(self):
            self.heart.close()
        super().close()
