"""Text messages: what carriers were given, and who wants none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sms_handover",
        sa.Column("message_id", sa.String(length=64), nullable=False),
        sa.Column("carrier", sa.String(length=10), nullable=False),
        sa.Column("template", sa.String(length=40), nullable=False),
        sa.Column("phone_hash", sa.String(length=64), nullable=False),
        sa.Column("segments", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("carrier_id", sa.String(length=100), nullable=True),
        sa.Column("reason", sa.String(length=60), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("message_id", "carrier", name=op.f("pk_sms_handover")),
    )
    op.create_index("ix_sms_handover_carrier_id", "sms_handover", ["carrier", "carrier_id"])
    op.create_index("ix_sms_handover_phone", "sms_handover", ["phone_hash", "at"])
    op.create_index(op.f("ix_sms_handover_at"), "sms_handover", ["at"])
    op.create_table(
        "sms_wish",
        sa.Column("phone_hash", sa.String(length=64), nullable=False),
        sa.Column("opted_out", sa.Boolean(), nullable=False),
        sa.Column("silent", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("phone_hash", name=op.f("pk_sms_wish")),
    )


def downgrade() -> None:
    op.drop_table("sms_wish")
    op.drop_table("sms_handover")
