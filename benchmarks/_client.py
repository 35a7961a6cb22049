"""One measured piece of work of the client, in a process of its own.

It reads a JSON object from its standard input, whose member ``action`` names one of the functions
here, and prints one with what was measured.
"""

import json
import os
import shutil
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from batchapps import AzureOAuth, Configuration, Credentials, FileManager, JobManager
from benchmarks import _memory
from benchmarks._profiling import profiled

Said = dict[str, Any]


def upload(creds: Credentials, folder: str) -> Said:
    """A folder with its subfolders."""
    reports: list[Any] = []
    started = time.perf_counter()
    files = FileManager(creds, creds.config).files_from_dir(folder, recursive=True)
    collected = time.perf_counter() - started
    failed = files.upload(progress=reports.append)
    last = reports[-1]
    return {
        "collected": collected,
        "failed": [reason for _, reason in failed],
        "sent_files": last.sent_files,
        "sent_bytes": last.sent_bytes,
    }


def download(creds: Credentials, name: str, target: str) -> Said:
    """A file that was uploaded."""
    file = FileManager(creds, creds.config).find_files(name)[0]
    started = time.perf_counter()
    file.download(target)
    return {"seconds": time.perf_counter() - started, "url": file.url}


def run_job(creds: Credentials, tasks: int, each: int) -> Said:
    """A job whose tasks leave so many files each."""
    job = JobManager(creds, creds.config).create_job("Many files")
    job.Tasks, job.Each = tasks, each
    submitted = job.submit().wait(poll=0.2)
    return {"id": submitted.id, "status": submitted.status}


def download_job(creds: Credentials, job: str, target: str) -> Said:
    """All that a job's tasks made."""
    submitted = JobManager(creds, creds.config).get_job(jobid=job)
    started = time.perf_counter()
    paths = submitted.download(target, intermediate=True)
    return {"seconds": time.perf_counter() - started, "files": len(paths)}


def walk(folder: str) -> Said:
    """Look at each file of a tree."""
    for top, _, names in os.walk(folder):
        for name in names:
            os.stat(os.path.join(top, name))  # noqa: PTH116, PTH118 - Path costs more
    return {}


def copy(folder: str, target: str) -> Said:
    """Copy a tree on the disk, file by file."""
    shutil.copytree(folder, target, copy_function=shutil.copyfile)
    return {}


def write(count: int, target: str) -> Said:
    """Write so many small files, each beside its place first."""
    Path(target).mkdir()
    for number in range(count):
        beside = f"{target}/.{number}.part"
        with open(beside, "xb", buffering=0) as file:  # noqa: PTH123 - Path costs more
            file.write(bytes(101))
        os.replace(beside, f"{target}/{number}")  # noqa: PTH105
    return {}


def sha256(path: str) -> Said:
    """Hash a file."""
    import hashlib

    with Path(path).open("rb", buffering=0) as file:
        hashlib.file_digest(file, "sha256")
    return {}


ALONE = {"walk": walk, "copy": copy, "write": write, "sha256": sha256}
WITH_SERVICE = {
    "upload": upload,
    "download": download,
    "run_job": run_job,
    "download_job": download_job,
}


def _signed_in(account: dict[str, str], home: str) -> Credentials:
    config = Configuration(data_path=home, log_level="error")
    config.aad_config(
        account=account["account"],
        key=account["key"],
        endpoint=account["endpoint"],
        ca_cert=account["ca_cert"],
        unattended=True,
        # Where it is not the endpoint itself that people sign in at.
        root=account.get("root"),
    )
    config.add_jobtype("ManyFiles")
    config.current_jobtype("ManyFiles")
    return AzureOAuth.get_unattended_session(config)


def main() -> None:
    given = json.load(sys.stdin)
    opened: list[str] = []
    if watched := given.pop("watch", None):

        def seen(event: str, arguments: tuple[Any, ...]) -> None:
            if event == "open" and str(arguments[0]).startswith(watched):
                opened.append(arguments[0])

        sys.addaudithook(seen)
    profile = given.pop("profile", None)
    function: Any = ALONE.get(action := given.pop("action"))
    before: list[Any] = []
    if function is None:
        function = WITH_SERVICE[action]
        before = [_signed_in(given.pop("account"), given.pop("home"))]
    idle = _memory.resident()
    _memory.forget_peak()
    with profiled(profile) if profile else nullcontext():
        worked, started = time.process_time(), time.perf_counter()
        said = function(*before, **given)
        seconds, cpu = time.perf_counter() - started, time.process_time() - worked
    memory = max(0, _memory.peak() - idle)
    print(
        json.dumps({"seconds": seconds, "cpu": cpu, "memory": memory, "opened": len(opened)} | said)
    )


if __name__ == "__main__":
    main()
