import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError

from ocr_platform.db.engine import make_engine, statement, translated_errors
from ocr_platform.errors import DatabaseUnavailable, InternalError
from ocr_platform.settings import Settings, load_settings


def test_engine_shows_no_password(environ: dict[str, str]) -> None:
    engine = make_engine(load_settings(environ | {"DB_PASSWORD": "hush-hush"}))

    assert "hush-hush" not in repr(engine)
    assert "hush-hush" not in str(engine.url)


def test_errors_of_statements_show_no_parameters(settings: Settings) -> None:
    assert make_engine(settings).hide_parameters


def test_database_that_does_not_answer_is_a_typed_error(environ: dict[str, str]) -> None:
    # Given nothing listens there (port 1 is the reserved tcpmux)
    engine = make_engine(load_settings(environ | {"DB_HOST": "127.0.0.1", "DB_PORT": "1"}))

    with pytest.raises(DatabaseUnavailable), statement(engine):
        pass


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("SELECT", None, Exception("gone")),
        InterfaceError("SELECT", None, Exception("closed")),
        DBAPIError("SELECT", None, Exception("cut"), connection_invalidated=True),
    ],
)
def test_lost_connections_become_one_error(error: Exception) -> None:
    with pytest.raises(DatabaseUnavailable) as caught, translated_errors():
        raise error

    assert caught.value.__cause__ is error


def test_faults_of_our_own_say_what_kind_they_are_and_quote_nothing() -> None:
    with pytest.raises(InternalError) as caught, translated_errors():
        raise IntegrityError("INSERT", None, Exception("Failing row contains (Ms Roe)"))

    assert "SQLSTATE" in caught.value.message
    assert "Roe" not in caught.value.message
    assert caught.value.__suppress_context__
