"""The README's applications, run as they stand there."""

import importlib.util
import os
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import make_url

from ocr_platform import api
from ocr_platform.local.stack import LocalStack
from tests.acceptance.helpers import GENERATED, character_error, truth_of

ROOT = Path(__file__).parents[2]


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / f"examples/{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def environment(stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment of an application of the stack; the client of the environment is made anew."""
    for name, value in stack.environment.items():
        monkeypatch.setenv(name, value)
    login = stack.database_login
    address = f"{stack.environment['DB_HOST']}:{stack.environment['DB_PORT']}/{stack.environment['DB_NAME']}"
    monkeypatch.setenv("DATABASE_URL", f"postgresql+psycopg2://{login.user}:{login.password}@{address}")
    api.default_client.cache_clear()
    yield
    api.default_client().close()
    api.default_client.cache_clear()


def wait_for_text(ask: Callable[[], dict[str, Any]]) -> str:
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        answer = ask()
        if answer["state"] not in ("queued", "running"):
            assert answer["state"] == "succeeded"
            return str(answer["text"])
        assert answer["text"] is None
        time.sleep(0.2)
    raise AssertionError("the job did not end")


@pytest.mark.usefixtures("environment")
def test_the_flask_application() -> None:
    application = load("flask_app")
    application.Base.metadata.create_all(application.engine)
    flask = application.app.test_client()

    def post(body: bytes, reference: str) -> Any:
        return flask.post("/documents", data={"document": (BytesIO(body), "fax.tif"), "reference": reference})

    body = (GENERATED / "fax.tif").read_bytes()
    submitted, again, refused = post(body, "flask 1"), post(body, "flask 1"), post(b"", "flask 2")

    assert submitted.status_code == 202
    assert (again.status_code, again.json["code"]) == (422, "token_conflict")
    assert (refused.status_code, refused.json["code"]) == (422, "source_empty")
    with application.Session(application.engine) as session:
        letters = session.query(application.Letter).all()
        assert [(each.reference, str(each.job_id)) for each in letters] == [("flask 1", submitted.json["job_id"])]
    application.engine.dispose()
    text = wait_for_text(lambda: flask.get(f"/documents/{submitted.json['job_id']}").json)
    assert character_error(text, truth_of("fax.tif")) < 0.02


@pytest.mark.usefixtures("environment")
def test_the_django_views() -> None:
    import django
    from django.conf import settings
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.db import connections
    from django.test import Client

    views = load("django_views")
    url = make_url(os.environ["DATABASE_URL"])
    database = {"ENGINE": "django.db.backends.postgresql", "NAME": url.database, "HOST": url.host, "PORT": url.port}
    settings.configure(
        ALLOWED_HOSTS=["testserver"],
        DATABASES={"default": database | {"USER": url.username, "PASSWORD": url.password}},
        ROOT_URLCONF=tuple(views.urlpatterns),
        SECRET_KEY="made up",
    )
    django.setup()
    browser = Client()

    def post(body: bytes, reference: str) -> Any:
        return browser.post("/documents", {"document": SimpleUploadedFile("a.tif", body), "reference": reference})

    body = (GENERATED / "fax.tif").read_bytes()
    submitted, again, refused = post(body, "django 1"), post(body, "django 1"), post(b"", "django 2")
    connections.close_all()

    assert submitted.status_code == 202
    assert (again.status_code, again.json()["code"]) == (422, "token_conflict")
    assert (refused.status_code, refused.json()["code"]) == (422, "source_empty")
    text = wait_for_text(lambda: browser.get(f"/documents/{submitted.json()['job_id']}").json())
    assert character_error(text, truth_of("fax.tif")) < 0.02


@pytest.mark.parametrize("name", ["flask_app.py", "django_views.py"])
def test_the_readme_shows_the_code_that_is_tested(name: str) -> None:
    code = (ROOT / "examples" / name).read_text(encoding="utf-8").strip()

    assert f"```python\n{code}\n```" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_examples_are_all_tested() -> None:
    assert {path.name for path in (ROOT / "examples").glob("*.py")} == {"django_views.py", "flask_app.py"}
