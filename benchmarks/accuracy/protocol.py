"""How a reader that stays up is asked: a line of JSON for each page in, one for each answer out. Imports nothing else.

It runs in the peers' environment too. Standard output is for answers alone: what a library prints goes to standard
error, which is where the log is.
"""

import json
import os
import sys
from collections.abc import Callable

READY = {"ready": True}


def serve(read: Callable[[str, str], str]) -> None:
    """Answer until standard input ends. `read` takes a path and languages (`eng+deu`) and gives the text.

    Whatever `read` raises is an answer, too: a page that cannot be read counts as read wrongly.
    """
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _say(answers.write, answers.flush, READY)
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = {"text": read(asked["path"], asked["languages"])}
        except Exception as exc:  # noqa: BLE001  of a library of which nothing is known
            answer = {"error": f"{type(exc).__name__}: {exc}"}
        _say(answers.write, answers.flush, answer)


def _say(write: Callable[[str], int], flush: Callable[[], None], answer: object) -> None:
    write(f"{json.dumps(answer)}\n")
    flush()
