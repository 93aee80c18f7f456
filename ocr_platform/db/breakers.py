"""Which worker processes take no work, and for which fault: written by them, read by whoever watches."""

from dataclasses import dataclass

from sqlalchemy import Engine, text

from ocr_platform.db.engine import statement

# Two statements' work in one: processes that were killed while they waited leave a row behind.
_OPEN = text("""
    WITH forgotten AS (DELETE FROM breakers WHERE seen_at < now() - interval '1 day' AND name <> :name)
    INSERT INTO breakers (name, code) VALUES (:name, :code)
    ON CONFLICT (name) DO UPDATE SET code = excluded.code, seen_at = now()
""")
_CLOSE = text("DELETE FROM breakers WHERE name = :name")


@dataclass(frozen=True, slots=True)
class BreakerLog:
    """Implements `ports.BreakerLog` on Postgres; one statement a method."""

    engine: Engine

    def open(self, name: str, code: str) -> None:
        """Note that this process waits for the end of a fault, or still does."""
        with statement(self.engine) as connection:
            connection.execute(_OPEN, {"name": name, "code": code})

    def close(self, name: str) -> None:
        """Note that it works again."""
        with statement(self.engine) as connection:
            connection.execute(_CLOSE, {"name": name})
