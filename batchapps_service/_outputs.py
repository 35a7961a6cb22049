"""Tasks of a job, and the files that tasks and job leave."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from batchapps_service import _jobs, _times
from batchapps_service._calls import Answer, Call, stored_file
from batchapps_service._database import Job, Output, Task
from batchapps_service._errors import not_found, wrong_state


def _described(call: Call, output: Output) -> dict[str, Any]:
    return {
        "name": output.name,
        "kind": output.kind,
        "link": call.context.links.output(output.job_id, output.name),
        "taskId": output.task_id,
        "contentLength": output.size,
        "sha256": output.digest,
    }


def _task_described(call: Call, task: Task, outputs: list[Output]) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": task.id,
        "status": task.status,
        "step": task.step,
        "progress": task.progress,
        "attempts": task.attempts,
        "outputs": [_described(call, output) for output in outputs],
    }
    seconds = 0
    if task.started:
        body["startTime"] = _times.text(task.started)
        seconds = round(((task.completed or _times.now()) - task.started).total_seconds())
    if task.completed:
        body["completionTime"] = _times.text(task.completed)
    body |= {"coreCount": 1, "chargeTime": 0, "nonChargeTime": max(seconds, 0)}
    if task.worker:
        body["instanceId"] = task.worker
    if task.exit_code is not None:
        body["exitCode"] = task.exit_code
    if task.message:
        body["message"] = task.message
    return body


def list_tasks(call: Call) -> Answer:
    """GET /jobs/{jobId}/tasks: those that were started, by ascending id"""
    started = select(Task).where(Task.started.is_not(None)).order_by(Task.id)
    page = started.offset(call.query.get("startIndex")).limit(call.query.get("maxResults"))
    with call.context.database.read() as session:
        job = _jobs.owned(call, session)
        tasks = session.scalars(page.where(Task.job_id == job.id)).all()
        outputs: dict[int, list[Output]] = {}
        ids = (tasks[0].id, tasks[-1].id) if tasks else (0, 0)
        listing = (
            select(Output)
            .where(Output.job_id == job.id, Output.task_id.between(*ids))
            .order_by(Output.made_by_service, Output.name)
        )
        for output in session.scalars(listing):
            outputs.setdefault(output.task_id, []).append(output)
        return {"tasks": [_task_described(call, one, outputs.get(one.id, [])) for one in tasks]}


def _owned_task(call: Call, session: Session) -> Task:
    job = _jobs.owned(call, session)
    text = call.path["taskId"]
    # The database takes no number of more digits.
    is_number = text.isascii() and text.isdecimal() and len(text) <= 18
    task = session.get(Task, (job.id, int(text))) if is_number else None
    if task is None:
        raise not_found(f"The job has no task '{text}'.")
    return task


def list_task_outputs(call: Call) -> Answer:
    """GET /jobs/{jobId}/tasks/{taskId}/outputs/files"""
    with call.context.database.read() as session:
        task = _owned_task(call, session)
        query = (
            select(Output)
            .where(Output.job_id == task.job_id, Output.task_id == task.id)
            .order_by(Output.made_by_service, Output.name)
        )
        return {"outputs": [_described(call, output) for output in session.scalars(query)]}


def cancel_task(call: Call) -> Answer:
    """POST /jobs/{jobId}/tasks/{taskId}/actions/cancel"""
    with call.context.database.read() as session:
        task = _owned_task(call, session)
    if task.status != "InProgress":
        raise wrong_state(f"The task cannot be cancelled: it is {task.status}, not running.")
    call.context.scheduler.task_cancelled(task.job_id, task.id)
    return {}


def list_job_outputs(call: Call) -> Answer:
    """GET /jobs/{jobId}/outputs: the final ones"""
    links = call.context.links
    with call.context.database.read() as session:
        job = _jobs.owned(call, session)
    outputs: list[dict[str, Any]] = []
    if job.output_digest:
        link = links.job_output(job.id)
        outputs.append({"name": job.output_name, "kind": "JobOutput", "link": link})
    if job.preview_digest:
        link = links.job_preview(job.id)
        outputs.append({"name": job.preview_name, "kind": "JobPreview", "link": link})
    return {"jobOutputs": outputs}


def list_output_files(call: Call) -> Answer:
    """GET /jobs/{jobId}/outputs/files: what the tasks before the merge left"""
    with call.context.database.read() as session:
        job = _jobs.owned(call, session)
        query = select(Output).where(Output.job_id == job.id)
        if job.merge_task is not None:
            query = query.where(Output.task_id != job.merge_task)
        query = query.order_by(Output.task_id, Output.made_by_service, Output.name)
        return {"outputs": [_described(call, output) for output in session.scalars(query)]}


def get_output_file(call: Call) -> Answer:
    """GET and HEAD /jobs/{jobId}/outputs/files/{name}"""
    with call.context.database.read() as session:
        job = _jobs.owned(call, session)
        output = session.get(Output, (job.id, call.path["name"]))
    if output is None:
        raise not_found(f"The job has no output '{call.path['name']}'.")
    return stored_file(call, output.digest, output.name)


def _job(call: Call) -> Job:
    with call.context.database.read() as session:
        return _jobs.owned(call, session)


def get_job_output(call: Call) -> Answer:
    """GET and HEAD /jobs/{jobId}/outputs/output"""
    job = _job(call)
    if not job.output_digest or not job.output_name:
        raise not_found(f"The job has no output; it is {job.status}.")
    return stored_file(call, job.output_digest, job.output_name)


def get_job_preview(call: Call) -> Answer:
    """GET and HEAD /jobs/{jobId}/outputs/preview"""
    job = _job(call)
    if not job.preview_digest or not job.preview_name:
        raise not_found(f"The job has no preview; it is {job.status}.")
    return stored_file(call, job.preview_digest, job.preview_name)
