"""A worker with a secret in its environment, in its memory and in a file, whose sandbox is the attacker's.

`worker.py ENGINE FOLDER`, started by `launch.py`. Prints what holds the sandbox, and what each try of it got.
"""

import ctypes
import json
import os
import socket
import sys
import threading
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from ocr_platform.errors import SandboxRefused
from ocr_platform.models import EngineName, SandboxMode
from ocr_platform.ocr.engines.tessdata import tessdata_dir
from ocr_platform.sandbox.reader import SandboxReader
from tests.attacks.report import COMMAND
from tests.attacks.support import ENVIRONMENT, HOSTILE, attack, config, note_png, read
from tests.attacks.target import Target

SECRET = b"the secret of the worker"


class Listener:
    """Notes whatever arrives, on a TCP port and at an abstract name."""

    def __init__(self, name: str) -> None:
        self.arrived: list[str] = []
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self._unix = socket.socket(socket.AF_UNIX)
        self._unix.bind("\0" + name)
        self._unix.listen()
        self.port = int(self._tcp.getsockname()[1])
        for each in (self._tcp, self._unix):
            threading.Thread(target=self._note, args=(each,), daemon=True).start()

    def _note(self, listening: socket.socket) -> None:
        while True:
            connection, _ = listening.accept()
            self.arrived.append(str(listening.family.name))
            connection.close()

    def test(self) -> int:
        """It does notice: a connection of our own."""
        socket.create_connection(("127.0.0.1", self.port)).close()
        while not self.arrived:
            pass
        return len(self.arrived)


def main() -> None:
    engine, folder = EngineName(sys.argv[1]), Path(sys.argv[2])
    os.environ["SECRET"] = SECRET.decode()
    name = f"ocr-attacks-{os.getpid()}"
    listener = Listener(name)
    honest = listener.test()
    with closing(_reader(engine, folder, {})) as sibling, sibling.load([note_png()]) as document:
        text = sibling.recognise(document, 1, ["eng"]).text
        assert sibling._keeper.sandbox is not None
        target = _target(folder, listener.port, name, sibling._keeper.sandbox.pid)
        environment = {**target.environment(), COMMAND: engine}
        with closing(_reader(engine, folder, environment)) as reader:
            held = reader.confinement()
            page = read(reader, attack("report"))
            after = read(reader, note_png()).text
        alive = sibling._keeper.sandbox.resident_bytes() > 0
    found = {
        "uid": os.getuid(),
        "missing": held.missing,
        "open": held.open_doors,
        "strict": _strict(engine, folder),
        "tries": json.loads(page.text) if page.error is None else page.error,
        "arrived": listener.arrived[honest:],
        "honest": [text, after],
        "sibling_lives": alive,
        "left": [path.name for path in folder.rglob("*") if not path.name.startswith("secret")],
        "secret_intact": (folder / "secret").read_bytes() == SECRET,
    }
    print(json.dumps(found))


def _reader(engine: EngineName, folder: Path, environment: dict[str, str]) -> SandboxReader:
    return SandboxReader(config(engine=engine, page_timeout=10.0), folder, {**ENVIRONMENT, **environment}, HOSTILE)


def _target(folder: Path, port: int, name: str, sibling: int) -> Target:
    file = folder / "secret"
    for path in (file, *(folder / f"secret-{number}" for number in (1, 2, 3))):
        path.write_bytes(SECRET)
    memory = ctypes.create_string_buffer(SECRET)
    _kept.append(memory)
    tessdata = str(tessdata_dir())
    return Target(
        os.getpid(), sibling, ctypes.addressof(memory), len(SECRET), str(file), str(folder), port, name, tessdata
    )


_kept: list[object] = []


def _strict(engine: EngineName, folder: Path) -> str:
    """What OCR_SANDBOX=strict makes of a page here."""
    reader = SandboxReader(config(engine=engine, page_timeout=10.0, mode=SandboxMode.STRICT), folder, ENVIRONMENT)
    with closing(reader):
        try:
            return "read" if not read(reader, note_png()).error else "failed"
        except SandboxRefused:
            return "refused"


if __name__ == "__main__":
    main()
