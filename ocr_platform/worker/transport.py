"""kombu's Redis transport, for a worker that outlives what it finds in Redis.

kombu lets an error in taking one message end the whole worker: bytes that are no message, which anybody who can write
to Redis can put there, or a Redis whose memory is full and that lets messages be taken but not noted. Both cost that
one message here. The job that it was for, if any, is found by the reaper.
"""

import logging
from queue import Empty
from typing import Any

from kombu.transport import redis
from redis.exceptions import ResponseError

_log = logging.getLogger(__name__)


class Channel(redis.Channel):
    """Takes messages one at a time; one that cannot be taken is dropped."""

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[misc]
        except (Empty, *self.connection_errors):  # type: ignore[attr-defined]
            raise
        except ResponseError as exc:
            # Of Redis' answer only its first word, a code such as OOM.
            _log.warning("message_not_taken", extra={"code": str(exc).partition(" ")[0]})
        except Exception as exc:  # noqa: BLE001  whatever is wrong with it, it is wrong with this message alone
            _log.warning("message_malformed", extra={"kind": type(exc).__name__})
        raise Empty


class Transport(redis.Transport):
    """kombu's, with that channel."""

    Channel = Channel
