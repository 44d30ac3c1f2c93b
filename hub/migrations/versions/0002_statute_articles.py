"""Articles of the statutes that an installation has imported."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "statute_article",
        sa.Column("document_id", sa.String(length=80), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("after", sa.Integer(), nullable=False),
        sa.Column("chapter", sa.String(length=200), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_statute_article_document_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("document_id", "number", "after", name=op.f("pk_statute_article")),
    )


def downgrade() -> None:
    op.drop_table("statute_article")
