"""Who is refused before any command: a server that is not the one, and whoever has not the password."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import closing, suppress
from uuid import uuid4

import pytest
import redis
from celery import Celery
from flower.utils.broker import Broker
from kombu import pools

from ocr_platform.broker import broker_url, make_app
from ocr_platform.errors import BrokerUnavailable
from ocr_platform.local.redis_users import CLIENT, FLOWER, WORKER, RedisUser
from ocr_platform.models import Stage
from ocr_platform.settings import Settings
from ocr_platform.worker.app import make_worker_app
from ocr_platform.worker.flower import make_flower_app
from ocr_platform.workflow import IO_QUEUE, publish
from tests.integration.redis.support import ADDRESS, SecureRedis

Change = Callable[[SecureRedis], dict[str, str]]

# What is wrong with the settings, and the reason that is given.
WRONG_SERVER: dict[str, tuple[Change, str]] = {
    "an unknown CA": (
        lambda secure: {"REDIS_CA_FILE": str(secure.other_ca)},
        "CERTIFICATE_VERIFY_FAILED.*certificate chain",
    ),
    "another host's name": (lambda _: {"REDIS_HOST": ADDRESS}, "CERTIFICATE_VERIFY_FAILED.*IP address mismatch"),
    "no TLS": (lambda _: {"REDIS_TLS": "false"}, "losed|reset"),
}
WRONG_LOGIN: dict[str, tuple[Change, str]] = {
    "a wrong password": (lambda _: {"REDIS_PASSWORD": "wrong"}, "invalid username-password pair"),
    "another user's password": (lambda secure: {"REDIS_PASSWORD": secure.passwords[FLOWER.name]}, "invalid username"),
    "an unknown user": (lambda _: {"REDIS_USERNAME": "somebody"}, "invalid username-password pair"),
    "no user": (lambda _: {"REDIS_USERNAME": ""}, "invalid username-password pair"),
    "no password": (lambda _: {"REDIS_PASSWORD": ""}, "Authentication required"),
}
WRONG = WRONG_SERVER | WRONG_LOGIN


@pytest.fixture(autouse=True)
def _unconnected() -> None:
    """No connection of an earlier test: kombu takes one again for the same address, whatever is trusted now."""
    pools.reset()


@pytest.mark.parametrize(("changed", "reason"), WRONG.values(), ids=WRONG)
def test_an_application_sends_nothing_with(
    changed: Change, reason: str, secure: SecureRedis, admin: redis.Redis
) -> None:
    settings = secure.settings(CLIENT, **changed(secure))

    with closing(make_app(settings)) as app, pytest.raises(BrokerUnavailable) as refused:
        publish(app, Stage.FETCH_DECRYPT, uuid4(), wake=0)

    cause = pytest.RaisesExc(Exception, match=reason)
    assert cause.matches(refused.value.__cause__), cause.fail_reason
    assert admin.dbsize() == 0


@pytest.mark.parametrize(
    ("user", "make"), [(WORKER, make_worker_app), (FLOWER, make_flower_app)], ids=["worker", "flower"]
)
@pytest.mark.parametrize(("changed", "reason"), WRONG_SERVER.values(), ids=WRONG_SERVER)
def test_worker_and_flower_do_not_connect_to(
    changed: Change, reason: str, user: RedisUser, make: Callable[[Settings], Celery], secure: SecureRedis
) -> None:
    settings = secure.settings(user, **changed(secure))

    with closing(make(settings)) as app, app.connection_for_read() as connection:
        refused = pytest.raises(connection.connection_errors, match=reason)
        with refused:
            connection.channel()


@pytest.mark.parametrize(("changed", "reason"), WRONG_SERVER.values(), ids=WRONG_SERVER)
def test_flowers_page_of_queues_asks_no(changed: Change, reason: str, secure: SecureRedis) -> None:
    settings = secure.settings(FLOWER, **changed(secure))
    with closing(make_flower_app(settings)) as app:
        conf = app.conf
        broker = Broker(
            broker_url(settings),
            broker_options=conf.broker_transport_options,
            **({"broker_use_ssl": conf.broker_use_ssl} if settings.redis_tls else {}),
        )

        with pytest.raises(redis.exceptions.ConnectionError, match=reason):
            asyncio.run(broker.queues([IO_QUEUE]))


def test_there_is_no_plain_port(secure: SecureRedis) -> None:
    with socket.create_connection((ADDRESS, secure.port), timeout=5) as plain:
        plain.sendall(b"PING\r\n")

        with suppress(ConnectionResetError):
            assert plain.recv(100) == b""
