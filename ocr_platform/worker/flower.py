"""Flower, behind a login; the login reaches it in memory, not by command line or environment."""

from celery import Celery

from ocr_platform.access import Access
from ocr_platform.broker import broker_url, fixed_login
from ocr_platform.errors import SettingsError
from ocr_platform.settings import Settings
from ocr_platform.worker.app import make_worker_app


def serve_flower(settings: Settings) -> None:
    """Serve until told to stop. Raises SettingsError without a login."""
    missing = [
        f"{name}: missing; Flower is not served without a login"
        for name, value in (
            ("OCR_FLOWER_USER", settings.ocr_flower_user),
            ("OCR_FLOWER_PASSWORD", settings.ocr_flower_password),
        )
        if value is None
    ]
    if settings.ocr_flower_password is None or missing:
        raise SettingsError(missing)
    from flower.command import options as flower_options

    flower_options.basic_auth = [f"{settings.ocr_flower_user}:{settings.ocr_flower_password.get_secret_value()}"]
    flower_options.address = settings.ocr_flower_host
    flower_options.port = settings.ocr_flower_port
    # It only shows: whoever got past the login cannot stop workers or send tasks.
    flower_options.read_only = True
    make_flower_app(settings).start(["flower"])


def make_flower_app(settings: Settings) -> Celery:
    """An application that asks workers and hears events, and needs no more in Redis than that."""
    app = make_worker_app(settings)
    app.conf.broker_transport = "redis"  # Flower tells what kind of broker there is by this name
    # Else kombu would put messages of dead workers back wherever it waits for an answer: the workers do that.
    app.conf.broker_transport_options = {**app.conf.broker_transport_options, "ack_emulation": False}
    # Its own connections know a login from the URL alone: when it changes, Flower needs a restart.
    logins = Access(settings).broker
    app.conf.update(broker_url=broker_url(settings, logins.current() if logins else fixed_login(settings)))
    return app
