"""The platform's own worker, started by its own command line, with the services of a benchmark.

`python -m benchmarks.overhead.worker ENGINE ...` takes the options of `ocr-platform worker`.
"""

import sys

from benchmarks.overhead.null import run_worker

if __name__ == "__main__":
    run_worker(sys.argv[1], sys.argv[2:])
