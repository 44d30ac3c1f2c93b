"""How satisfied people were with a talk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "conversation_rating",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("handoff_id", sa.Uuid(), nullable=True),
        sa.Column("agent", sa.String(length=64), nullable=True),
        sa.Column("score", sa.SmallInteger(), nullable=False),
        sa.Column("comment", sa.LargeBinary(), nullable=True),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], ondelete="CASCADE",
            name=op.f("fk_conversation_rating_conversation_id_conversation"),
        ),
        sa.ForeignKeyConstraint(
            ["handoff_id"], ["handoff.id"], ondelete="CASCADE",
            name=op.f("fk_conversation_rating_handoff_id_handoff"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation_rating")),
        sa.UniqueConstraint(
            "conversation_id", "handoff_id", name="uq_conversation_rating_talk", postgresql_nulls_not_distinct=True
        ),
    )  # fmt: skip
    op.create_index(op.f("ix_conversation_rating_rated_at"), "conversation_rating", ["rated_at"])


def downgrade() -> None:
    op.drop_table("conversation_rating")
