"""What each user of Redis is refused. `pytest -s` prints the table."""

import pytest
import redis

from ocr_platform.local.redis_users import CLIENT, FLOWER, USERS, WORKER, RedisUser
from ocr_platform.logins import Login
from tests.integration.redis.support import SecureRedis

Command = tuple[str, ...]
STEP = "ocr.io\x06\x163"  # the list of messages of another priority
ANSWERS = "3f1c.reply.celery.pidbox"


def commands(*lines: str) -> list[Command]:
    return [tuple(line.split(" ")) for line in lines]


# Nobody administers, looks at others' connections, at other databases or at all keys, or runs a script as text.
EVERYBODY = commands(
    *("KEYS *", "SCAN 0", "RANDOMKEY", "DBSIZE", "FLUSHALL", "FLUSHDB", "SWAPDB 0 1", "SELECT 1"),
    *("CONFIG GET *", "CONFIG SET dir /tmp", "CONFIG REWRITE", "CONFIG RESETSTAT", "INFO", "DEBUG SLEEP 0"),
    *("ACL LIST", "ACL WHOAMI", "ACL SETUSER ocr-client +@all", "ACL LOG", "MONITOR", "SLOWLOG GET", "LATENCY RESET"),
    *("SHUTDOWN NOSAVE", "REPLICAOF 127.0.0.1 1", "FAILOVER", "SAVE", "BGSAVE", "BGREWRITEAOF", "MODULE LIST"),
    *("CLIENT LIST", "CLIENT KILL TYPE normal", "CLIENT PAUSE 1", "CLIENT UNBLOCK 1", "CLIENT TRACKING ON BCAST"),
    *(
        "SCRIPT FLUSH",
        "SCRIPT KILL",
        "EVAL return 0",
        "FUNCTION LIST",
        "FCALL any 0",
        "PUBSUB CHANNELS",
        "COMMAND LIST",
    ),
    *("GET any", "SET any thing", "DEL any", "LPUSH any thing", "HSET any field thing", "XADD any * field thing"),
    *("DUMP ocr.io", "RENAME ocr.io any", "COPY ocr.io any", "MOVE ocr.io 1", "SORT ocr.io", "OBJECT FREQ ocr.io"),
    *("LRANGE ocr.io 0 -1", "LINDEX ocr.io 0", "LTRIM ocr.io 1 0", "LMOVE ocr.io any LEFT LEFT", "RPOP ocr.io"),
    *("DEL ocr.io", "UNLINK ocr.io", "EXPIRE ocr.io 1", "PEXPIRE ocr.io 1", "TYPE ocr.io"),
    *("HGETALL unacked", "HKEYS unacked", "DEL unacked", "DEL unacked_index", "SMEMBERS _kombu.binding.celeryev"),
    *("SUBSCRIBE any", "SUBSCRIBE /0.celeryev/task", "PSUBSCRIBE *", "PUBLISH any thing", "SPUBLISH any thing"),
)
# Those who do not take documents.
NO_WORKER = commands(
    *("BRPOP ocr.io 1", "BRPOP ocr.cpu 1", "BLMOVE ocr.io any LEFT LEFT 1", "RPUSH ocr.io message"),
    *("LPUSH ocr.cpu message", "LPUSH ocr.assist message", "EXISTS ocr.io"),
    *("HGET unacked tag", "HSET unacked tag message", "HDEL unacked tag", "WATCH unacked"),
    *("ZRANGE unacked_index 0 -1", "ZADD unacked_index 1 tag", "ZREM unacked_index tag"),
    *("SET unacked_mutex any NX PX 1", "GET unacked_mutex", "DEL unacked_mutex", "PSUBSCRIBE /0.celery.pidbox"),
    *("PUBLISH /0.celeryev/task thing", f"LPUSH {ANSWERS} forged", "SMEMBERS _kombu.binding.ocr"),
)
OWN = {
    WORKER: commands(
        *(
            "PUBLISH /0.celery.pidbox question",
            "PSUBSCRIBE /0.celeryev/*",
            f"BRPOP {ANSWERS} 1",
            "LPUSH ocr.other thing",
        ),
        *("RPOP unacked", "SET unacked any", "EVAL return 1 unacked_mutex", "SREM _kombu.binding.ocr any"),
        *(
            "SADD _kombu.binding.other any",
            "SMEMBERS _kombu.binding.ocr",
            "DEL _kombu.binding.ocr",
            "ZRANGE unacked_mutex 0 -1",
            "DISCARD",
        ),
    ),
    CLIENT: [
        *NO_WORKER,
        *commands(
            *(
                "PUBLISH /0.celery.pidbox question",
                "PSUBSCRIBE /0.celeryev/*",
                f"BRPOP {ANSWERS} 1",
                f"LPUSH {STEP} any",
            ),
            *(
                "LLEN ocr.io",
                "LLEN ocr.cpu",
                "LLEN unacked",
                "SADD _kombu.binding.ocr any",
                "SREM _kombu.binding.ocr any",
                "SADD _kombu.binding.celery.pidbox any",
            ),
            *("SCRIPT LOAD return", "EVALSHA sha 0", "EVALSHA sha 1 ocr.io", "PUNSUBSCRIBE any", "TIME"),
        ),
    ],
    FLOWER: [
        *NO_WORKER,
        *commands(
            *("LPUSH ocr.io message", f"LPUSH {STEP} any", f"BRPOP {STEP} 1", "SADD _kombu.binding.ocr any"),
            *("LLEN unacked", "PSUBSCRIBE /0.celeryev/task", "DEL _kombu.binding.ocr", "EVALSHA sha 1 ocr.io"),
        ),
    ],
}
REFUSALS = [(user, command) for user in USERS for command in [*EVERYBODY, *OWN[user]]]


@pytest.mark.parametrize(
    ("user", "command"), REFUSALS, ids=[f"{user.name} {' '.join(command)}" for user, command in REFUSALS]
)
def test_a_user_is_refused_what_it_does_not_need(user: RedisUser, command: Command, running: SecureRedis) -> None:
    with (
        running.connection(running.login(user)) as connection,
        pytest.raises(redis.exceptions.ResponseError) as refused,
    ):
        connection.execute_command(*command)

    # DEBUG is refused to everybody, before it is asked who calls
    assert isinstance(refused.value, redis.exceptions.NoPermissionError) or command[0] == "DEBUG"
    print(f"{user.name:<11} {' '.join(command)!r:<45} {refused.value}")


@pytest.mark.parametrize("user", [WORKER, FLOWER], ids=lambda user: user.name)
@pytest.mark.parametrize("inner", ["'LRANGE', 'ocr.io', 0, -1", "'DEL', 'ocr.io'", "'PUBLISH', 'any', 'thing'"])
def test_a_script_may_do_no_more_than_who_runs_it(user: RedisUser, inner: str, secure: SecureRedis) -> None:
    with secure.connection(secure.login(user)) as connection:
        script = connection.script_load(f"return redis.call({inner})")

        with pytest.raises(
            redis.exceptions.ResponseError, match=r"executing the script can't|ACL failure in script"
        ) as refused:
            connection.evalsha(script, 0)
    print(f"{user.name:<11} script: {inner:<37} {refused.value}")


def test_nobody_else_exists(running: SecureRedis, admin: redis.Redis) -> None:
    assert set(admin.acl_users()) == {"default", "admin", *(user.name for user in USERS)}
    (default,) = [line for line in map(str, admin.acl_list()) if line.startswith("user default ")]
    assert default.split()[2] == "off"
    assert default.endswith("-@all")
    for password in running.passwords.values():
        login = Login("default", password)
        with running.connection(login) as stranger, pytest.raises(redis.exceptions.AuthenticationError):
            stranger.ping()
