"""What a client decides by itself, before any service is asked."""

import pytest

from ocr_platform.client import Client
from ocr_platform.errors import DatabaseUnavailable, JobUnknown, SourceMissing, SourceNotAllowed, UsageError
from ocr_platform.settings import Settings, load_settings


@pytest.fixture
def client(settings: Settings) -> Client:
    return Client(settings)


@pytest.mark.parametrize("job_id", ["", "1", "../../etc/passwd", "' OR 1=1 --"])
def test_what_is_no_id_is_an_unknown_job(client: Client, job_id: str) -> None:
    for ask in (client.status, client.result, client.wait):
        with pytest.raises(JobUnknown):
            ask(job_id)


@pytest.mark.parametrize("source", ["letter.pdf", "s3://documents", "file:///etc/passwd"])
def test_what_is_no_source_is_refused(client: Client, source: str) -> None:
    with pytest.raises(SourceMissing):
        client.submit(source)


@pytest.mark.parametrize(
    "source", ["s3://another/uploads/a", "s3://documents/results/b/1/text.txt", "s3://documents/work/1/a"]
)
def test_source_that_is_not_the_applications_is_refused(client: Client, source: str) -> None:
    with pytest.raises(SourceNotAllowed):
        client.submit(source)


@pytest.mark.parametrize("options", [{"languages": "e"}, {"formats": "docx"}, {"formats": []}])
def test_wrong_options_are_refused_before_anything_is_asked(client: Client, options: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        client.submit("s3://documents/uploads/a", **options)  # type: ignore[arg-type]


def test_empty_list_of_languages_is_refused_and_not_replaced(client: Client) -> None:
    with pytest.raises(UsageError):
        client.submit("s3://documents/uploads/a", languages=[])


def test_client_of_the_environment_has_its_settings(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    assert Client.from_environment()._runtime().store.bucket == "documents"


def test_database_that_does_not_answer_is_a_typed_error(environ: dict[str, str]) -> None:
    client = Client(load_settings(environ | {"DB_HOST": "127.0.0.1", "DB_PORT": "1"}))

    with pytest.raises(DatabaseUnavailable):
        client.status("00000000-0000-4000-8000-000000000001")
    client.close()
