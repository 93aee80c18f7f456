"""Planned faults: what the fakes have in common."""


class Faulty:
    """What the fakes have in common: errors can be planned for the next calls of a method."""

    def __init__(self) -> None:
        self._planned: dict[str, list[Exception]] = {}

    def inject(self, method: str, error: Exception, times: int = 1) -> None:
        """Have the next `times` calls of `method` raise `error`."""
        self._planned.setdefault(method, []).extend([error] * times)

    def _meet(self, method: str) -> None:
        if self._planned.get(method):
            raise self._planned[method].pop(0)
