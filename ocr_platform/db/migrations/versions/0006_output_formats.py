"""Outputs as hOCR, ALTO and Markdown

Revision: 0006
Follows: 0005
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_NAME = "ck_outputs_format"


def upgrade() -> None:
    op.drop_constraint(op.f(_NAME), "outputs", type_="check")
    op.create_check_constraint(op.f(_NAME), "outputs", "format IN ('text', 'json', 'hocr', 'alto', 'markdown')")


def downgrade() -> None:
    op.execute("DELETE FROM outputs WHERE format NOT IN ('text', 'json')")
    op.drop_constraint(op.f(_NAME), "outputs", type_="check")
    op.create_check_constraint(op.f(_NAME), "outputs", "format IN ('text', 'json')")
