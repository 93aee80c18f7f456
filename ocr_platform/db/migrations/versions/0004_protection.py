"""What S3 said of sources and outputs; faults of the installation that jobs and workers wait for

Revision: 0004
Follows: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0002"
branch_labels = None
depends_on = None

_HELD = "state IN ('queued', 'running') AND held_code IS NOT NULL"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("source_facts", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column("jobs", sa.Column("held_code", sa.String(), nullable=True))
    op.create_index("ix_jobs_held", "jobs", ["held_code"], unique=False, postgresql_where=sa.text(_HELD))
    # Nothing was ever stored under another protection, and workers of the version before do not say it.
    op.add_column("outputs", sa.Column("encryption", sa.String(), server_default="aws:kms", nullable=False))
    op.add_column("outputs", sa.Column("checksum", sa.String(), nullable=True))
    op.add_column("outputs", sa.Column("bucket_owner", sa.String(), nullable=True))
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "breakers",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("opened_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("seen_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_breakers")),
    )


def downgrade() -> None:
    op.drop_table("breakers")
    for name in ("bucket_owner", "checksum", "encryption"):
        op.drop_column("outputs", name)
    op.drop_index("ix_jobs_held", table_name="jobs", postgresql_where=sa.text(_HELD))
    op.drop_column("jobs", "held_code")
    op.drop_column("jobs", "source_facts")
