"""The chain: names of tasks and queues, and how a stage's message is published.

The stages are not a Celery `chain` object: whoever moves a job on in Postgres publishes the next message, and nobody
else (docs/decisions/0001). The only argument of every task is the job's id.
"""

from types import MappingProxyType
from typing import Any
from uuid import UUID

from amqp.exceptions import ChannelError
from celery import Celery
from kombu import Exchange, Queue
from kombu.exceptions import OperationalError as KombuError
from redis.exceptions import RedisError

from ocr_platform.errors import BrokerUnavailable
from ocr_platform.models import Stage

# What rows and messages mean. A worker leaves those of a newer protocol to newer workers; raise it when a worker of the
# version before would do the wrong thing with them.
PROTOCOL_VERSION = 2
PROTOCOL_HEADER = "ocr_protocol"
# The job's fence when the message was sent: tells the newest message of a job from older ones.
WAKE_HEADER = "ocr_wake"

EXCHANGE = "ocr"
IO_QUEUE = "ocr.io"
CPU_QUEUE = "ocr.cpu"
ASSIST_QUEUE = "ocr.assist"  # pages of long documents, for workers that have nothing else to do
QUEUES = (IO_QUEUE, CPU_QUEUE, ASSIST_QUEUE)

CHAIN = (Stage.FETCH_DECRYPT, Stage.OCR, Stage.ENCRYPT_UPLOAD, Stage.PERSIST)
TASK_NAMES = MappingProxyType({stage: f"ocr_platform.{stage}" for stage in CHAIN})
QUEUE_OF = MappingProxyType({stage: CPU_QUEUE if stage is Stage.OCR else IO_QUEUE for stage in CHAIN})
ASSIST_TASK = "ocr_platform.assist"

_MAX_OFFERS = 500

# A publish gives up after about a second: the outbox row stays and beat publishes it later.
_RETRY_POLICY = {"max_retries": 2, "interval_start": 0.1, "interval_step": 0.3, "interval_max": 0.5}


def routing() -> dict[str, Any]:
    """Celery settings that say which task goes to which queue."""
    exchange = Exchange(EXCHANGE)
    return {
        # Each with a key of its own: queues that share the default key would both get every message.
        "task_queues": [Queue(name, exchange, routing_key=name) for name in QUEUES],
        "task_default_queue": IO_QUEUE,
        "task_create_missing_queues": False,
        "task_routes": {TASK_NAMES[stage]: {"queue": QUEUE_OF[stage]} for stage in CHAIN}
        | {ASSIST_TASK: {"queue": ASSIST_QUEUE}},
    }


def publish(app: Celery, stage: Stage, job_id: UUID, wake: int | None = None) -> None:
    """Wake a worker up for one stage of one job. Raises BrokerUnavailable when Redis does not take the message."""
    _send(app, TASK_NAMES[stage], QUEUE_OF[stage], job_id, wake)


def publish_helpers(app: Celery, job_id: UUID, count: int, expires_seconds: float) -> None:
    """Offer a document's pages to idle workers. What no worker took in time is dropped: it was an offer.

    Where nobody is idle, offers do not pile up. Raises BrokerUnavailable.
    """
    if count:
        count = min(count, _MAX_OFFERS - queue_length(app, ASSIST_QUEUE))
    for _ in range(count):
        _send(app, ASSIST_TASK, ASSIST_QUEUE, job_id, None, expires=expires_seconds)


def _send(app: Celery, task: str, queue: str, job_id: UUID, wake: int | None, **options: Any) -> None:
    try:
        app.send_task(
            task,
            args=[str(job_id)],
            queue=queue,
            root_id=str(job_id),  # Flower and logs can follow a job by it
            headers={PROTOCOL_HEADER: PROTOCOL_VERSION, WAKE_HEADER: wake},
            retry_policy=_RETRY_POLICY,
            declare=[],  # the queues are there: whoever only sends need not be able to say where messages go
            **options,
        )
    except (KombuError, RedisError, OSError) as exc:
        raise BrokerUnavailable from exc


def queue_length(app: Celery, queue: str) -> int:
    """Messages that wait in a queue. Raises BrokerUnavailable."""
    try:
        connections: Any = app.pool
        with connections.acquire(block=True) as connection:
            try:
                return int(connection.default_channel.queue_declare(queue, passive=True).message_count)
            except ChannelError:  # an empty list does not exist in Redis
                return 0
    except (KombuError, RedisError, OSError) as exc:
        raise BrokerUnavailable from exc
