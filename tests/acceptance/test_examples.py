"""The README's applications, run as they stand there."""

import importlib.util
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

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
    flask = load("flask_app").app.test_client()

    submitted = flask.post("/documents", data={"document": (BytesIO((GENERATED / "fax.tif").read_bytes()), "fax.tif")})
    refused = flask.post("/documents", data={"document": (BytesIO(b""), "empty.tif")})

    assert submitted.status_code == 202
    assert (refused.status_code, refused.json["code"]) == (422, "source_empty")
    text = wait_for_text(lambda: flask.get(f"/documents/{submitted.json['job_id']}").json)
    assert character_error(text, truth_of("fax.tif")) < 0.02


@pytest.mark.usefixtures("environment")
def test_the_django_views() -> None:
    import django
    from django.conf import settings
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.test import Client

    views = load("django_views")
    settings.configure(ALLOWED_HOSTS=["testserver"], ROOT_URLCONF=tuple(views.urlpatterns), SECRET_KEY="made up")
    django.setup()
    browser = Client()

    body = (GENERATED / "fax.tif").read_bytes()
    submitted = browser.post("/documents", {"document": SimpleUploadedFile("fax.tif", body)})
    refused = browser.post("/documents", {"document": SimpleUploadedFile("empty.tif", b"")})

    assert submitted.status_code == 202
    assert (refused.status_code, refused.json()["code"]) == (422, "source_empty")
    text = wait_for_text(lambda: browser.get(f"/documents/{submitted.json()['job_id']}").json())
    assert character_error(text, truth_of("fax.tif")) < 0.02


@pytest.mark.parametrize("name", ["flask_app.py", "django_views.py"])
def test_the_readme_shows_the_code_that_is_tested(name: str) -> None:
    code = (ROOT / "examples" / name).read_text(encoding="utf-8").strip()

    assert f"```python\n{code}\n```" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_examples_are_all_tested() -> None:
    assert {path.name for path in (ROOT / "examples").glob("*.py")} == {"django_views.py", "flask_app.py"}
