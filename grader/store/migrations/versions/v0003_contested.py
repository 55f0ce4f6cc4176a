"""The id that an entry and something else claim, until staff decide."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; no entry of an older run is in conflict."""
    op.add_column("entries", sa.Column("contested", sa.String(), nullable=False, server_default=""))
