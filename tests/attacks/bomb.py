"""A worker whose sandbox forks without end: what came of it, and how many there were at the most.

`bomb.py ENGINE FOLDER`, started by `launch.py`.
"""

import json
import os
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from ocr_platform.models import EngineName
from ocr_platform.sandbox.reader import SandboxReader
from tests.attacks.support import ENVIRONMENT, HOSTILE, attack, config, group_of, note_png, read

# Far more than a sandbox is to have; a machine bears so many.
GIVE_UP = 500


class Watch(threading.Thread):
    """Counts a group's processes until it is told to stop."""

    def __init__(self, reader: SandboxReader) -> None:
        super().__init__(daemon=True)
        self._reader = reader
        self.most = 0
        self.done = threading.Event()
        self.group = 0

    def run(self) -> None:
        while not self.done.wait(0.05):
            sandbox = self._reader._keeper.sandbox
            if sandbox is None:
                continue
            self.group = sandbox.pid
            self.most = max(self.most, len(group_of(sandbox.pid)))
            if self.most > GIVE_UP:
                os._exit(1)


def main() -> None:
    engine, folder = EngineName(sys.argv[1]), Path(sys.argv[2])
    with closing(SandboxReader(config(engine=engine), folder, ENVIRONMENT, HOSTILE)) as reader:
        reader.languages()
        watch = Watch(reader)
        watch.start()
        started = time.monotonic()
        result = read(reader, attack("fork_without_end"))
        took = time.monotonic() - started
        watch.done.set()
        watch.join()
        after = read(reader, note_png()).text
    found = {
        "error": result.error,
        "seconds": took,
        "most": watch.most,
        "left": len(group_of(watch.group)),
        "after": after,
        "files": [path.name for path in folder.iterdir()],
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
