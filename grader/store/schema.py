"""The tables. A change here needs a migration in `migrations/versions/`."""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

HEAD = "0004"
"""The newest migration; a store at another version is brought here before it is used."""

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
    Column("late", Boolean, nullable=False),
    Column("file", String, nullable=False),
    Column("sha256", ForeignKey("submissions.sha256"), nullable=True, index=True),
    Column("kind", String, nullable=False),
    Column("notes", Text, nullable=False),
    Column("contested", String, nullable=False, server_default=""),
    Column("layout", String, nullable=False, server_default=""),
)
"""Who handed in what; the attempt that counts."""

records = Table(
    "records",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("sha256", ForeignKey("submissions.sha256"), nullable=False),
    Column("kind", String, nullable=False),
    Column("key", String, nullable=False),
    Column("record", LargeBinary, nullable=True),
    Column("error", Text, nullable=False),
    Column("written", String, nullable=False),
    Index("ix_records_file", "sha256", "kind", "id"),
    sqlite_autoincrement=True,
)
"""Every record of each file; the last one counts. `key` names all that it was graded with."""

items = Table(
    "items",
    metadata,
    Column("sha256", ForeignKey("submissions.sha256"), primary_key=True),
    Column("kind", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("baseline", String, primary_key=True),
    Column("dataset", String, nullable=False),
    Column("record", LargeBinary, nullable=False),
)
"""Every item ever graded here, by what its points depend on."""

hand_scores = Table(
    "hand_scores",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("student", String, nullable=False),
    Column("item", String, nullable=False),
    Column("slot", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("parent", Integer, nullable=False),
    Column("points", Float, nullable=True),
    Column("criteria", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("comments", Text, nullable=False),
    Column("worth", Float, nullable=False),
    Column("sha256", String, nullable=False),
    Column("grader", String, nullable=False),
    Column("changed", String, nullable=False),
    UniqueConstraint("student", "item", "slot", "version", name="uq_hand_scores_version"),
    Index("ix_hand_scores_item", "item"),
    sqlite_autoincrement=True,
)
"""Every hand score ever given; the highest version counts, without points it is taken back.

`parent` is the version whose state came before: what taking back goes to, 0 for none.
"""

comments = Table(
    "comments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("item", String, nullable=False, index=True),
    Column("text", Text, nullable=False),
    Column("points", Float, nullable=False),
    Column("retired", Boolean, nullable=False),
    Column("grader", String, nullable=False),
    Column("changed", String, nullable=False),
)
"""The shared library of comments, every version; the highest counts."""
