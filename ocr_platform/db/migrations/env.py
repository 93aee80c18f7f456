"""Alembic's entry point; `ocr_platform.db.migrate` passes the locked connection in."""

from alembic import context

from ocr_platform.db.tables import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
