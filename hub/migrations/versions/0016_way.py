"""By which channel somebody showed who they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("person_session", sa.Column("way", sa.String(length=20), server_default="web", nullable=False))


def downgrade() -> None:
    op.drop_column("person_session", "way")
