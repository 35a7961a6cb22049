"""What programs of today write, with the types that an editor shows for it.

It is type-checked and not run: by the tests, and by `scripts/api_changes.py` with the package of
the next release. A comment that silences an error is an error itself where there is none, so the
mistakes below must be told by the type checker.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import assert_type

import httpx
from batchapps_management import Client
from batchapps_management.api.jobs import list_jobs
from batchapps_management.models import Error, Job, JobList

from batchapps import (
    AzureOAuth,
    BatchAppsException,
    Configuration,
    Credentials,
    FileCollection,
    FileManager,
    JobManager,
    JobSubmission,
    LogLine,
    NotFoundException,
    OutputInfo,
    Pool,
    PoolManager,
    RestCallException,
    SubmittedJob,
    Task,
    UserFile,
)

cfg = Configuration(jobtype="ImageResize", log_level="info")
assert_type(cfg.aad_config(validate=False), dict[str, str])
assert_type(cfg.get("width"), str | None)
creds = AzureOAuth.get_unattended_session(cfg)
assert_type(creds, Credentials)
jobs, files, pools = JobManager(creds), FileManager(creds), PoolManager(creds)


def told(percent: float, done: float, total: float) -> None:
    print(percent, done, total)


def submit_wait_download() -> list[str]:
    job = jobs.submit(jobs.create_job("x", files=files.files_from_dir("in", pattern=["*.png"])))
    job.wait(timeout=600, poll=5, patience=60, callback=lambda job: print(job.percentage))
    return job.download("out", intermediate=True, callback=told)


new = jobs.create_job("x", params={"width": 5}, priority="High")
assert_type(new, JobSubmission)
assert_type(new.name, str)
assert_type(new.required_files, FileCollection)
assert_type(new.instances, int)
assert_type(new.pool, Pool | str | None)
new.width = 300
new.instances = "many"  # type: ignore[assignment]

job = jobs.get_job(jobid="1")
assert_type(job, SubmittedJob)
assert_type(job.id, str)
assert_type(job.status, str)
assert_type(job.percentage, int)
assert_type(job.time_submitted, str | None)
assert_type(job.submitted_at, datetime | None)
assert_type(job.started_at, datetime | None)
assert_type(job.completed_at, datetime | None)
assert_type(job.output_filename, str | None)
assert_type(job.details, Job)
assert_type(job.wait(), SubmittedJob)
assert_type(job["id"], str)
assert_type(job.get_tasks(), list[Task])
assert_type(job.list_all_outputs(), list[OutputInfo])
assert_type(job.cancel(), bool)
job.wiat()  # type: ignore[attr-defined]
print(job.precentage)  # type: ignore[attr-defined]
job.wait(timeout="soon")  # type: ignore[arg-type]

for each in jobs:
    assert_type(each, SubmittedJob)
assert_type(jobs.iter_jobs(name="x"), Iterator[SubmittedJob])
for line in job.iter_logs(follow=True):
    assert_type(line, LogLine)
    assert_type(line.time, datetime | None)
    assert_type(line.task, int | None)
for task in job.get_tasks():
    assert_type(task.id, int)
    assert_type(task.completed_at, datetime | None)
    for output in task.outputs:
        assert_type(output["name"], str)
        output["nmae"]  # type: ignore[typeddict-item]
for file in files:
    assert_type(file, UserFile)
    assert_type(file.get_last_modified(), str)
for pool in pools:
    assert_type(pool, Pool)
    assert_type(pool.created_at, datetime | None)

collection = files.files_from_dir("in")
assert_type(collection[0], UserFile)
assert_type(collection["a.png"], list[UserFile])
assert_type(collection.missing(), FileCollection)
assert_type(collection.upload(callback=told), list[tuple[UserFile, str]])

try:
    submit_wait_download()
except NotFoundException as error:
    assert_type(error.status, int | None)
    assert_type(error.code, str | None)
    assert_type(error.request_id, str | None)
    assert_type(error.server_message, str | None)
except RestCallException as error:
    assert_type(error.retry_after, float | None)
except BatchAppsException as error:
    print(error)

client = Client(base_url="").set_httpx_client(creds.get_session())
assert_type(list_jobs.sync(client=client), JobList | Error | None)
assert_type(creds.get_async_session(), httpx.AsyncClient)
