"""What a hostile decoder says to the worker: it speaks the protocol itself, in the sandbox's stead."""

import json
import os
from typing import Any

CHANNEL = 3
HEAD = 4


def page(**changed: Any) -> dict[str, Any]:
    """A legal page, but for what is changed."""
    sizes = {"width": 100, "height": 100, "dpi": 100}
    found = {"rotation": 0, "skew": 0.0, "languages": ["eng"], "blank": False, "disputed": 0.0}
    return {"page": {**sizes, **found, "text": "", "words": [], **changed}}


def word(**changed: Any) -> dict[str, Any]:
    """A legal word, but for what is changed."""
    places = dict.fromkeys(("block", "paragraph", "line"), 1)
    said = {"text": "x", "confidence": 90.0, "source": "ocr", "rotation": 0}
    return {**said, "left": 1, "top": 1, "width": 9, "height": 9, **places, **changed}


def frame(body: bytes, length: int | None = None) -> bytes:
    return (len(body) if length is None else length).to_bytes(HEAD, "big") + body


def write(data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(CHANNEL, view) :]


def say(message: object) -> None:
    write(frame(json.dumps(message).encode()))


def end_politely() -> None:
    """Wait until the worker is done."""
    while os.read(CHANNEL, 1024):
        pass
    os._exit(0)


def tell(found: object) -> None:
    """A report as a page's text, which is a legal answer."""
    say(page(text=json.dumps(found)))
    end_politely()
