"""kill -9 of anything, now and then."""

import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import psutil

from ocr_platform.local.service import Service
from tests.faults import processes
from tests.faults.fleet import Fleet

_PAUSE = (0.1, 0.9)  # seconds between two kills


class Killer:
    """Calls of it kill something now and then, until each kind was killed so many times."""

    def __init__(
        self,
        fleet: Fleet,
        rng: random.Random,
        each: int,
        *,
        workers: tuple[str, ...],
        beats: tuple[str, ...],
        recognisers: bool,
    ) -> None:
        self._fleet = fleet
        self._rng = rng
        self._each = each
        self._workers = workers
        self._beats = beats
        self._next = 0.0
        self._kinds: dict[str, Callable[[], bool]] = {
            "child": self._child,
            "main process": self._main,
            "worker": self._worker,
            "beat": self._beat,
            "host": lambda: self._below("host"),
            "sandbox": lambda: self._below("sandbox"),
        }
        if recognisers:  # with OCR_ENGINE=pytesseract alone
            self._kinds["recogniser"] = lambda: self._below("tesseract")
        self.kills = Counter(dict.fromkeys(self._kinds, 0))

    def __call__(self) -> None:
        if time.monotonic() < self._next:
            return
        wanted = [kind for kind, kills in self.kills.items() if kills < self._each]
        for kind in sorted(wanted, key=lambda name: (self.kills[name], self._rng.random())):
            with suppress(psutil.NoSuchProcess):  # it ended while we looked: another time
                if self._kinds[kind]():
                    self.kills[kind] += 1
                    self._next = time.monotonic() + self._rng.uniform(*_PAUSE)
                    return

    def _child(self) -> bool:
        return self._one_of([each for worker in self._running(self._workers) for each in processes.children(worker)])

    def _main(self) -> bool:
        return self._one_of([processes.main_process(worker) for worker in self._running(self._workers)])

    def _worker(self) -> bool:
        workers = self._running(self._workers)
        if workers:
            processes.kill(self._rng.choice(workers))
        return bool(workers)

    def _beat(self) -> bool:
        return self._one_of([processes.main_process(beat) for beat in self._running(self._beats)])

    def _below(self, kind: str) -> bool:
        """Kill one of a kind of what workers' processes have started."""
        below = (processes.kinds(worker) for worker in self._running(self._workers))
        return self._one_of([each for found in below for each, its in found.items() if its == kind])

    def _running(self, names: tuple[str, ...]) -> list[Service]:
        return [service for name in names if (service := self._fleet.services[name]).running()]

    def _one_of(self, candidates: list[psutil.Process]) -> bool:
        """Kill one of these; false when there is none."""
        if candidates:
            self._rng.choice(candidates).kill()
        return bool(candidates)
