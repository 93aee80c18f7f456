"""How a worker's processes learn that it was told to stop."""

import mmap
import os
import struct
import time

_SINCE = struct.Struct("d")


class Shutdown:
    """A moment in memory that the worker shares with the processes that it forks; made before the first fork."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, _SINCE.size)
        self._parent = os.getpid()

    def begin(self) -> None:
        """Say that the worker stops. Does nothing that a signal handler must not do."""
        if not self.begun:
            self._shared[: _SINCE.size] = _SINCE.pack(time.monotonic())

    @property
    def begun(self) -> bool:
        """True once the worker was told to stop."""
        return self._moment() > 0

    @property
    def seconds(self) -> float:
        """Seconds since the worker was told to stop; 0 while it was not; by the machine's clock."""
        moment = self._moment()
        return time.monotonic() - moment if moment else 0.0

    @property
    def in_child(self) -> bool:
        """True in a forked process, which can be interrupted by a signal without harm to the worker."""
        return os.getpid() != self._parent

    def _moment(self) -> float:
        (moment,) = _SINCE.unpack(self._shared[: _SINCE.size])
        return float(moment)
