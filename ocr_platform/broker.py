"""The Celery application over Redis: the settings that keep messages from getting lost, doubled or read."""

import socket
from typing import Any
from urllib.parse import quote

from celery import Celery
from kombu.utils.scheduling import round_robin_cycle

from ocr_platform.broker_login import OPTION, BrokerLogin
from ocr_platform.logins import Login, LoginSource
from ocr_platform.settings import Settings
from ocr_platform.workflow import ASSIST_QUEUE, routing

# page timeout < soft limit < hard limit < visibility timeout: the other order starts a running task a second time.
_SOFT_LIMIT_MARGIN = 60.0
_HARD_LIMIT_MARGIN = 60.0
_VISIBILITY_MARGIN = 600.0
# A peer that vanished without a word is noticed within half a minute, instead of two hours.
_KEEPALIVE = {
    socket.TCP_KEEPIDLE: 15,
    socket.TCP_KEEPINTVL: 5,
    socket.TCP_KEEPCNT: 3,
    socket.TCP_USER_TIMEOUT: 30_000,  # milliseconds
}


class AssistLast(round_robin_cycle):  # type: ignore[type-arg]
    """The order in which a worker looks at its queues: in turn, and help with long documents when all else is empty."""

    def consume(self, n: int) -> list[str]:  # type: ignore[override]
        """The queues, first the one to be asked first."""
        return sorted((self.items or [])[:n], key=lambda queue: queue == ASSIST_QUEUE)


def make_app(settings: Settings, logins: LoginSource | None = None) -> Celery:
    """An application that can publish; `worker.app` adds the tasks.

    `logins` says who logs in to Redis, for each new connection; without it what the settings have.
    """
    app = Celery("ocr_platform", broker=broker_url(settings), set_as_current=False)
    app.conf.update(routing())
    app.conf.update(_delivery(settings))
    app.conf.update(_connection(settings))
    login = fixed_login(settings)
    if logins is None and login is not None:
        logins = LoginSource("redis", lambda: login)
    if logins is not None:
        app.conf.broker_transport = "ocr_platform.broker_login:Transport"
        app.conf.broker_transport_options[OPTION] = BrokerLogin(logins)
    return app


def fixed_login(settings: Settings) -> Login | None:
    """The login that the settings hold, if they do."""
    if settings.redis_password is None:
        return None
    return Login(settings.redis_username or "", settings.redis_password.get_secret_value())


def broker_url(settings: Settings, login: Login | None = None) -> str:
    """The broker's URL; with a login it holds the password: never log it."""
    user = ""
    if login is not None:
        user = f"{quote(login.user, safe='')}:{quote(login.password, safe='')}@"
    host = f"[{settings.redis_host}]" if ":" in settings.redis_host else settings.redis_host
    scheme = "rediss" if settings.redis_tls else "redis"
    return f"{scheme}://{user}{host}:{settings.redis_port}/0"


def hard_limit_seconds(settings: Settings) -> float:
    """After so many seconds no task runs any more: its process is killed."""
    page_and_slice = settings.ocr_time_slice_seconds + settings.ocr_page_timeout_seconds
    return page_and_slice + _SOFT_LIMIT_MARGIN + _HARD_LIMIT_MARGIN


def _delivery(settings: Settings) -> dict[str, Any]:
    """How messages are taken, kept and given back; seconds."""
    hard = hard_limit_seconds(settings)
    soft = hard - _HARD_LIMIT_MARGIN
    visibility = hard + _VISIBILITY_MARGIN
    return {
        "accept_content": ["json"],
        "task_serializer": "json",
        "task_ignore_result": True,  # the truth is in Postgres
        "task_acks_late": True,
        "task_acks_on_failure": True,
        "task_acks_on_timeout": True,  # False would hand a task that hangs to worker after worker
        "task_reject_on_worker_lost": True,
        "task_retry_on_worker_lost": True,
        "worker_prefetch_multiplier": 1,
        # A doubled message meets a live lease and is dropped: work need not die because Redis was away for a moment.
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_max_tasks_per_child": 5_000,
        "worker_max_memory_per_child": 1_000_000,  # KiB; the sandbox has its own limit
        "task_soft_time_limit": soft,
        "task_time_limit": hard,
        "visibility_timeout": visibility,
        "broker_transport_options": {
            "visibility_timeout": visibility,
            "unacked_restore_interval": 10,
            "unacked_restore_throttle": 1,
            "queue_order_strategy": "ocr_platform.broker:AssistLast",
            "socket_timeout": 15,
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
            "socket_keepalive_options": _KEEPALIVE,
            "health_check_interval": 25,
        },
        "result_backend_transport_options": {"visibility_timeout": visibility},
    }


def _connection(settings: Settings) -> dict[str, Any]:
    options: dict[str, Any] = {
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,  # a worker waits for Redis as long as it takes
        "broker_connection_timeout": 5,
        # Flower turns task events on in all workers while it runs; nobody else wants them, and they cost.
        "worker_send_task_events": False,
        "task_send_sent_event": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "timezone": "UTC",
        "enable_utc": True,
    }
    if settings.redis_tls:
        options["broker_use_ssl"] = {
            "ssl_cert_reqs": "required",
            "ssl_ca_certs": str(settings.redis_ca_file),
            "ssl_check_hostname": True,
        }
    return options
