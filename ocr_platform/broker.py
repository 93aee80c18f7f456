"""The Celery application over Redis: the settings that keep messages from getting lost, doubled or read."""

from typing import Any
from urllib.parse import quote

from celery import Celery

from ocr_platform.settings import Settings
from ocr_platform.workflow import routing

# page timeout < soft limit < hard limit < visibility timeout: the other order starts a running task a second time.
_SOFT_LIMIT_MARGIN = 60.0
_HARD_LIMIT_MARGIN = 60.0
_VISIBILITY_MARGIN = 600.0


def make_app(settings: Settings) -> Celery:
    """An application that can publish; `worker.app` adds the tasks."""
    app = Celery("ocr_platform", broker=broker_url(settings), set_as_current=False)
    app.conf.update(routing())
    app.conf.update(_delivery(settings))
    app.conf.update(_connection(settings))
    return app


def broker_url(settings: Settings) -> str:
    """The broker's URL. It holds the password: never log it."""
    login = ""
    if settings.redis_password is not None:
        password = quote(settings.redis_password.get_secret_value(), safe="")
        login = f"{quote(settings.redis_username or '', safe='')}:{password}@"
    host = f"[{settings.redis_host}]" if ":" in settings.redis_host else settings.redis_host
    scheme = "rediss" if settings.redis_tls else "redis"
    return f"{scheme}://{login}{host}:{settings.redis_port}/0"


def _delivery(settings: Settings) -> dict[str, Any]:
    """How messages are taken, kept and given back; seconds."""
    soft = settings.ocr_time_slice_seconds + settings.ocr_page_timeout_seconds + _SOFT_LIMIT_MARGIN
    hard = soft + _HARD_LIMIT_MARGIN
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
        "worker_cancel_long_running_tasks_on_connection_loss": True,
        "worker_max_tasks_per_child": 500,
        "worker_max_memory_per_child": 1_000_000,  # KiB; the sandbox has its own limit
        "task_soft_time_limit": soft,
        "task_time_limit": hard,
        "visibility_timeout": visibility,
        "broker_transport_options": {
            "visibility_timeout": visibility,
            "unacked_restore_interval": 10,
            "unacked_restore_throttle": 1,
            "socket_timeout": 30,
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
            "health_check_interval": 25,
        },
        "result_backend_transport_options": {"visibility_timeout": visibility},
    }


def _connection(settings: Settings) -> dict[str, Any]:
    options: dict[str, Any] = {
        "broker_connection_retry_on_startup": True,
        "broker_connection_timeout": 5,
        "worker_send_task_events": True,
        "task_send_sent_event": True,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "timezone": "UTC",
        "enable_utc": True,
    }
    if settings.redis_tls:
        options["broker_use_ssl"] = {"ssl_cert_reqs": "required", "ssl_ca_certs": str(settings.redis_ca_file)}
    return options
