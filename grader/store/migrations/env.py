"""Where alembic enters: it runs the steps on the connection, in the transaction, it is given."""

from alembic import context

from grader.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite can't alter most of a table; alembic then copies it.
    render_as_batch=True,
)
context.run_migrations()
