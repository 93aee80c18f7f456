"""Which of several reapers is the active one."""

from datetime import timedelta

from sqlalchemy import Connection, Engine, func, select, text

from ocr_platform.db.engine import translated_errors
from ocr_platform.db.tables import ReaperRow
from ocr_platform.errors import DatabaseUnavailable

# Any constant that no other program takes: the first eight bytes of SHA-256("ocr_platform reaper"), signed.
_LOCK_KEY = -6172828546682291892
_TRY = text("SELECT pg_try_advisory_lock(:key)")


class ReaperLock:
    """An advisory lock on a connection of its own: it ends with the process, or with the connection.

    Who is not active steps in when the active one has been silent for `patience`: it may hang.
    """

    def __init__(self, engine: Engine, patience: timedelta) -> None:
        self._engine = engine
        self._patience = patience
        self._connection: Connection | None = None

    def acquire(self, name: str = "") -> bool:
        """True when this reaper, which signs its rounds with `name`, is to work now. Raises DatabaseUnavailable."""
        try:
            with translated_errors():
                if self._connection is None:
                    self._connection = self._engine.connect()
                # Asking again for what one holds is granted at once.
                granted = self._connection.scalar(_TRY, {"key": _LOCK_KEY})
                return bool(granted) or self._other_is_silent(self._connection, name)
        except DatabaseUnavailable:
            self.release()
            raise

    def release(self) -> None:
        """Let another reaper be the active one."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            # Not back into the pool: the lock belongs to the connection.
            connection.invalidate()
            connection.close()

    def _other_is_silent(self, connection: Connection, name: str) -> bool:
        """True when the last round is long ago, or our own: then we have stepped in, and the other is not back."""
        silent = select((ReaperRow.round_at < func.now() - self._patience) | (ReaperRow.name == name))
        return bool(connection.scalar(silent))
