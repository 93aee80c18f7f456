"""Claims with leases and fences, pages that are held, the reaper's record

Revision: 0002
Follows: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_OPEN = "state IN ('queued', 'running')"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    for column in (
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("claims", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lease_until", moment, nullable=True),
        sa.Column("next_attempt_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("woken_at", moment, server_default=sa.text("now()"), nullable=True),
        sa.Column("in_turn", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("protocol", sa.Integer(), server_default="1", nullable=False),
        sa.Column("pages_left", sa.Integer(), nullable=True),
        sa.Column("cleaned", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    ):
        op.add_column("jobs", column)
    op.add_column("pages", sa.Column("holder", sa.Uuid(), nullable=True))
    op.add_column("pages", sa.Column("lease_until", moment, nullable=True))
    op.execute(
        "UPDATE jobs SET pages_left = (SELECT count(*) FROM pages WHERE job_id = jobs.id AND pages.state = 'pending')"
        " WHERE page_count IS NOT NULL"
    )
    # Its last page was recorded, and the worker died before it moved the job on: now both are one statement.
    op.execute(f"UPDATE jobs SET stage = 'encrypt_upload' WHERE stage = 'ocr' AND pages_left = 0 AND {_OPEN}")  # noqa: S608
    op.create_check_constraint(op.f("ck_jobs_lease"), "jobs", "lease_until IS NULL OR finished_at IS NULL")
    op.drop_index("ix_jobs_open", table_name="jobs", postgresql_where=sa.text(_OPEN))
    for name, indexed, condition in (
        ("ix_jobs_leases", ["lease_until"], "lease_until IS NOT NULL"),
        ("ix_jobs_waiting", ["stage", "woken_at"], f"{_OPEN} AND lease_until IS NULL"),
        ("ix_jobs_due", ["next_attempt_at"], f"{_OPEN} AND woken_at IS NULL"),
        ("ix_jobs_uncleaned", ["finished_at"], "NOT cleaned AND state = 'failed'"),
    ):
        op.create_index(name, "jobs", indexed, unique=False, postgresql_where=sa.text(condition))
    op.create_table(
        "reaper",
        sa.Column("id", sa.Integer(), autoincrement=False, server_default="1", nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("round_at", moment, nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_reaper_only")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reaper")),
    )


def downgrade() -> None:
    op.drop_table("reaper")
    for name in ("ix_jobs_uncleaned", "ix_jobs_due", "ix_jobs_waiting", "ix_jobs_leases"):
        op.drop_index(name, table_name="jobs")
    op.create_index("ix_jobs_open", "jobs", ["updated_at"], unique=False, postgresql_where=sa.text(_OPEN))
    op.drop_constraint(op.f("ck_jobs_lease"), "jobs")
    for name in ("lease_until", "holder"):
        op.drop_column("pages", name)
    for column_name in (
        "cleaned", "pages_left", "protocol", "in_turn", "woken_at", "next_attempt_at", "lease_until", "fence", "claims",
        "attempts",
    ):  # fmt: skip
        op.drop_column("jobs", column_name)
