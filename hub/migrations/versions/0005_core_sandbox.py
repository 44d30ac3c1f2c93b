"""The sandbox of the core system."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "core_sandbox_control",
        sa.Column("operation", sa.String(length=20), nullable=False),
        sa.Column("mode", sa.String(length=10), nullable=False),
        sa.Column("delay_ms", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("operation", name=op.f("pk_core_sandbox_control")),
    )
    op.create_table(
        "core_sandbox_taxpayer",
        sa.Column("taxpayer_id", sa.String(length=20), nullable=False),
        sa.Column("file", sa.LargeBinary(), nullable=False),
        sa.Column("balance", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer_id", name=op.f("pk_core_sandbox_taxpayer")),
    )
    op.create_table(
        "core_sandbox_return",
        sa.Column("return_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("taxpayer_id", sa.String(length=20), nullable=False),
        sa.Column("obligation_id", sa.String(length=60), nullable=False),
        sa.Column("period_to", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("in_force", sa.Boolean(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("return_id", name=op.f("pk_core_sandbox_return")),
        sa.UniqueConstraint("request_id", name=op.f("uq_core_sandbox_return_request_id")),
    )
    op.create_index(
        "uq_core_sandbox_return_in_force", "core_sandbox_return", ["obligation_id"], unique=True,
        postgresql_where=sa.text("in_force"),
    )  # fmt: skip
    op.create_index("ix_core_sandbox_return_taxpayer", "core_sandbox_return", ["taxpayer_id", "period_to"])
    op.create_table(
        "core_sandbox_charge",
        sa.Column("charge_id", sa.String(length=36), nullable=False),
        sa.Column("taxpayer_id", sa.String(length=20), nullable=False),
        sa.Column("return_id", sa.String(length=36), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("in_force", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("charge_id", name=op.f("pk_core_sandbox_charge")),
    )
    op.create_index("ix_core_sandbox_charge_taxpayer", "core_sandbox_charge", ["taxpayer_id", "due_on"])
    op.create_table(
        "core_sandbox_settlement",
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("taxpayer_id", sa.String(length=20), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_core_sandbox_settlement")),
    )
    op.create_index(op.f("ix_core_sandbox_settlement_taxpayer_id"), "core_sandbox_settlement", ["taxpayer_id"])


def downgrade() -> None:
    for table in ("settlement", "charge", "return", "taxpayer", "control"):
        op.drop_table(f"core_sandbox_{table}")
