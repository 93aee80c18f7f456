"""Searchable PDFs among the outputs

Revision: 0006
Follows: 0005
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_BEFORE = "format IN ('text', 'json')"
_NOW = "format IN ('text', 'json', 'pdf')"


def upgrade() -> None:
    _require(_NOW)


def downgrade() -> None:
    op.execute("DELETE FROM outputs WHERE format NOT IN ('text', 'json')")
    _require(_BEFORE)


def _require(condition: str) -> None:
    op.drop_constraint(op.f("ck_outputs_format"), "outputs", type_="check")
    op.create_check_constraint(op.f("ck_outputs_format"), "outputs", condition)
