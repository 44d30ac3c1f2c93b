"""Returns that were filed here."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "filing_sheet",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("taxpayer_id", sa.String(length=64), nullable=False),
        sa.Column("obligation_id", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("trace_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_filing_sheet")),
    )
    op.create_index("ix_filing_sheet_person_id_digest", "filing_sheet", ["person_id", "digest"])
    op.create_index(op.f("ix_filing_sheet_made_at"), "filing_sheet", ["made_at"])
    op.create_table(
        "tax_return",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("sheet_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("taxpayer_id", sa.String(length=64), nullable=False),
        sa.Column("obligation_id", sa.String(length=64), nullable=False),
        sa.Column("form", sa.String(length=40), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_to", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("return_id", sa.String(length=64), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("receipt", sa.LargeBinary(), nullable=True),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["sheet_id"], ["filing_sheet.id"], name=op.f("fk_tax_return_sheet_id_filing_sheet")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_return")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_tax_return_key_hash")),
        sa.UniqueConstraint("sheet_id", name=op.f("uq_tax_return_sheet_id")),
    )
    op.create_index("ix_tax_return_taxpayer_id_confirmed_at", "tax_return", ["taxpayer_id", "confirmed_at"])
    op.create_index(op.f("ix_tax_return_return_id"), "tax_return", ["return_id"])
    op.create_index(
        "ix_tax_return_pending", "tax_return", ["next_attempt_at"], postgresql_where=sa.text("status = 'pending'")
    )
    op.create_table(
        "filing_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_filing_batch")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_filing_batch_key_hash")),
    )
    op.create_index(op.f("ix_filing_batch_person_id"), "filing_batch", ["person_id"])
    op.create_table(
        "filing_batch_row",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("problem", sa.LargeBinary(), nullable=True),
        sa.Column("sheet_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["filing_batch.id"], name=op.f("fk_filing_batch_row_batch_id_filing_batch")
        ),
        sa.ForeignKeyConstraint(
            ["sheet_id"], ["filing_sheet.id"], name=op.f("fk_filing_batch_row_sheet_id_filing_sheet")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_filing_batch_row")),
        sa.UniqueConstraint("batch_id", "position", name=op.f("uq_filing_batch_row_batch_id_position")),
    )


def downgrade() -> None:
    for table in ("filing_batch_row", "filing_batch", "tax_return", "filing_sheet"):
        op.drop_table(table)
