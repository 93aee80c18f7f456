"""Flower, behind a login; the login reaches it in memory, not by command line or environment."""

from flower.command import options as flower_options

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
    flower_options.basic_auth = [f"{settings.ocr_flower_user}:{settings.ocr_flower_password.get_secret_value()}"]
    flower_options.address = settings.ocr_flower_host
    flower_options.port = settings.ocr_flower_port
    # It only shows: whoever got past the login cannot stop workers or send tasks.
    flower_options.read_only = True
    app = make_worker_app(settings)
    app.conf.broker_transport = "redis"  # it tells what kind of broker there is by this name
    # Its own connections know a login from the URL alone; what changes it needs a restart.
    logins = Access(settings).broker
    app.conf.update(broker_url=broker_url(settings, logins.current() if logins else fixed_login(settings)))
    app.start(["flower"])
