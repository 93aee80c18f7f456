"""What a worker's way of taking messages does with what is no message, and with a Redis that is full or gone."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any
from uuid import uuid4

import pytest
import redis
from kombu import Consumer, Message

from ocr_platform.broker import make_app
from tests.conftest import Servers
from tests.faults.messages import wire

QUEUE = "ocr.io"
TASK = "ocr_platform.fetch_decrypt"
WHOLE: dict[str, Any] = json.loads(wire(TASK))

Taken = list[Message]
_SECONDS = 5.0


class Taker:
    """Takes messages as a worker of so many processes does; `refuse` is what it does to one instead of noting it."""

    def __init__(self, servers: Servers, credit: int) -> None:
        self._app = make_app(servers.settings())
        self._app.conf.broker_transport = "ocr_platform.worker.transport:Transport"
        self.connection = self._app.connection_for_read()
        channel: Any = self.connection.default_channel
        channel.basic_qos(0, credit, False)
        self.qos = channel.qos
        self.taken: Taken = []
        self.refuse: Callable[[Message], object] = lambda _message: None
        consumer = Consumer(channel, [self._app.amqp.queues[QUEUE]], on_message=self._take, accept=["json"])
        consumer.consume()

    def _take(self, message: Message) -> None:
        self.refuse(message)
        self.taken.append(message)

    def look(self, count: int = 1) -> Taken:
        """Wait for so many messages, and a moment longer; those that were taken."""
        earlier = len(self.taken)
        ends = time.monotonic() + _SECONDS
        while len(self.taken) < earlier + count and time.monotonic() < ends:
            self._drain()
        self._drain()
        return self.taken[earlier:]

    def _drain(self) -> None:
        with suppress(TimeoutError):
            while True:
                self.connection.drain_events(timeout=0.05)

    def close(self) -> None:
        self.connection.close()
        self._app.close()


@pytest.fixture
def taker(servers: Servers, broker: redis.Redis) -> Iterator[Taker]:
    """A taker that takes one message at a time: it stands still when it loses count of one."""
    with closing(Taker(servers, credit=1)) as made:
        yield made


@contextmanager
def full(broker: redis.Redis) -> Iterator[None]:
    broker.config_set("maxmemory", "1")
    try:
        yield
    finally:
        broker.config_set("maxmemory", "0")


def without(part: str) -> bytes:
    return json.dumps({name: value for name, value in WHOLE.items() if name != part}).encode()


NO_MESSAGES = {
    "nothing": b"",
    "garbage": b"\x00\xff\xfegarbage",
    "invalid UTF-8": b'{"body": "\xff"}',
    "an empty object": b"{}",
    "a list": b"[]",
    "a list of messages": json.dumps([WHOLE]).encode(),
    "null": b"null",
    "a number": b"42",
    "a text": b'"text"',
    "half a message": wire(TASK)[:100],
    "a hundred thousand lists": b"[" * 100_000,
    "a number too long": b"1" * 5000,
    "no properties": without("properties"),
    "properties without a delivery tag": wire(TASK, properties={"body_encoding": "base64"}),
    "properties that are a list": wire(TASK, properties=[1]),
}


@pytest.mark.parametrize("content", NO_MESSAGES.values(), ids=NO_MESSAGES)
def test_what_is_no_message_is_dropped_and_the_next_one_is_taken(
    content: bytes, taker: Taker, broker: redis.Redis
) -> None:
    broker.lpush(QUEUE, content)
    broker.lpush(QUEUE, wire(TASK, ["next"]))

    (message,) = taker.look()

    message.ack()
    assert message.decode()[0] == ["next"]
    assert (broker.llen(QUEUE), broker.hlen("unacked")) == (0, 0)


@pytest.mark.parametrize("error", [TypeError, ValueError, KeyError, AttributeError, RecursionError])
def test_a_message_that_celery_stumbles_over_is_not_counted_as_work(
    error: type[Exception], taker: Taker, broker: redis.Redis
) -> None:
    def stumble(_message: Message) -> None:
        raise error("as Celery does")

    taker.refuse = stumble
    copied = wire(TASK)  # also under the same number
    broker.lpush(QUEUE, copied, copied, wire(TASK))
    assert taker.look(0) == []
    taker.refuse = lambda _message: None
    broker.lpush(QUEUE, wire(TASK, ["next"]))

    (message,) = taker.look()

    assert message.decode()[0] == ["next"]
    assert broker.hlen("unacked") == 1


def test_a_pickle_is_never_loaded(taker: Taker, broker: redis.Redis) -> None:
    pickled = {"content-type": "application/x-python-serialize", "content-encoding": "binary"}
    broker.lpush(QUEUE, json.dumps(WHOLE | pickled))

    assert taker.look() == []
    assert (broker.llen(QUEUE), broker.hlen("unacked")) == (0, 0)


def test_only_usual_headers_reach_celery(taker: Taker, broker: redis.Redis) -> None:
    unusual = {"timelimit": ["a", "b"], "stamped_headers": 7, "stamps": 7, "group_index": "x", "anything": {}}
    broker.lpush(QUEUE, wire(TASK, headers=unusual | {"ocr_wake": 3}))

    (message,) = taker.look()

    assert message.headers is not None
    assert not unusual.keys() & message.headers.keys()
    assert {"task": TASK, "ocr_wake": 3, "ocr_protocol": 1}.items() <= message.headers.items()


def test_a_full_redis_costs_the_message_that_was_taken_and_no_other(taker: Taker, broker: redis.Redis) -> None:
    broker.lpush(QUEUE, wire(TASK, ["lost"]))
    with full(broker):
        assert taker.look(0) == []
    broker.lpush(QUEUE, wire(TASK, ["next"]))

    (message,) = taker.look()

    assert message.decode()[0] == ["next"]


def test_work_that_ends_while_redis_is_full_is_acknowledged(taker: Taker, broker: redis.Redis) -> None:
    broker.lpush(QUEUE, wire(TASK))
    (message,) = taker.look()

    with full(broker):
        message.ack()

    assert broker.hlen("unacked") == broker.zcard("unacked_index") == 0
    broker.lpush(QUEUE, wire(TASK))
    assert len(taker.look()) == 1


def test_a_message_that_a_full_redis_does_not_take_back_is_not_counted_as_work(
    taker: Taker, broker: redis.Redis
) -> None:
    broker.lpush(QUEUE, wire(TASK))
    (message,) = taker.look()

    with full(broker):
        message.reject(requeue=True)

    broker.lpush(QUEUE, wire(TASK))
    assert len(taker.look()) == 1


def test_a_message_goes_back_to_the_queue(taker: Taker, broker: redis.Redis) -> None:
    broker.lpush(QUEUE, wire(TASK, [str(uuid4())]))
    (message,) = taker.look()

    message.reject(requeue=True)

    (again,) = taker.look()
    assert again.decode()[0] == message.decode()[0]


def test_an_answer_that_comes_after_the_connection_was_closed_is_a_connection_error(
    taker: Taker, broker: redis.Redis
) -> None:
    broker.lpush(QUEUE, wire(TASK))
    (message,) = taker.look()
    taker.connection.collect()
    taker.qos.channel._disconnect_pools()  # as kombu does with the connections of a channel that it gives up

    with pytest.raises(taker.connection.connection_errors):
        message.ack()


def test_a_full_redis_does_not_disturb_the_search_for_old_messages(taker: Taker, broker: redis.Redis) -> None:
    with full(broker):
        taker.qos.restore_visible()


@pytest.mark.parametrize("content", ["garbage", "null", "[1, 2, 3]", "{}"])
def test_what_is_no_old_message_is_forgotten_and_others_are_put_back(
    content: str, taker: Taker, broker: redis.Redis
) -> None:
    broker.zadd("unacked_index", {"newer": 2, "older": 1})
    broker.hset("unacked", mapping={"newer": content, "older": json.dumps([WHOLE, "ocr", QUEUE])})

    taker.qos.restore_visible()

    assert broker.hlen("unacked") == broker.zcard("unacked_index") == 0
