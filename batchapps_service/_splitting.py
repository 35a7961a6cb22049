"""Making a submitted job ready to run: splitting it into tasks, and laying out its files."""

from collections import Counter
from functools import partial
from itertools import islice
from threading import Lock

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from batchapps_service import _contents, _joblog, _jobtypes, _work
from batchapps_service._database import Database, Job, JobFile, JobType, Task
from batchapps_service._datadir import DataDirectory
from batchapps_service._runs import JobRun
from batchapps_service._templates import Plan, Submission

SPLIT_PIECE = 5000
"""Tasks written in one transaction when a job is split."""


def prepare(directory: DataDirectory, job: Job, folders: Lock) -> tuple[JobRun, bool]:
    """Split a job, unless that was done, and lay out its files, while holding ``folders``.

    The job in progress, and whether it has its tasks already, as nobody can change them yet.
    """
    with directory.database.read() as session:
        jobtype = session.get_one(JobType, job.jobtype_id)
        query = select(JobFile).where(JobFile.job_id == job.id).order_by(JobFile.position)
        files = [(one.path, one.digest) for one in session.scalars(query)]
    bundle = _jobtypes.load(directory, jobtype)
    submission = Submission(job.parameters, [path for path, _ in files], job.job_file)
    plan = bundle.plan(submission, _work.job_folders(directory.work, job.id))
    definition = _work.JobDefinition(bundle.folder, plan.saved_values())
    with folders:
        copy_out = partial(_contents.copy_out, directory.store, directory.database)
        _work.prepare(directory.work, job.id, definition, files, copy_out)
    if job.task_count is None:
        _split(directory.database, job, plan)
    run = JobRun(
        job.id,
        job.number,
        job.name,
        JobRun.order(job.priority),
        job.pool_id,
        plan.task_count(),
        plan.merge,
        {step.name: plan.ancestors(step.name) for step in plan.steps},
        bool(plan.job.jobEnvironments) or any(step.stepEnvironments for step in plan.steps),
    )
    new = job.task_count is None
    if new:  # of many tasks, this takes a while
        with directory.database.read() as session:
            fill(session, run)
    return run, new


def fill(session: Session, run: JobRun) -> None:
    """Give a job in progress its tasks, as the database has them."""
    columns = Task.id, Task.step, Task.status, Task.attempts
    query = select(*columns).where(Task.job_id == run.id).order_by(Task.id)
    run.fill(row.tuple() for row in session.execute(query))


def _split(database: Database, job: Job, plan: Plan) -> None:
    counts: Counter[str] = Counter()
    with database.write() as session:
        # Of a split that was broken off; the task count is written last.
        session.execute(delete(Task).where(Task.job_id == job.id))
    tasks = enumerate(plan.tasks(), 1)
    # In pieces, between which others may write.
    while piece := list(islice(tasks, SPLIT_PIECE)):
        common = {"job_id": job.id, "status": "NotStarted", "progress": 0, "attempts": 0}
        rows = [
            {**common, "id": number, "step": step, "parameters": parameters}
            for number, (step, parameters) in piece
        ]
        counts.update(step for _, (step, _) in piece)
        with database.write() as session:
            session.execute(insert(Task), rows)
    total = sum(counts.values())
    listed = ", ".join(f"{step}: {count}" for step, count in counts.items())
    with database.write() as session:
        found = update(Job).where(Job.id == job.id)
        merge = total if plan.merge else None
        session.execute(found.values(task_count=total, merge_task=merge))
        _joblog.append(session, job.id, [(None, f"Split into {total} tasks ({listed}).")])
