"""The figures of `health` for Prometheus: text that a scraper, or node_exporter's textfile collector, takes as it is.

Gauges alone: each is a count of now, and Postgres is asked when somebody wants to know. A figure that there is nothing
to say of (no job waits, no reaper was ever seen) is absent, as are codes that nothing waits for.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.registry import Collector

from ocr_platform.db.health import Health

# Of each figure of `Health`: its name here, and what it says.
_FIGURES = {
    "waiting": ("ocr_jobs_waiting", "Jobs that no worker has now: new, between stages, held or waiting for a retry."),
    "claimed": ("ocr_jobs_claimed", "Jobs that a worker has."),
    "retrying": ("ocr_jobs_retrying", "Waiting jobs whose next attempt is at a later time; held ones are among them."),
    "lost": ("ocr_jobs_lost", "Jobs whose worker is gone, and which the reaper has not found yet."),
    "due": ("ocr_jobs_due", "Jobs whose next attempt is due, and which the reaper has not woken yet."),
    "uncleaned": ("ocr_jobs_uncleaned", "Failed jobs that may have objects in the bucket still."),
    "outbox": ("ocr_outbox_messages", "Messages that Redis has not taken yet."),
    "oldest_waiting_seconds": ("ocr_oldest_waiting_seconds", "Seconds that the job has waited that waits longest."),
    "reaper_silent_seconds": ("ocr_reaper_silent_seconds", "Seconds since the last round of the reaper."),
}


def openmetrics(found: Health) -> str:
    """The text, which ends with a line `# EOF`."""
    registry = CollectorRegistry()
    registry.register(_Figures(found))
    written: bytes = generate_latest(registry)  # type: ignore[no-untyped-call]  # of this form they give no types
    return written.decode()


class _Figures(Collector):
    def __init__(self, found: Health) -> None:
        self._found = found

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for figure, (name, says) in _FIGURES.items():
            value = getattr(self._found, figure)
            if value is not None:
                yield GaugeMetricFamily(name, says, value=value)
        held = "Jobs that met a fault of the installation and wait for its end, by its code."
        yield _by_code("ocr_jobs_held", held, self._found.held)
        breakers = "Worker processes that take no work until a fault of the installation is gone, by its code."
        yield _by_code("ocr_breakers_open", breakers, Counter(item.code for item in self._found.breakers))


def _by_code(name: str, says: str, counts: Mapping[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, says, labels=["code"])
    for code, count in sorted(counts.items()):
        family.add_metric([code], count)
    return family
