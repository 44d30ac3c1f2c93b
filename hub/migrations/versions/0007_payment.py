"""Payment orders and reconciliation; the memory of the stand-ins of wallets and bank."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "payment_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("asked_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("taxpayer_id", sa.String(length=40), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("device", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("sheet", sa.LargeBinary(), nullable=False),
        sa.Column("opened", sa.LargeBinary(), nullable=True),
        sa.Column("arrived", sa.LargeBinary(), nullable=True),
        sa.Column("receipt", sa.LargeBinary(), nullable=True),
        sa.Column("trace_id", sa.Uuid(), nullable=True),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_order")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_payment_order_key_hash")),
    )
    op.create_index("ix_payment_order_taxpayer_id", "payment_order", ["taxpayer_id"])
    op.create_index("ix_payment_order_state", "payment_order", ["state"])
    op.create_index("ix_payment_order_paid_on", "payment_order", ["paid_on"])
    op.create_table(
        "payment_order_charge",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("charge_id", sa.String(length=64), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["payment_order.id"], name=op.f("fk_payment_order_charge_order_id_payment_order")
        ),
        sa.PrimaryKeyConstraint("order_id", "charge_id", name=op.f("pk_payment_order_charge")),
    )
    op.create_index(
        "uq_payment_order_charge_open",
        "payment_order_charge",
        ["charge_id"],
        unique=True,
        postgresql_where=sa.text("open"),
    )
    op.create_table(
        "payment_reconciliation",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("findings", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("day", "method", name=op.f("pk_payment_reconciliation")),
    )
    op.create_table(
        "sandbox_payment",
        sa.Column("party", sa.String(length=10), nullable=False),
        sa.Column("order_id", sa.String(length=32), nullable=False),
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("party", "order_id", name=op.f("pk_sandbox_payment")),
        sa.UniqueConstraint("reference", name=op.f("uq_sandbox_payment_reference")),
    )
    op.create_index("ix_sandbox_payment_day", "sandbox_payment", ["party", "day"])
    op.create_table(
        "sandbox_payment_control",
        sa.Column("party", sa.String(length=10), nullable=False),
        sa.Column("mode", sa.String(length=10), nullable=False),
        sa.Column("delay_ms", sa.Integer(), nullable=False),
        sa.Column("notices", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("party", name=op.f("pk_sandbox_payment_control")),
    )


def downgrade() -> None:
    for table in (
        "sandbox_payment_control",
        "sandbox_payment",
        "payment_reconciliation",
        "payment_order_charge",
        "payment_order",
    ):
        op.drop_table(table)
