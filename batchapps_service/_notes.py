"""What the engine writes of tasks, by the hundred."""

from functools import cache
from typing import Any

from sqlalchemy import Update, bindparam, update
from sqlalchemy.orm import Session

from batchapps_service import _joblog
from batchapps_service._database import Job, Task
from batchapps_service._runs import JobRun


class Notes:
    """Changes of one transaction that are written together, as they come by the hundred."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget all, for a new transaction."""
        self.changed: set[str] = set()
        """Jobs with another status than before the transaction."""
        self._tasks: dict[tuple[str, int], dict[str, Any]] = {}
        self._lines: dict[str, list[tuple[int | None, str]]] = {}
        self._runs: dict[str, JobRun] = {}

    def task(self, job_id: str, task_id: int, **values: Any) -> None:
        """Change a task's row."""
        self._tasks.setdefault((job_id, task_id), {}).update(values)

    def line(self, job_id: str, task_id: int | None, text: str) -> None:
        """Add a line to a job's log."""
        self._lines.setdefault(job_id, []).append((task_id, text))

    def percent(self, run: JobRun) -> None:
        """Bring a job's percentage up to date."""
        self._runs[run.id] = run

    def write(self, session: Session) -> None:
        """Write what was noted, and forget it."""
        alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for (job_id, task_id), values in self._tasks.items():
            row = {"this_job": job_id, "this_task": task_id, **values}
            alike.setdefault(tuple(sorted(values)), []).append(row)
        for names, rows in alike.items():
            session.connection().execute(_change(names), rows)
        for job_id, lines in self._lines.items():
            _joblog.append(session, job_id, lines)
        for run in self._runs.values():
            session.execute(update(Job).where(Job.id == run.id).values(percent=run.percent))
        self._tasks, self._lines, self._runs = {}, {}, {}


@cache
def _change(names: tuple[str, ...]) -> Update:
    # Without the ORM, which takes longer than SQLite.
    table = Task.__table__
    this = table.c.job_id == bindparam("this_job"), table.c.id == bindparam("this_task")
    return update(Task).where(*this).values({name: bindparam(name) for name in names})
