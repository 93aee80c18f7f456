import sys
import threading
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _hooks_untouched() -> Iterator[None]:
    """Commands say for good what becomes of errors that nobody catches; pytest has hooks of its own."""
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    streams = sys.stderr
    yield
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    sys.stderr = streams
