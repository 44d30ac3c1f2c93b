"""WeChat bound to a phone, a second way for messages, by which way people want to be told, how strong ways are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "wechat_binding",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sender", sa.LargeBinary(), nullable=True),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wechat_binding")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_wechat_binding_state_hash")),
    )
    op.create_index(op.f("ix_wechat_binding_browser_hash"), "wechat_binding", ["browser_hash"])
    op.create_index(op.f("ix_wechat_binding_expires_at"), "wechat_binding", ["expires_at"])
    op.add_column("outbox_message", sa.Column("otherwise", sa.LargeBinary(), nullable=True))
    op.add_column("outbox_message", sa.Column("instead_of", sa.String(length=20), nullable=True))
    # 30: a page or token of our own; 20: a messenger. Text messages tell nothing personal whatever stands here
    op.add_column(
        "person_session", sa.Column("strength", sa.SmallInteger(), server_default=sa.text("30"), nullable=False)
    )
    op.add_column(
        "channel_identity", sa.Column("strength", sa.SmallInteger(), server_default=sa.text("20"), nullable=False)
    )
    op.create_table(
        "notice_setting",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("way", sa.String(length=20), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], ondelete="CASCADE", name=op.f("fk_notice_setting_person_id_person")
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_notice_setting")),
    )


def downgrade() -> None:
    op.drop_table("notice_setting")
    op.drop_column("channel_identity", "strength")
    op.drop_column("person_session", "strength")
    op.drop_column("outbox_message", "instead_of")
    op.drop_column("outbox_message", "otherwise")
    op.drop_table("wechat_binding")
