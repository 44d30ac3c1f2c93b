"""WeChat: the shared access token, signatures seen, codes that carry a chat over, and the stand-in's memory."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "wechat_token",
        sa.Column("app_id", sa.String(length=32), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("app_id", name=op.f("pk_wechat_token")),
    )
    op.create_table(
        "wechat_call",
        sa.Column("signature", sa.String(length=64), nullable=False),
        sa.Column("body", sa.String(length=64), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("signature", name=op.f("pk_wechat_call")),
    )
    op.create_index(op.f("ix_wechat_call_seen_at"), "wechat_call", ["seen_at"])
    op.create_table(
        "wechat_carry",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("scanned_by", sa.String(length=64), nullable=True),
        sa.Column("settled_by", sa.String(length=64), nullable=True),
        sa.Column("agreed", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_wechat_carry")),
    )
    op.create_index(op.f("ix_wechat_carry_expires_at"), "wechat_carry", ["expires_at"])
    op.create_index(op.f("ix_wechat_carry_scanned_by"), "wechat_carry", ["scanned_by"])
    op.create_table(
        "sandbox_wechat",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name=op.f("pk_sandbox_wechat")),
    )
    op.create_index("ix_sandbox_wechat_kind", "sandbox_wechat", ["kind", "at"])
    op.create_table(
        "sandbox_wechat_control",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("mode", sa.String(length=10), nullable=False),
        sa.Column("delay_ms", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_sandbox_wechat_control_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sandbox_wechat_control")),
    )


def downgrade() -> None:
    for table in ("sandbox_wechat_control", "sandbox_wechat", "wechat_carry", "wechat_call", "wechat_token"):
        op.drop_table(table)
