"""How the database of an earlier release becomes that of this one.

Each step leads to the next version of the schema; none is changed once it is released.
"""

from collections.abc import Callable

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, text


def _to_2(op: Operations) -> None:
    """Contents that nobody needs are found by their digests."""
    op.create_index("job_file_by_digest", "job_file", ["digest"])
    op.create_index("output_by_digest", "output", ["digest"])
    op.create_index("job_by_output", "job", ["output_digest"])
    op.create_index("job_by_preview", "job", ["preview_digest"])


def _to_3(op: Operations) -> None:
    """Tasks that were started are counted off without being looked at."""
    started = text("started IS NOT NULL")
    op.create_index("task_by_start", "task", ["job_id", "id"], sqlite_where=started)


STEPS: tuple[Callable[[Operations], None], ...] = (_to_2, _to_3)


def migrate(connection: Connection) -> None:
    """Take the steps that the database lacks, within the transaction."""
    version = connection.exec_driver_sql("PRAGMA user_version").scalar() or 0
    with Operations.context(MigrationContext.configure(connection)) as op:
        for step in STEPS[version - 1 :]:
            step(op)
