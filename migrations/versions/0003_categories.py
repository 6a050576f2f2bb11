"""Categories that products may be labelled with

Revision: 0003
"""

import sqlalchemy as sa
from alembic import op

from shared.taxonomy import RAKUTEN

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    categories = op.create_table(
        "categories",
        sa.Column("code", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_categories")),
    )
    op.bulk_insert(categories, [{"code": c.code, "name": c.name, "name_en": c.name_en} for c in RAKUTEN])


def downgrade() -> None:
    op.drop_table("categories")
