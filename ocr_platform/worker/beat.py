"""What beat does periodically."""

from typing import Any

from ocr_platform.workflow import SWEEP_TASK

SWEEP_SECONDS = 10.0


def beat_settings() -> dict[str, Any]:
    """Celery settings of beat. Its schedule is fixed, so it needs no file that remembers it."""
    return {
        "beat_scheduler": "celery.beat:Scheduler",
        # A sweep that waited longer than the next one is due is not worth doing.
        "beat_schedule": {
            "sweep": {"task": SWEEP_TASK, "schedule": SWEEP_SECONDS, "options": {"expires": SWEEP_SECONDS}}
        },
    }
