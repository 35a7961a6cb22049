"""A job's log: lines whose timestamps rise, so that it can be polled without loss or repeats."""

from collections.abc import Iterable

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from batchapps_service import _times
from batchapps_service._attempts import MAX_LINE
from batchapps_service._database import Job, LogLine


def append(session: Session, job_id: str, lines: Iterable[tuple[int | None, str]]) -> None:
    """Add ``(task id or None, text)`` lines to a job's log, in order."""
    last = session.scalar(select(Job.log_ticks).where(Job.id == job_id))
    if last is None:  # the job was deleted, and leaving its environments said something more
        return
    rows = []
    for task_id, text in lines:
        last = max(last + 1, _times.now_ticks())
        rows.append({"job_id": job_id, "ticks": last, "task_id": task_id, "text": text[:MAX_LINE]})
    if rows:
        # Without the ORM, which takes longer than SQLite.
        session.connection().execute(insert(LogLine), rows)
        session.execute(update(Job).where(Job.id == job_id).values(log_ticks=last))
