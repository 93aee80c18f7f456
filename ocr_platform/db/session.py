"""Something to do once an application's own SQLAlchemy transaction has committed."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

_KEY = "ocr_platform.after_commit"


@dataclass
class _Pending:
    """What one session has to do, each with the savepoint or transaction that it was asked for in."""

    actions: list[tuple[SessionTransaction | None, Callable[[], None]]] = field(default_factory=list)
    committed: bool = False


def after_commit(session: Session, action: Callable[[], None]) -> None:
    """Call `action` once, when the transaction that `session` is in has committed; never when it rolled back.

    A savepoint that is released is no commit yet; one that is rolled back takes what was asked for in it along.
    """
    # A scoped session, as Flask-SQLAlchemy's, stands for the session of its thread.
    registry: Callable[[], Session] | None = getattr(session, "registry", None)
    session = registry() if registry is not None else session
    pending = session.info.get(_KEY)
    if pending is None:
        # They stay with the session: SQLAlchemy lets no listener be removed while its event is handled.
        pending = session.info[_KEY] = _Pending()
        event.listen(session, "after_soft_rollback", _rolled_back)
        event.listen(session, "after_commit", _committed)
        event.listen(session, "after_transaction_end", _ended)
    pending.actions.append((session.get_nested_transaction() or session.get_transaction(), action))


def _rolled_back(session: Session, previous: SessionTransaction) -> None:
    pending: _Pending = session.info[_KEY]
    pending.actions = [(own, action) for own, action in pending.actions if not _within(own, previous)]


def _committed(session: Session) -> None:
    session.info[_KEY].committed = not session.in_nested_transaction()


def _ended(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is not None:
        return
    pending: _Pending = session.info[_KEY]
    actions, committed = pending.actions, pending.committed
    pending.actions, pending.committed = [], False
    if committed:
        for _, action in actions:
            action()


def _within(own: SessionTransaction | None, other: SessionTransaction) -> bool:
    """True when `own` is `other` or lies in it."""
    while own is not None:
        if own is other:
            return True
        own = own.parent
    return False
