"""Runs a job's tasks through OpenJD on Dask by hand: a session and a folder of its own for each.

It reads the template's path, the number of tasks, that of workers and a folder from a JSON object
on its standard input, and prints the seconds from the first task's start to the last one's end.
"""

import json
import sys
import tempfile
import threading
import time
from functools import lru_cache
from pathlib import Path

import yaml
from distributed import Client, LocalCluster
from openjd.model import (
    StepParameterSpaceIterator,
    create_job,
    decode_job_template,
    preprocess_job_parameters,
)
from openjd.sessions import ActionState, Session, SessionState


@lru_cache
def job_of(template: str, tasks: str, out: str):
    decoded = decode_job_template(template=yaml.safe_load(Path(template).read_text()))
    values = preprocess_job_parameters(
        job_template=decoded,
        job_parameter_values={"Tasks": tasks, "Out": out},
        job_template_dir=Path(template).parent,
        current_working_dir=Path(out),
    )
    return create_job(job_template=decoded, job_parameter_values=values), values


def run_task(task, template: str, tasks: str, out: str) -> bool:
    job, values = job_of(template, tasks, out)
    done = threading.Event()

    def on_status(_session_id, status) -> None:
        if status.state != ActionState.RUNNING:
            done.set()

    with tempfile.TemporaryDirectory(dir=out) as folder:
        session = Session(
            session_id=Path(folder).name,
            job_parameter_values=values,
            callback=on_status,
            session_root_directory=Path(folder),
        )
        session.run_task(step_script=job.steps[0].script, task_parameter_values=task)
        done.wait()
        while session.state == SessionState.RUNNING:
            time.sleep(0.0005)
        succeeded = session.action_status.state == ActionState.SUCCESS
        session.cleanup()
    return succeeded


def main() -> None:
    given = json.load(sys.stdin)
    rest = {"template": given["template"], "tasks": str(given["tasks"]), "out": given["folder"]}
    workers = int(given["workers"])
    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            dashboard_address=None,
            local_directory=given["folder"],
        ) as cluster,
        Client(cluster) as client,
    ):

        def seconds(count: int) -> float:
            started = time.perf_counter()
            job, _ = job_of(**rest)
            tasks = list(StepParameterSpaceIterator(space=job.steps[0].parameterSpace))[:count]
            done = client.gather(client.map(run_task, tasks, pure=False, **rest))
            if not all(done):
                raise RuntimeError("A task failed.")
            return time.perf_counter() - started

        seconds(4 * workers)  # all is loaded then
        print(json.dumps({"seconds": seconds(int(given["tasks"]))}))


if __name__ == "__main__":
    main()
