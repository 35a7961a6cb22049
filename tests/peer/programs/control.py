"""Jobs that fail, are run again and are cancelled; a token that expires; what is refused."""

import time

from _session import done, given, poll, raised, sign_in

from batchapps import AzureOAuth, FileManager, JobManager, PoolManager
from batchapps.job import SubmittedJob

cfg, creds = sign_in()
jobs = JobManager(creds, cfg=cfg)
files = FileManager(creds, cfg=cfg)
pool = PoolManager(creds, cfg=cfg).create(target_size=2)


def submitted(name, **parameters):
    job = jobs.create_job(name, pool=pool)
    for key, value in parameters.items():
        setattr(job, key, value)
    job.add_file_collection(files.create_file_set(files.file_from_path(given["file"])))
    job.set_job_file(0)
    return jobs.get_job(jobid=jobs.submit(job)["id"])


# A task fails, and does so again; late enough that the job is seen to run in between.
failing = submitted("Fails", FailAt="2", Sleep="2")
failed = poll(failing, "Error", "Complete")
failed_tasks = {task.id: task.status for task in failing.get_tasks()}
reprocess = failing.reprocess()
failing.update()
again = poll(failing, "Error", "Complete")
starts = [m["text"] for m in failing.get_logs(max_lines=1000)["messages"]]
cancel_failed = failing.cancel()
no_output = raised(failing.get_output, given["results"])
no_thumbnail = raised(failing.get_thumbnail, given["results"])

# A task is cancelled, and then a job.
running = submitted("Runs", Count="2", Sleep="600")
poll(running, "InProgress")
end = time.time() + 30
while not running.get_tasks() and time.time() < end:
    time.sleep(0.1)
task = running.tasks[0]
cancel_task = task.cancel()
cancel_task_again = None
while time.time() < end:
    if {each.id: each.status for each in running.get_tasks()}[task.id] == "Cancelled":
        cancel_task_again = task.cancel()
        break
    time.sleep(0.1)
cancel = running.cancel()
poll(running, "Cancelled")
cancel_again = running.cancel()

# An expired token is renewed without a word, and the service's refusal of one is not hidden.
expired = dict(creds.token)
creds.token["expires_at"] = time.time() - 10
renewed = len(jobs.get_jobs())
is_new = creds.token["access_token"] != expired["access_token"]
creds.token["access_token"] = "nonsense"
refused_token = raised(jobs.get_jobs)
cfg, creds = sign_in()
jobs = JobManager(creds, cfg=cfg)
files = FileManager(creds, cfg=cfg)

unknown = {
    "job": raised(jobs.get_job, jobid="no-such-job"),
    "cancel": raised(SubmittedJob(jobs._client, "no-such-job", "x", "Words").cancel),
    "logs": SubmittedJob(jobs._client, "no-such-job", "x", "Words").get_logs(),
}
missing_file = jobs.create_job("No file", params={"Count": "1"})
missing_file.add_file_collection(files.create_file_set(files.file_from_path(given["other"])))
bad = {
    "parameter": raised(jobs.create_job("Bad", params={"Count": "many"}).submit),
    "file": raised(missing_file.submit),
    "pool": raised(jobs.create_job("Bad", params={}, pool="no-such-pool").submit),
}
cfg.aad_config(key="wrong", unattended=True)
wrong_key = raised(AzureOAuth.get_unattended_session, cfg)

done(
    failed=failed,
    failed_tasks=failed_tasks,
    reprocess=reprocess,
    again=again,
    starts=starts,
    cancel_failed=cancel_failed,
    no_output=no_output,
    no_thumbnail=no_thumbnail,
    cancel_task=cancel_task,
    cancel_task_again=cancel_task_again,
    cancel=cancel,
    cancel_again=cancel_again,
    renewed=renewed,
    is_new=is_new,
    refused_token=refused_token,
    unknown=unknown,
    bad=bad,
    wrong_key=wrong_key,
)
