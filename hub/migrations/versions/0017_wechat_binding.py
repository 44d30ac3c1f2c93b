"""WeChat bound to a phone: the acts of binding that go on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0015"
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


def downgrade() -> None:
    op.drop_table("wechat_binding")
