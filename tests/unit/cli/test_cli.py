import pytest
from click.testing import CliRunner, Result

from ocr_platform import __version__
from ocr_platform.cli import main
from ocr_platform.settings import Settings

COMMANDS = ("run", "up", "submit", "status", "result", "health", "worker", "beat", "flower", "migrate")
JOB = "00000000-0000-4000-8000-000000000001"


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting comes from the environment that the tests run in."""
    for name in Settings.model_fields:
        if name != "path":
            monkeypatch.delenv(name.upper(), raising=False)
            monkeypatch.delenv(f"{name.upper()}_FILE", raising=False)


def _run(*args: str, env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(main, args, env=env)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    result = _run(command, "--help")

    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: ")


def test_help_lists_every_command_with_a_sentence() -> None:
    result = _run("--help")

    for command in COMMANDS:
        (line,) = (line for line in result.stdout.splitlines() if line.strip().split(" ")[0] == command)
        assert len(line.split()) > 2


def test_command_alone_shows_help_and_is_wrong_usage() -> None:
    result = _run()

    assert result.exit_code == 2
    assert "Commands:" in result.output


def test_version() -> None:
    assert _run("--version").stdout == f"ocr-platform, version {__version__}\n"


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize(
    "args",
    [
        ["nonsense"],
        ["run"],
        ["run", "--nonsense", "a.pdf"],
        ["run", "--workers", "0", "a.pdf"],
        ["run", "--workers", "many", "a.pdf"],
        ["run", "--lang", "eng;reboot", "a.pdf"],
        ["run", "--lang", "", "a.pdf"],
        ["run", "--lang", "--psm", "a.pdf"],
        ["run", "--out", __file__, "a.pdf"],
        ["run", "--format", "docx", "a.pdf"],
        ["submit"],
        ["submit", "a", "b"],
        ["status"],
        ["result", JOB, "--format", "docx"],
        ["worker", "--concurrency", "0"],
        ["worker", "--pool", "gevent"],
    ],
)
def test_wrong_usage_exits_2_and_says_why_on_standard_error(args: list[str]) -> None:
    result = _run(*args)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.strip()


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize(
    "args",
    [
        ["submit", "s3://documents/uploads/a.pdf"],
        ["submit", "s3://documents/uploads/a.pdf", "--json"],
        ["status", JOB],
        ["result", JOB],
        ["health"],
        ["worker"],
        ["beat"],
        ["flower"],
        ["migrate"],
    ],
)
def test_incomplete_settings_exit_78_with_a_line_for_each_fault(args: list[str]) -> None:
    result = _run(*args)

    assert result.exit_code == 78
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert all(line.startswith("ocr-platform: ") for line in lines)
    named = [line.split(": ")[1] for line in lines]
    assert len(named) == len(set(named))
    assert {"AWS_REGION", "S3_BUCKET_NAME", "KMS_KEY_ID", "DB_NAME", "DB_USER"} <= set(named)


@pytest.mark.usefixtures("clean")
def test_settings_faults_never_show_a_secret(environ: dict[str, str]) -> None:
    result = _run("status", JOB, env=environ | {"REDIS_PASSWORD": "hush-hush", "DB_PORT": "hush-hush"})

    assert result.exit_code == 78
    assert "hush" not in result.output


@pytest.mark.usefixtures("clean")
def test_flower_is_not_served_without_a_login(environ: dict[str, str]) -> None:
    result = _run("flower", env=environ)

    assert result.exit_code == 78
    assert [line.split(": ")[1] for line in result.stderr.splitlines()] == ["OCR_FLOWER_USER", "OCR_FLOWER_PASSWORD"]


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("command", ["status", "result"])
def test_what_is_no_jobs_id_is_wrong_usage(environ: dict[str, str], command: str) -> None:
    result = _run(command, "../../etc/passwd", env=environ)

    assert result.exit_code == 2
    assert result.stderr == "ocr-platform: There is no job with this id. [job_unknown]\n"


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("source", ["letter.pdf", "s3://documents", "s3:///key", "https://documents/key"])
def test_source_that_is_no_s3_url_exits_1_with_how_one_is_written(environ: dict[str, str], source: str) -> None:
    result = _run("submit", source, env=environ)

    assert result.exit_code == 1
    assert "s3://BUCKET/KEY" in result.stderr


@pytest.mark.usefixtures("clean")
def test_source_that_cannot_be_submitted_is_an_error_in_json_where_asked(environ: dict[str, str]) -> None:
    result = _run("submit", "letter.pdf", "--json", env=environ)

    assert result.exit_code == 1
    assert result.stdout.startswith('{"error": {"code": "source_missing", "message": ')


@pytest.mark.usefixtures("clean")
def test_wrong_option_is_wrong_usage_in_json_too(environ: dict[str, str]) -> None:
    result = _run("submit", "s3://documents/uploads/a", "--lang", "eng;", "--json", env=environ)

    assert result.exit_code == 2
    assert result.stdout.startswith('{"error": {"code": "option_invalid", "message": ')


@pytest.mark.usefixtures("clean")
def test_database_that_does_not_answer_exits_1_with_one_line(environ: dict[str, str]) -> None:
    # Given nothing listens there (port 1 is the reserved tcpmux)
    result = _run("status", JOB, env=environ | {"DB_HOST": "127.0.0.1", "DB_PORT": "1"})

    assert result.exit_code == 1
    assert result.stderr == "ocr-platform: The database does not answer. [database_unavailable]\n"
