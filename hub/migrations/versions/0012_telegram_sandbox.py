"""The memory of Telegram's stand-in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sandbox_telegram_chat",
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("last_id", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("blocked", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("chat_id", name=op.f("pk_sandbox_telegram_chat")),
    )
    op.create_table(
        "sandbox_telegram_message",
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("message_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("from_bot", sa.Boolean(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("chat_id", "message_id", name=op.f("pk_sandbox_telegram_message")),
    )
    op.create_index("ix_sandbox_telegram_message_sent_at", "sandbox_telegram_message", ["sent_at"])
    op.create_table(
        "sandbox_telegram_control",
        sa.Column("last_update", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("mode", sa.String(length=10), nullable=False),
        sa.Column("delay_ms", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_sandbox_telegram_control_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sandbox_telegram_control")),
    )


def downgrade() -> None:
    op.drop_table("sandbox_telegram_control")
    op.drop_table("sandbox_telegram_message")
    op.drop_table("sandbox_telegram_chat")
