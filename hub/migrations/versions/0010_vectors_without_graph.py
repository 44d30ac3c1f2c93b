"""The graph over the vectors is made where PostgreSQL searches them; most installations search in memory."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("drop index if exists ix_embedding_vector")


def downgrade() -> None:
    op.create_index(
        "ix_embedding_vector", "embedding", ["vector"],
        postgresql_using="hnsw", postgresql_ops={"vector": "vector_ip_ops"},
    )  # fmt: skip
