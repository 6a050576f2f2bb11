"""Webhooks: endpoints that can be deleted, events that are put into words later, deliveries by endpoint

Revision: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_PENDING = sa.text("state = 'pending'")
_DEAD = sa.text("state = 'dead'")
_LEASED = sa.text("lease_until IS NOT NULL")
_KEPT = sa.text("deleted_at IS NULL")


def upgrade() -> None:
    op.drop_column("jobs", "webhook_url")
    op.add_column("jobs", sa.Column("webhook_endpoint_id", sa.String(length=36), nullable=True))

    op.add_column("webhook_endpoints", sa.Column("deaths", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("webhook_endpoints", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_index(op.f("ix_webhook_endpoints_owner_id"), "webhook_endpoints")
    op.create_index("ix_webhook_endpoints_owner_id_id", "webhook_endpoints", ["owner_id", "id"])
    op.create_index(
        "ix_webhook_endpoints_owner_url",
        "webhook_endpoints",
        ["owner_id", "url"],
        unique=True,
        sqlite_where=_KEPT,
        postgresql_where=_KEPT,
    )

    op.create_index("ix_webhook_events_created_at", "webhook_events", ["created_at"])

    op.add_column("webhook_deliveries", sa.Column("spared", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.drop_index(op.f("ix_webhook_deliveries_endpoint_id"), "webhook_deliveries")
    op.drop_index(op.f("ix_webhook_deliveries_next_attempt_at"), "webhook_deliveries")
    op.create_index("ix_webhook_deliveries_endpoint_id_id", "webhook_deliveries", ["endpoint_id", "id"])
    op.create_index(
        "ix_webhook_deliveries_due",
        "webhook_deliveries",
        ["endpoint_id", "next_attempt_at"],
        sqlite_where=_PENDING,
        postgresql_where=_PENDING,
    )
    op.create_index(
        "ix_webhook_deliveries_dead",
        "webhook_deliveries",
        ["endpoint_id", "id"],
        sqlite_where=_DEAD,
        postgresql_where=_DEAD,
    )
    op.create_index(
        "ix_webhook_deliveries_leased",
        "webhook_deliveries",
        ["endpoint_id"],
        sqlite_where=_LEASED,
        postgresql_where=_LEASED,
    )
    op.add_column("webhook_attempts", sa.Column("number", sa.Integer(), server_default=sa.text("0"), nullable=False))


def downgrade() -> None:
    op.drop_column("webhook_attempts", "number")
    op.drop_index("ix_webhook_deliveries_leased", "webhook_deliveries")
    op.drop_index("ix_webhook_deliveries_dead", "webhook_deliveries")
    op.drop_index("ix_webhook_deliveries_due", "webhook_deliveries")
    op.drop_index("ix_webhook_deliveries_endpoint_id_id", "webhook_deliveries")
    op.create_index(op.f("ix_webhook_deliveries_next_attempt_at"), "webhook_deliveries", ["next_attempt_at"])
    op.create_index(op.f("ix_webhook_deliveries_endpoint_id"), "webhook_deliveries", ["endpoint_id"])
    op.drop_column("webhook_deliveries", "spared")
    op.drop_index("ix_webhook_events_created_at", "webhook_events")
    op.drop_index("ix_webhook_endpoints_owner_url", "webhook_endpoints")
    op.drop_index("ix_webhook_endpoints_owner_id_id", "webhook_endpoints")
    op.create_index(op.f("ix_webhook_endpoints_owner_id"), "webhook_endpoints", ["owner_id"])
    op.drop_column("webhook_endpoints", "deleted_at")
    op.drop_column("webhook_endpoints", "deaths")
    op.drop_column("jobs", "webhook_endpoint_id")
    op.add_column("jobs", sa.Column("webhook_url", sa.Text(), nullable=True))
