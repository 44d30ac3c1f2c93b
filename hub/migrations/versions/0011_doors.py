"""Doors: people as channels know them, messages that leave through a door in order, parts that went out, pace."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "channel_identity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(length=14), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("sender_hash", sa.String(length=64), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("in_group", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pushed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("blocked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_channel_identity_person_id_person"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_identity")),
        sa.UniqueConstraint(
            "channel", "account", "sender_hash", name=op.f("uq_channel_identity_channel_account_sender_hash")
        ),
    )
    for column in ("conversation_id", "person_id", "heard_at"):
        op.create_index(op.f(f"ix_channel_identity_{column}"), "channel_identity", [column])
    op.add_column("conversation", sa.Column("door_id", sa.Uuid(), nullable=True))
    op.create_index(
        "uq_message_door_key", "message", ["external_id"], unique=True,
        postgresql_where=sa.text("external_id like 'door:%'"),
    )  # fmt: skip
    op.add_column("outbox_message", sa.Column("place", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_outbox_message_line", "outbox_message", ["conversation_id", "channel", "place"],
        postgresql_where=sa.text("place is not null and due_at is not null"),
    )  # fmt: skip
    op.create_table(
        "channel_part",
        sa.Column("outbox_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.SmallInteger(), nullable=False),
        sa.Column("channel", sa.String(length=14), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("party_id", sa.String(length=128), nullable=True),
        sa.Column("last", sa.Boolean(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("outbox_id", "part", name=op.f("pk_channel_part")),
    )
    op.create_index("ix_channel_part_party_id", "channel_part", ["channel", "party_id"])
    op.create_index(op.f("ix_channel_part_sent_at"), "channel_part", ["sent_at"])
    op.create_table(
        "channel_pace",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("free_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_channel_pace")),
    )


def downgrade() -> None:
    op.drop_table("channel_pace")
    op.drop_table("channel_part")
    op.drop_index("ix_outbox_message_line", table_name="outbox_message")
    op.drop_column("outbox_message", "place")
    op.drop_index("uq_message_door_key", table_name="message")
    op.drop_column("conversation", "door_id")
    op.drop_table("channel_identity")
