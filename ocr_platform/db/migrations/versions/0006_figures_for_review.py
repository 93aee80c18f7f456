"""Whether a page is blank, and how much of it two readings disputed: for the list of pages to review

Revision: 0006
Follows: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Without a default: no row is written anew, and workers of the version before leave them empty.
    op.add_column("pages", sa.Column("blank", sa.Boolean(), nullable=True))
    op.add_column("pages", sa.Column("disputed", sa.Float(), nullable=True))


def downgrade() -> None:
    op.drop_column("pages", "disputed")
    op.drop_column("pages", "blank")
