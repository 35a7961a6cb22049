"""Jobs: submission, listing, status, log, and the actions on them."""

import asyncio
import contextlib
import uuid
from collections.abc import Awaitable
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from batchapps_service import _files, _joblog, _jobtypes, _names, _pools, _times
from batchapps_service._calls import Answer, Call, log
from batchapps_service._database import FINISHED, Base, File, Job, JobFile, JobType, LogLine, Task
from batchapps_service._errors import (
    ApiError,
    bad_request,
    deleted_meanwhile,
    not_found,
    wrong_state,
)
from batchapps_service._templates import ParameterError, Submission, TemplateError
from batchapps_service._work import job_folders

NO_FILE = frozenset({"", "None"})
"""How the original client says that there is no job file."""


def owned(call: Call, session: Session) -> Job:
    """The account's job that the path names. Raises ApiError (404)."""
    job = session.scalar(select(Job).where(Job.id == call.path["jobId"]))
    if job is None or job.account_id != call.account:
        raise not_found(f"There is no job '{call.path['jobId']}'.")
    return job


def described(call: Call, job: Job) -> dict[str, Any]:
    """A job as the API lists it; what is not known yet is left out."""
    links = call.context.links
    body: dict[str, Any] = {
        "id": job.id,
        "name": job.name,
        "type": job.type,
        "typeVersion": job.type_version,
        "status": job.status,
        "percentComplete": job.percent,
        "settings": job.settings,
        "submissionTime": _times.text(job.submitted),
        "poolId": job.pool_id,
    }
    if job.started:
        body["startTime"] = _times.text(job.started)
    if job.completed:
        body["completionTime"] = _times.text(job.completed)
    if job.task_count is not None:
        body["taskCount"] = job.task_count
        body["taskListLink"] = links.tasks(job.id)
    if job.output_digest and job.output_name:
        body["outputFileName"] = job.output_name
        body["outputLink"] = links.job_output(job.id)
    if job.preview_digest:
        body["previewLink"] = links.job_preview(job.id)
    return body


def list_jobs(call: Call) -> Answer:
    """GET /jobs"""
    condition = [Job.account_id == call.account]
    part = call.query.get("nameContains")
    if part:
        condition.append(Job.name.icontains(part, autoescape=True))
    page = select(Job).where(*condition).order_by(Job.number.desc())
    page = page.offset(call.query.get("startIndex", 0)).limit(call.query.get("maxResults", 10))
    with call.context.database.read() as session:
        total = session.scalar(select(func.count()).select_from(Job).where(*condition))
        return {
            "totalCount": total,
            "jobs": [described(call, job) for job in session.scalars(page)],
        }


def get_job(call: Call) -> Answer | Awaitable[Answer]:
    """GET /jobs/{jobId}: at once, or when its status is another"""
    job = _look(call)
    return _changed(call) if _to_wait(call, job) else job


def _look(call: Call) -> dict[str, Any]:
    with call.context.database.read() as session:
        return described(call, owned(call, session))


def _to_wait(call: Call, job: dict[str, Any]) -> bool:
    return bool(call.query.get("wait")) and job["status"] == call.query.get("unless")


async def _changed(call: Call) -> Answer:
    with call.context.waiting.on(call.path["jobId"]) as changed:
        # Looked at again: it may have changed before anybody listened.
        if _to_wait(call, job := await run_in_threadpool(_look, call)):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), call.query["wait"])
            job = await run_in_threadpool(_look, call)
        return job


def delete_job(call: Call) -> Answer:
    """DELETE /jobs/{jobId}: with its tasks, log and outputs"""
    with call.context.database.write() as session:
        job = owned(call, session)
        if job.status not in FINISHED:
            raise wrong_state(
                f"The job cannot be deleted: it is {job.status}. Cancel it, and delete it once it"
                " has ended."
            )
        parts = [one for one in Base.metadata.sorted_tables if "job_id" in one.columns]
        for table in parts:
            session.execute(delete(table).where(table.columns["job_id"] == job.id))
        session.delete(job)
    return {}


def submit(call: Call) -> Answer:
    """POST /jobs"""
    body = call.body
    directory = call.context.directory
    parameters = {one["Name"]: one["Value"] for one in body.get("Parameters", [])}
    jobtype = _jobtypes.choose(directory, body["Type"], parameters)
    files = _required_files(call)
    for name, value in parameters.items():
        if "\0" in name + value:
            raise bad_request(f"Parameter '{name}' holds a NUL character.", {name: "holds a NUL"})
    job_file = body.get("JobFile", "")
    job_file = "" if job_file in NO_FILE and job_file not in files else job_file
    submission = Submission(parameters, list(files), job_file)
    if job_file and not submission.file(job_file):
        raise bad_request(
            f"The job file '{job_file}' is not among the job's required files; add it to them.",
            {"JobFile": "is not among RequiredFiles"},
        )
    job_id = str(uuid.uuid4())
    try:
        plan = _jobtypes.load(directory, jobtype).plan(
            submission, job_folders(directory.work, job_id)
        )
        tasks = plan.task_count()
    except ParameterError as error:
        raise bad_request(
            f"The parameters do not fit the job type '{jobtype.name}': {error}", error.problems
        ) from None
    except TemplateError:
        raise _removed(jobtype) from None
    if tasks > (most := call.context.settings.max_tasks):
        text = f"The job would have {tasks:,} tasks; {most:,} is the most. Make several of it."
        raise bad_request(text, {"Parameters": "make too many tasks"})
    chosen = f"job type '{jobtype.name}', version {jobtype.version}"
    lines = [f"Submitted with {len(files)} files as {chosen}."]
    lines += [
        f"Parameter '{name}' is not defined by the job type and was ignored."
        for name in plan.ignored
    ]
    with call.context.database.write() as session:
        if session.get_one(JobType, jobtype.id).removed:
            raise _removed(jobtype)
        pool_id, auto_pool, remarks = _pools.for_job(call, session, body)
        session.add(
            Job(
                id=job_id,
                account_id=call.account,
                name=body["Name"],
                jobtype_id=jobtype.id,
                type=jobtype.name,
                type_version=jobtype.version,
                parameters=parameters,
                job_file=job_file,
                settings=body.get("Settings", ""),
                priority=body.get("Priority", "Medium"),
                pool_id=pool_id,
                auto_pool=auto_pool,
                status="NotStarted",
                submitted=_times.now(),
            )
        )
        session.flush()
        rows = [
            {"job_id": job_id, "path": path, "position": position}
            | {"digest": file.digest, "size": file.size}
            for position, (path, file) in enumerate(files.items())
        ]
        if rows:
            digests = [str(row["digest"]) for row in rows]
            if set(digests) - _files.held(session, call.account, digests).keys():
                raise deleted_meanwhile()
            session.execute(insert(JobFile), rows)
        _joblog.append(session, job_id, [(None, line) for line in [*lines, *remarks]])
    call.context.scheduler.job_changed(job_id)
    log.info("job %s submitted: %s, %d files", job_id, jobtype.name, len(files))
    return {"jobId": job_id, "link": call.context.links.job(job_id)}


def _removed(jobtype: JobType) -> ApiError:
    text = f"Version {jobtype.version} of job type '{jobtype.name}' was removed just now."
    return bad_request(f"{text} Submit the job again.", {"Type": "is not installed"})


def _required_files(call: Call) -> dict[str, File]:
    """The uploaded files that the body requires, by path, in its order. Raises ApiError (400)."""
    required: list[dict[str, str]] = call.body.get("RequiredFiles", [])
    uploaded: dict[str, list[File]] = {}
    for file in _files.named(call, [one["Name"] for one in required]):
        uploaded.setdefault(file.name, []).append(file)
    found: dict[str, File] = {}
    missing: dict[str, str] = {}
    folders: set[str] = set()
    for one in required:
        name, timestamp, digest = one["Name"], one.get("Timestamp", ""), one.get("Sha256", "")
        path = one.get("RelativePath", name)
        problem = path != name and _names.problem_with_path(path)
        if problem:
            raise bad_request(f"The relative path '{path[:200]}' {problem}.", {name: problem})
        # Without a timestamp, or with two files of one name and second, the newest upload counts.
        match = next(
            (
                file
                for file in uploaded.get(name, [])
                if timestamp in ("", file.timestamp) and digest in ("", file.digest)
            ),
            None,
        )
        if match is None:
            missing[name] = (
                f"is not uploaded with timestamp {timestamp}" if timestamp else "is not uploaded"
            )
        elif found.setdefault(path, match).digest != match.digest:
            raise bad_request(
                f"Two different required files are named '{path}'. A job's files lie in one folder;"
                " rename one of them, or keep the folders that they come from.",
                {name: "is there twice"},
            )
        folders.update(str(folder) for folder in PurePosixPath(path).parents)
    both = sorted(folders & found.keys())
    if both:
        problem = "is both a file and a folder"
        raise bad_request(f"Among the required files '{both[0]}' {problem}.", {both[0]: problem})
    if missing:
        listed = ", ".join(f"'{name}'" for name in list(missing)[:10])
        more = f" and {len(missing) - 10} more" if len(missing) > 10 else ""
        raise bad_request(
            f"Required files are not uploaded: {listed}{more}. Upload them, then submit again.",
            missing,
        )
    return found


def get_log(call: Call) -> Answer:
    """GET /jobs/{jobId}/log"""
    since = 0
    if call.query.get("since"):
        try:
            since = _times.parse_ticks(call.query["since"])
        except (ValueError, OverflowError):
            problem = f"'{call.query['since'][:100]}' is no ISO 8601 time"
            raise bad_request(f"since: {problem}", {"since": problem}) from None
    with call.context.database.read() as session:
        job = owned(call, session)
        query = (
            select(LogLine)
            .where(LogLine.job_id == job.id, LogLine.ticks > since)
            .order_by(LogLine.ticks)
            .limit(call.query.get("maxResults"))
        )
        lines = list(session.scalars(query))
    messages: list[dict[str, Any]] = []
    for line in lines:
        message = {"timestamp": _times.ticks_text(line.ticks), "text": line.text}
        messages.append(message if line.task_id is None else {"taskId": line.task_id, **message})
    body: dict[str, Any] = {"messages": messages}
    upto = lines[-1].ticks if lines else since
    if upto:
        body["upTo"] = _times.ticks_text(upto)
    return body


def _change(call: Call, taken: set[str], what: str, line: str, status: str | None) -> Answer:
    """Bring a job that is in one of the ``taken`` states into another; None: whence it was held."""
    with call.context.database.write() as session:
        job = owned(call, session)
        if job.status not in taken:
            raise wrong_state(f"The job cannot be {what}: it is {job.status}.")
        job.status = status or ("InProgress" if job.started else "NotStarted")
        _joblog.append(session, job.id, [(None, line)])
    call.context.scheduler.job_changed(job.id)
    return {}


def cancel(call: Call) -> Answer:
    """POST /jobs/{jobId}/actions/cancel"""
    taken = {"NotStarted", "InProgress", "OnHold"}
    return _change(call, taken, "cancelled", "Cancel requested.", "Cancelling")


def hold(call: Call) -> Answer:
    """POST /jobs/{jobId}/actions/hold"""
    line = "Put on hold: no more tasks start."
    return _change(call, {"NotStarted", "InProgress"}, "put on hold", line, "OnHold")


def resume(call: Call) -> Answer:
    """POST /jobs/{jobId}/actions/resume"""
    return _change(call, {"OnHold"}, "resumed", "Resumed.", None)


def reprocess(call: Call) -> Answer:
    """POST /jobs/{jobId}/actions/reprocess"""
    with call.context.database.write() as session:
        job = owned(call, session)
        if job.status not in {"Error", "OnHold"}:
            raise wrong_state(
                f"The job is {job.status}; only a job that failed can be reprocessed."
            )
        if session.get_one(JobType, job.jobtype_id).removed:
            raise wrong_state(
                f"The job cannot be reprocessed: version {job.type_version} of its job type"
                f" '{job.type}' was removed. Submit it anew."
            )
        _pools.renew(call, session, job)
        failed = Task.job_id == job.id, Task.status.in_(("Error", "Cancelled"))
        count = session.scalar(select(func.count()).select_from(Task).where(*failed))
        session.execute(
            update(Task)
            .where(*failed)
            .values(
                status="NotStarted",
                progress=0,
                message=None,
                exit_code=None,
                started=None,
                completed=None,
            )
        )
        job.status = "InProgress" if job.status == "OnHold" and job.started else "NotStarted"
        job.completed = None
        _joblog.append(session, job.id, [(None, f"Reprocessing {count} tasks.")])
    call.context.scheduler.job_changed(job.id)
    return {"jobId": job.id, "link": call.context.links.job(job.id)}
