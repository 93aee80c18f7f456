"""The platform's worker with a reader that answers at once, which says which stage it is in."""

import os
import sys

from celery.signals import task_postrun, task_prerun

from benchmarks.overhead.null import run_worker
from benchmarks.overhead.proxy import set_label

BETWEEN = "between tasks"  # the main process: messages taken and acknowledged, events, heartbeats


def _connect(port: int) -> None:
    @task_prerun.connect(weak=False)
    def _begin(task: object = None, **_: object) -> None:
        set_label(port, str(getattr(task, "name", "")).rpartition(".")[2])

    @task_postrun.connect(weak=False)
    def _end(**_: object) -> None:
        set_label(port, BETWEEN)


if __name__ == "__main__":
    _connect(int(os.environ["BENCH_LABEL_PORT"]))
    run_worker("null-reader", sys.argv[1:])
