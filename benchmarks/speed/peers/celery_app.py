"""The application of the contender `pytesseract`: a plain Celery task around the plain calls.

`celery -A benchmarks.speed.peers.celery_app worker` is its worker.
"""

import os
from typing import Any

import pytesseract
from celery import Celery
from PIL import Image

_URL = os.environ["BENCH_REDIS_URL"]

app = Celery("peer", broker=_URL, backend=_URL)
app.conf.broker_connection_retry_on_startup = True


@app.task(name="peer.recognise")
def recognise(path: str, languages: str) -> dict[str, Any]:
    """The text of a page and its words with their boxes."""
    with Image.open(path) as image:
        text = pytesseract.image_to_string(image, lang=languages)
        words = pytesseract.image_to_data(image, lang=languages, output_type=pytesseract.Output.DICT)
    return {"text": text, "words": words}
