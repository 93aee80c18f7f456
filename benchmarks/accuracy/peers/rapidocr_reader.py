"""RapidOCR, in a process that stays up: its defaults and the models of its wheel, one thread as all others have.

Its models know no languages by name: it reads all scripts that they hold, whatever the page is in.
"""

from typing import Any

from rapidocr import RapidOCR

from benchmarks.accuracy.protocol import serve

_ONE_THREAD = {
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
}


def main() -> None:
    """Serve."""
    engine = RapidOCR(params=_ONE_THREAD)

    def read(path: str, languages: str) -> str:
        found: Any = engine(path)
        return "\n".join(found.txts or ())

    serve(read)


if __name__ == "__main__":
    main()
