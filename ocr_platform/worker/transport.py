"""kombu's Redis transport, for a worker that outlives what it finds in Redis.

kombu lets an error in taking or in noting one message end the whole worker: bytes that are no message, which anybody
who can write to Redis can put there, or a Redis whose memory is full, which gives messages out and takes none back.
Both cost that one message here. The job that it was for, if any, is found by the reaper.
"""

import logging
from collections.abc import Callable
from queue import Empty
from typing import Any

from kombu.transport import redis, virtual
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, ReadOnlyError, ResponseError

from ocr_platform import broker_login
from ocr_platform.worker.envelope import MalformedMessageError, checked
from ocr_platform.workflow import QUEUES

_log = logging.getLogger(__name__)
Callback = Callable[[Any], Any]

# What reading something of the wrong form raises, a MalformedMessageError too. A KeyError would be a lost connection to
# kombu.
_STUMBLES = (TypeError, ValueError, KeyError, AttributeError, RecursionError, ArithmeticError)


class QoS(redis.QoS):
    """What was taken and is not done yet: noted in Redis, and counted here.

    What is done counts no more, whatever becomes of the note: a worker takes as many messages as it has processes, and
    each one that it counted for ever would cost it a process. A note that stays is found when its time is over.
    """

    def ack(self, delivery_tag: str) -> None:
        """Forget a message that is done."""
        try:
            self._forget(delivery_tag)
        finally:
            virtual.QoS.ack(self, delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Forget a message, or put it back. What a full Redis does not take back, its visibility timeout does."""
        try:
            if requeue:
                self.restore_by_tag(delivery_tag, leftmost=True)
            else:
                self._forget(delivery_tag)
        finally:
            virtual.QoS.ack(self, delivery_tag)

    def restore_by_tag(self, tag: str, client: Any = None, leftmost: bool = False) -> None:
        """Put a message back; what is no message is forgotten, and what Redis does not take stays noted."""
        try:
            super().restore_by_tag(tag, client=client, leftmost=leftmost)
        except ResponseError as exc:
            _refused(exc)
        except _STUMBLES as exc:
            _malformed(exc)
            self._forget(tag)

    def restore_visible(self, *args: Any, **kwargs: Any) -> None:
        """Put back what some worker took long ago and never did."""
        try:
            super().restore_visible(*args, **kwargs)
        except ResponseError as exc:
            _refused(exc)

    def _forget(self, tag: str) -> None:
        """Without MULTI, which a full Redis refuses. A number without a message, should we die between, is harmless."""
        try:
            channel: Any = self.channel
            with channel.conn_or_acquire() as client:
                pipe = client.pipeline(transaction=False)
                pipe.hdel(self.unacked_key, tag).zrem(self.unacked_index_key, tag).execute()
        except ResponseError as exc:
            _refused(exc)


class Channel(broker_login.Channel):
    """Takes messages one at a time; one that cannot be taken is dropped."""

    QoS = QoS

    def basic_consume(self, queue: str, *args: Any, **kwargs: Any) -> Any:
        """Consume, past a guard that lets messages through."""
        consuming = super().basic_consume(queue, *args, **kwargs)
        transport: Any = self.connection
        callbacks: dict[str, Callback] = transport._callbacks  # noqa: SLF001  whom kombu gives a queue's messages
        callbacks[queue] = self._guarded(callbacks[queue], queue)
        return consuming

    def _guarded(self, deliver: Callback, queue: str) -> Callback:
        def guarded(message: object) -> object:
            tag = None
            try:
                if queue in QUEUES:
                    message = checked(message, queue)
                    tag = message["properties"]["delivery_tag"]
                return deliver(message)
            except ResponseError as exc:
                _refused(exc)
            except _STUMBLES as exc:
                _malformed(exc)
                if tag is not None:
                    # It is noted already. Counted as work in hand for ever, a few of them would make us deaf.
                    self.qos.reject(tag)
            return None

        return guarded

    def _connparams(self, *args: Any, **kwargs: Any) -> Any:
        """How to connect. A channel that was given up would fail with an attribute that it misses: a worker's end."""
        transport: Any = self.connection
        if transport is None or transport.client is None:
            raise RedisConnectionError("the channel is closed")
        return super()._connparams(*args, **kwargs)

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[misc]
        except ResponseError as exc:
            # Such as a server that became a replica: another connection may lead to another one.
            _refused(exc)
            self.client.connection.disconnect()
            raise RedisConnectionError("taking was refused") from exc
        except _STUMBLES as exc:
            _malformed(exc)
        raise Empty

    def _receive_one(self, client: Any) -> Any:
        """The same for the remote control."""
        try:
            return super()._receive_one(client)  # type: ignore[misc]
        except _STUMBLES as exc:
            _malformed(exc)
            return None


class Transport(broker_login.Transport):
    """kombu's, with that channel."""

    Channel = Channel
    # A worker that connects while Redis is full, or to a replica, connects again; kombu would let it end.
    connection_errors = (*redis.Transport.connection_errors, OutOfMemoryError, ReadOnlyError)


def _malformed(error: Exception) -> None:
    part = str(error) if isinstance(error, MalformedMessageError) else type(error).__name__
    _log.warning("message_malformed", extra={"part": part})


def _refused(error: ResponseError) -> None:
    """Of Redis' answer only its first word, a code such as OOM, is repeated."""
    _log.warning("broker_refused", extra={"code": str(error).partition(" ")[0]})
