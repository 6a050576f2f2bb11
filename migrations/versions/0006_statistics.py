"""Statistics: what workers count by the minute and by the hour; tries and deaths of webhooks by their time

Revision: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_DEAD = sa.text("state = 'dead'")


def upgrade() -> None:
    op.create_table(
        "work_counts",
        sa.Column("seconds", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("worker_id", sa.String(length=36), nullable=False),
        sa.Column("model_version", sa.String(length=100), nullable=False),
        sa.Column("lane", sa.String(length=20), nullable=False),
        sa.Column("answered", sa.BigInteger(), nullable=False),
        sa.Column("reused", sa.BigInteger(), nullable=False),
        sa.Column("errors", sa.BigInteger(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("called_rows", sa.BigInteger(), nullable=False),
        sa.Column("called_seconds", sa.Float(), nullable=False),
        sa.Column("latency", sa.JSON(), nullable=False),
        sa.Column("jobs", sa.JSON(), nullable=False),
        sa.Column("codes", sa.JSON(), nullable=False),
        sa.Column("modalities", sa.JSON(), nullable=False),
        sa.Column("confidence", sa.JSON(), nullable=False),
        sa.Column("unknown", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint(
            "seconds", "starts_at", "worker_id", "model_version", "lane", name=op.f("pk_work_counts")
        ),
    )
    op.create_index("ix_webhook_attempts_started_at", "webhook_attempts", ["started_at"])
    op.create_index(
        "ix_webhook_deliveries_died",
        "webhook_deliveries",
        ["finished_at"],
        sqlite_where=_DEAD,
        postgresql_where=_DEAD,
    )


def downgrade() -> None:
    op.drop_index("ix_webhook_deliveries_died", "webhook_deliveries")
    op.drop_index("ix_webhook_attempts_started_at", "webhook_attempts")
    op.drop_table("work_counts")
