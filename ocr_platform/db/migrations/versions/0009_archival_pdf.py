"""PDF/A among the outputs

Revision: 0009
Follows: 0008
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_BEFORE = "format IN ('text', 'json', 'hocr', 'alto', 'markdown', 'pdf')"
_NOW = "format IN ('text', 'json', 'hocr', 'alto', 'markdown', 'pdf', 'pdfa')"


def upgrade() -> None:
    _require(_NOW)


def downgrade() -> None:
    op.execute("DELETE FROM outputs WHERE NOT (" + _BEFORE + ")")  # noqa: S608  a constant of this file
    _require(_BEFORE)


def _require(condition: str) -> None:
    op.drop_constraint(op.f("ck_outputs_format"), "outputs", type_="check")
    op.create_check_constraint(op.f("ck_outputs_format"), "outputs", condition)
