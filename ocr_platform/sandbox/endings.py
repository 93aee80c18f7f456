"""What the end of a sandbox says of what it was busy with."""

import signal

from ocr_platform.errors import DecoderCrash, PageMemory, PageTimeout, PlatformError
from ocr_platform.sandbox.process import Ending


class Killed(DecoderCrash):
    """Raised when a sandbox was killed from outside, as the kernel does when memory is short."""


def error_of(ending: Ending | None) -> PlatformError:
    """What the way in which a sandbox ended says of the page that it was busy with."""
    if ending is None:
        return DecoderCrash()
    if ending.memory:
        return PageMemory()
    if ending.status == -signal.SIGXCPU:
        return PageTimeout()
    return Killed() if ending.status == -signal.SIGKILL else DecoderCrash()
