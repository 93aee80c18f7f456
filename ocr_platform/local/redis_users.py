"""Redis' users with the least that each needs; `config/redis/*.acl` say the same to a Redis of one's own.

What stands in parentheses goes together (Redis 7 calls it a selector): a command, its keys and its channels must all be
in one of them, or all outside of any. So a user that may read one key and delete another cannot delete the first.
"""

import hashlib
from dataclasses import dataclass

from ocr_platform.workflow import ASSIST_QUEUE, CPU_QUEUE, EXCHANGE, IO_QUEUE

# Stands for the password's SHA-256 in the files.
PLACEHOLDER = "PASSWORD_SHA256"
NO_DEFAULT_USER = "user default off"

# kombu has a list for each priority; two bytes, \x06 and \x16, are between the queue's name and the step.
_STEPS = "??[369]"
# redis-py says its version by CLIENT SETINFO, a name that Redis 7.0 does not know and would not start with. So all that
# a connection may say of itself, less what is about others: TRACKING would tell the names of everybody's keys.
_BASE = ("+client", "-@dangerous", "-client|tracking", "+ping", "+multi", "+exec")
_QUEUES = " ".join(f"~{name} ~{name}{_STEPS}" for name in (IO_QUEUE, CPU_QUEUE, ASSIST_QUEUE))
# Where kombu notes which queue gets what is sent to an exchange: the platform's own, of queues that stay.
_ROUTES = f"%W~_kombu.binding.{EXCHANGE} %W~_kombu.binding_permanent.{EXCHANGE} +sadd"
# The same for queues that come and go: questions to workers, their answers, and events. Whoever has such a queue also
# forgets those that nobody has any more, by a script that kombu brings along.
_PASSING = ("celery.pidbox", "reply.celery.pidbox", "celeryev")
_PASSING_ROUTES = " ".join(
    (
        *(f"~_kombu.binding.{name} ~_kombu.binding_permanent.{name}" for name in _PASSING),
        "~_kombu.binding_deadlines +evalsha +sadd +srem +exists +del +zadd +zrem +zrangebyscore",
    )
)
_SCRIPTS = ("+script|load", "+script|exists", "+time")
_ANSWERS = "*.reply.celery.pidbox"


@dataclass(frozen=True, slots=True)
class RedisUser:
    """A user of Redis and what it may do."""

    name: str
    rules: tuple[str, ...]

    def line(self, password: str) -> str:
        """The user's line in an access list, which has the password's hash alone."""
        return self.line_with(hashlib.sha256(password.encode()).hexdigest())

    def line_with(self, digest: str) -> str:
        """The same with a hash, or with the place for one."""
        return " ".join((f"user {self.name} on #{digest} resetchannels -@all", *self.rules))


# Worker and beat: take, note, put back and send messages; be asked, answer, and tell events.
WORKER = RedisUser(
    "ocr-worker",
    (
        *_BASE,
        "+unwatch",
        *_SCRIPTS,
        f"({_QUEUES} +lpush +rpush +brpop +llen +exists)",
        "(~unacked +watch +hget +hset +hdel)",
        "(~unacked_index +zadd +zrem +zrange)",
        "(~unacked_mutex +set +get +del +evalsha)",
        f"({_ROUTES})",
        f"({_PASSING_ROUTES})",
        "(%R~_kombu.binding.reply.celery.pidbox +smembers)",
        f"(%W~*.celery.pidbox %W~*.celery.pidbox{_STEPS} +llen +lpush +del)",
        "(&/0.celery.pidbox +psubscribe)",
        "+punsubscribe",
        "(&/0.celeryev/* +publish)",
    ),
)
# Applications: put a message into the queue where documents begin.
CLIENT = RedisUser("ocr-client", (*_BASE, f"(%W~{IO_QUEUE} +lpush)"))
# Flower: see how long queues are, hear events, ask workers and read their answers.
FLOWER = RedisUser(
    "ocr-flower",
    (
        *_BASE,
        *_SCRIPTS,
        f"({_QUEUES} +llen)",
        f"({_PASSING_ROUTES})",
        f"(~{_ANSWERS} ~{_ANSWERS}{_STEPS} +llen +brpop +del)",
        "(%W~celeryev.* +llen +del)",
        "(&/0.celeryev/* +psubscribe)",
        "+punsubscribe",
        "(&/0.celery.pidbox +publish)",
    ),
)
USERS = (WORKER, CLIENT, FLOWER)
