"""Catalogues: their sources, earlier results, photos fetched before

Revision: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_ANSWERED = sa.text("model_version IS NOT NULL AND reused_from IS NULL")
_KEPT = sa.text("cleared_at IS NULL AND deleted_at IS NULL")
_CLEARING = sa.text("cleared_at IS NOT NULL AND source_key IS NOT NULL")
_HAS_IMAGE = sa.text("image IS NOT NULL")
_HAS_SOURCE = sa.text("source_key IS NOT NULL")
_HAS_ERROR = sa.text("error IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "fetched_photos",
        sa.Column("owner_id", sa.String(length=36), nullable=False),
        sa.Column("url_hash", sa.String(length=64), nullable=False),
        sa.Column("etag", sa.String(length=255), nullable=False),
        sa.Column("image", sa.String(length=64), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name=op.f("fk_fetched_photos_owner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("owner_id", "url_hash", name=op.f("pk_fetched_photos")),
    )
    op.create_index(op.f("ix_fetched_photos_used_at"), "fetched_photos", ["used_at"], unique=False)
    op.add_column("jobs", sa.Column("source_key", sa.String(length=100), nullable=True))
    op.add_column("jobs", sa.Column("read_share", sa.Float(), server_default=sa.text("0"), nullable=False))
    op.add_column("jobs", sa.Column("changes", sa.Integer(), nullable=True))
    op.add_column("jobs", sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_jobs_source", "jobs", ["source_key"], sqlite_where=_HAS_SOURCE, postgresql_where=_HAS_SOURCE)
    op.create_index("ix_jobs_kept", "jobs", ["finished_at"], sqlite_where=_KEPT, postgresql_where=_KEPT)
    op.create_index("ix_jobs_clearing", "jobs", ["cleared_at"], sqlite_where=_CLEARING, postgresql_where=_CLEARING)
    op.add_column("predictions", sa.Column("label", sa.Integer(), nullable=True))
    op.add_column("predictions", sa.Column("image_id", sa.String(length=200), nullable=True))
    op.add_column("predictions", sa.Column("reuse_key", sa.BigInteger(), nullable=True))
    op.drop_index("ix_predictions_reuse", "predictions")
    op.create_index(
        "ix_predictions_reuse", "predictions", ["reuse_key"], sqlite_where=_ANSWERED, postgresql_where=_ANSWERED
    )
    op.drop_index("ix_predictions_image", "predictions")
    op.create_index(
        "ix_predictions_image", "predictions", ["image"], sqlite_where=_HAS_IMAGE, postgresql_where=_HAS_IMAGE
    )
    op.create_index(
        "ix_predictions_errors", "predictions", ["job_id", "row"], sqlite_where=_HAS_ERROR, postgresql_where=_HAS_ERROR
    )


def downgrade() -> None:
    op.drop_index("ix_predictions_image", "predictions")
    op.create_index("ix_predictions_image", "predictions", ["image"])
    op.drop_index("ix_predictions_errors", "predictions")
    op.drop_index("ix_predictions_reuse", "predictions")
    op.create_index("ix_predictions_reuse", "predictions", ["owner_id", "input_hash", "model_version"])
    op.drop_column("predictions", "reuse_key")
    op.drop_column("predictions", "image_id")
    op.drop_column("predictions", "label")
    op.drop_index("ix_jobs_clearing", "jobs")
    op.drop_index("ix_jobs_kept", "jobs")
    op.drop_index("ix_jobs_source", "jobs")
    for column in ("cleared_at", "changes", "read_share", "source_key"):
        op.drop_column("jobs", column)
    op.drop_table("fetched_photos")
