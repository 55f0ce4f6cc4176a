"""What persons give: hand scores with every version kept, and a library of comments."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of the hand-graded items."""
    op.create_table(
        "hand_scores",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("student", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("slot", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("parent", sa.Integer(), nullable=False),
        sa.Column("points", sa.Float(), nullable=True),
        sa.Column("criteria", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("comments", sa.Text(), nullable=False),
        sa.Column("worth", sa.Float(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("grader", sa.String(), nullable=False),
        sa.Column("changed", sa.String(), nullable=False),
        sa.UniqueConstraint("student", "item", "slot", "version", name="uq_hand_scores_version"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_hand_scores_item", "hand_scores", ["item"])
    op.create_table(
        "comments",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("points", sa.Float(), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.Column("grader", sa.String(), nullable=False),
        sa.Column("changed", sa.String(), nullable=False),
    )
    op.create_index("ix_comments_item", "comments", ["item"])
