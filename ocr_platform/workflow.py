"""The chain: names of tasks and queues, and how a stage's message is published.

The stages are not a Celery `chain` object: whoever moves a job on in Postgres publishes the next message, and nobody
else (docs/decisions/0001). The only argument of every task is the job's id.
"""

from types import MappingProxyType
from typing import Any
from uuid import UUID

from celery import Celery
from kombu import Exchange, Queue
from kombu.exceptions import OperationalError as KombuError
from redis.exceptions import RedisError

from ocr_platform.errors import BrokerUnavailable
from ocr_platform.models import Stage

IO_QUEUE = "ocr.io"
CPU_QUEUE = "ocr.cpu"

CHAIN = (Stage.FETCH_DECRYPT, Stage.OCR, Stage.ENCRYPT_UPLOAD, Stage.PERSIST)
TASK_NAMES = MappingProxyType({stage: f"ocr_platform.{stage}" for stage in CHAIN})
QUEUE_OF = MappingProxyType({stage: CPU_QUEUE if stage is Stage.OCR else IO_QUEUE for stage in CHAIN})
SWEEP_TASK = "ocr_platform.sweep"

# A publish gives up after about a second: the outbox row stays and beat publishes it later.
_RETRY_POLICY = {"max_retries": 2, "interval_start": 0.1, "interval_step": 0.3, "interval_max": 0.5}


def routing() -> dict[str, Any]:
    """Celery settings that say which task goes to which queue."""
    exchange = Exchange("ocr")
    return {
        # Each with a key of its own: queues that share the default key would both get every message.
        "task_queues": [Queue(name, exchange, routing_key=name) for name in (IO_QUEUE, CPU_QUEUE)],
        "task_default_queue": IO_QUEUE,
        "task_create_missing_queues": False,
        "task_routes": {TASK_NAMES[stage]: {"queue": QUEUE_OF[stage]} for stage in CHAIN}
        | {SWEEP_TASK: {"queue": IO_QUEUE}},
    }


def publish(app: Celery, stage: Stage, job_id: UUID) -> None:
    """Wake a worker up for one stage of one job. Raises BrokerUnavailable when Redis does not take the message."""
    try:
        app.send_task(
            TASK_NAMES[stage],
            args=[str(job_id)],
            queue=QUEUE_OF[stage],
            root_id=str(job_id),  # Flower and logs can follow a job by it
            retry_policy=_RETRY_POLICY,
        )
    except (KombuError, RedisError, OSError) as exc:
        raise BrokerUnavailable from exc
