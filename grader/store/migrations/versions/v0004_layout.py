"""How the download was laid out in which an entry was found."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of the entries of an older run nobody knows it."""
    op.add_column("entries", sa.Column("layout", sa.String(), nullable=False, server_default=""))
