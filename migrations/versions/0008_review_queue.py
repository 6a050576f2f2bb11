"""The review queue by confidence, and without what a person has corrected

Revision: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
oldest_code = "0007"


def upgrade() -> None:
    op.add_column("predictions", sa.Column("corrected", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute("UPDATE predictions SET corrected = true WHERE id IN (SELECT prediction_id FROM corrections)")
    op.drop_index("ix_predictions_review", "predictions")
    for name, columns in (("review", ["id"]), ("least_sure", ["confidence", "id"])):
        op.create_index(
            f"ix_predictions_{name}",
            "predictions",
            columns,
            sqlite_where=sa.text("needs_review = 1 AND corrected = 0"),
            postgresql_where=sa.text("needs_review AND NOT corrected"),
        )


def downgrade() -> None:
    for name in ("least_sure", "review"):
        op.drop_index(f"ix_predictions_{name}", "predictions")
    op.create_index(
        "ix_predictions_review",
        "predictions",
        ["id"],
        sqlite_where=sa.text("needs_review = 1"),
        postgresql_where=sa.text("needs_review"),
    )
    op.drop_column("predictions", "corrected")
