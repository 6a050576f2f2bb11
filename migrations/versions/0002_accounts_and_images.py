"""Refresh, quotas, erasure, and photos named by their address

Revision: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "usage",
        sa.Column("owner_id", sa.String(length=36), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("stored_bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_usage_owner_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("owner_id", name=op.f("pk_usage")),
    )
    op.create_table(
        "sign_in_failures",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_in_failures")),
    )
    op.create_index(op.f("ix_sign_in_failures_expires_at"), "sign_in_failures", ["expires_at"], unique=False)
    op.create_index(op.f("ix_refresh_tokens_expires_at"), "refresh_tokens", ["expires_at"], unique=False)
    op.add_column("users", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("jobs", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_jobs_deleted",
        "jobs",
        ["deleted_at"],
        sqlite_where=sa.text("deleted_at IS NOT NULL"),
        postgresql_where=sa.text("deleted_at IS NOT NULL"),
    )
    op.create_index(
        "ix_users_deleted",
        "users",
        ["deleted_at"],
        sqlite_where=sa.text("deleted_at IS NOT NULL"),
        postgresql_where=sa.text("deleted_at IS NOT NULL"),
    )
    op.add_column("predictions", sa.Column("image_url", sa.Text(), nullable=True))
    op.create_index(
        "ix_predictions_photos",
        "predictions",
        ["owner_id", "image"],
        sqlite_where=sa.text("image IS NOT NULL"),
        postgresql_where=sa.text("image IS NOT NULL"),
    )
    op.create_index(
        "ix_predictions_products",
        "predictions",
        ["product_id", "owner_id"],
        sqlite_where=sa.text("product_id IS NOT NULL"),
        postgresql_where=sa.text("product_id IS NOT NULL"),
    )
    op.create_index(
        "ix_predictions_review",
        "predictions",
        ["id"],
        sqlite_where=sa.text("needs_review = 1"),
        postgresql_where=sa.text("needs_review"),
    )


def downgrade() -> None:
    for name in ("review", "products", "photos"):
        op.drop_index(f"ix_predictions_{name}", "predictions")
    op.drop_column("predictions", "image_url")
    op.drop_index("ix_users_deleted", "users")
    op.drop_index("ix_jobs_deleted", "jobs")
    op.drop_column("jobs", "deleted_at")
    op.drop_column("users", "deleted_at")
    op.drop_index(op.f("ix_refresh_tokens_expires_at"), "refresh_tokens")
    op.drop_table("sign_in_failures")
    op.drop_table("usage")
