"""More formats of documents

Revision: 0007
Follows: 0006
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_NAME = "ck_jobs_source_format"
_BEFORE = "'pdf', 'tiff', 'png', 'jpeg'"
_NOW = f"{_BEFORE}, 'webp', 'heic', 'avif', 'jpeg2000', 'gif', 'bmp', 'pnm', 'jbig2'"


def upgrade() -> None:
    op.drop_constraint(op.f(_NAME), "jobs", type_="check")
    op.create_check_constraint(op.f(_NAME), "jobs", f"source_format IN ({_NOW})")


def downgrade() -> None:
    # What the version before cannot name, it does not know.
    op.execute(f"UPDATE jobs SET source_format = NULL WHERE source_format NOT IN ({_BEFORE})")  # noqa: S608  our own
    op.drop_constraint(op.f(_NAME), "jobs", type_="check")
    op.create_check_constraint(op.f(_NAME), "jobs", f"source_format IN ({_BEFORE})")
