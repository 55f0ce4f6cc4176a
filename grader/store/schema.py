"""The tables. A change here needs a migration in `migrations/versions/`."""

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()

settings = Table(
    "settings",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", Text, nullable=False),
)
"""Of the run: assignment, rubric, options."""

submissions = Table(
    "submissions",
    metadata,
    Column("sha256", String, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
"""The files themselves, each once."""

entries = Table(
    "entries",
    metadata,
    Column("student", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("late", Integer, nullable=False),
    Column("file", String, nullable=False),
    Column("sha256", ForeignKey("submissions.sha256"), nullable=False, index=True),
    Column("error", Text, nullable=False, default=""),
)
"""Who handed in what; the attempt that counts."""

records = Table(
    "records",
    metadata,
    Column("sha256", ForeignKey("submissions.sha256"), primary_key=True),
    Column("key", String, nullable=False),
    Column("record", LargeBinary, nullable=False),
    Column("written", String, nullable=False),
)
"""The record that counts of each file; `key` names everything that it was graded with."""

items = Table(
    "items",
    metadata,
    Column("sha256", ForeignKey("submissions.sha256"), primary_key=True),
    Column("key", String, primary_key=True),
    Column("item", String, nullable=False, index=True),
    Column("record", LargeBinary, nullable=False),
)
"""Every item ever graded here, by what its points depend on."""

hand_scores = Table(
    "hand_scores",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("student", String, nullable=False, index=True),
    Column("item", String, nullable=False, index=True),
    Column("slot", String, nullable=False),
    Column("points", Float),
    Column("criteria", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("grader", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("changed", String, nullable=False),
)
"""Every hand score ever given, newest version last; without points: taken back."""

comments = Table(
    "comments",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("item", String, nullable=False, index=True),
    Column("text", Text, nullable=False),
    Column("points", Float, nullable=False),
    Column("version", Integer, nullable=False),
)
"""The shared library of comments and what each does to the points."""
