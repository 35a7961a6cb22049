"""Calls made up from the description, by schemathesis: all operations, checks and phases."""

import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

from conformance import operations
from pictures import PNG
from support import ROOT, Api, Service, running

CONFIGURATION = """
seed = 1
continue-on-failure = true
headers = {{ Authorization = "Bearer ${{TOKEN}}" }}
request-timeout = 20.0

[generation]
max-examples = {examples}
database = "none"

# Ids that made-up calls would never hit on.
[dictionaries]
jobs = {{ values = {jobs} }}
names = {{ values = ["in.png", "in.png_thumbnail.png"] }}
files = {{ values = {files} }}
pools = {{ values = {pools} }}

# These may go, so that the others stay.
spare-jobs = {{ values = {spare_jobs} }}
spare-files = {{ values = {spare_files} }}

[[operations]]
include-operation-id = ["deleteJob", "deleteFile"]

[operations.parameters]
"path.jobId" = {{ dictionary = "spare-jobs", probability = 0.8 }}
"path.fileId" = {{ dictionary = "spare-files", probability = 0.8 }}

[parameters]
"path.jobId" = {{ dictionary = "jobs", probability = 0.8 }}
"path.name" = {{ dictionary = "names", probability = 0.5 }}
"path.fileId" = {{ dictionary = "files", probability = 0.8 }}
"path.poolId" = {{ dictionary = "pools", probability = 0.5 }}
"""


def prepared(api: Api) -> dict[str, list[str]]:
    """Ids of jobs that are complete, failed and waiting, of files and of pools."""
    file = api.put("in.png", PNG)["id"]
    spare = [api.put("in.png", PNG, path=str(number))["id"] for number in range(5)]
    pool = api.post("pools", {"targetDedicated": "1"})["poolId"]
    done = api.submit("ImageResize", ["in.png"], pool)
    failed = api.submit("Words", pool=pool, Count="1", FailAt="1")
    assert api.finished(done)["status"] == "Complete"
    assert api.finished(failed)["status"] == "Error"
    empty = api.post("pools", {})["poolId"]
    waiting = api.submit("Words", pool=empty)
    gone = [api.submit("Words", pool=empty) for _ in range(5)]
    for job in gone:
        api.post(f"jobs/{job}/actions/cancel")
        assert api.finished(job)["status"] == "Cancelled"
    return {
        **{"jobs": [done, failed, waiting], "files": [file], "pools": [pool, empty]},
        **{"spare_jobs": gone, "spare_files": spare},
    }


# Made-up calls and, in test_parsers.py, texts: BATCHAPPS_CASES=20000 makes so many and more.
CASES = int(os.environ.get("BATCHAPPS_CASES", "0"))


def test_made_up_calls_find_nothing_amiss(tmp_path: Path) -> None:
    # One worker is enough, however many a call asks for.
    service = Service.make(tmp_path / "data", max_dedicated=1)
    service.add_jobtype(ROOT / "tests" / "jobtypes_for_tests" / "Words")
    service.add_jobtype(ROOT / "jobtypes" / "ImageResize")
    with running(service):
        account = service.add_account()
        ids = prepared(service.api(account))
        # So many for each operation in each phase.
        examples = max(3, CASES // 250)
        (tmp_path / "schemathesis.toml").write_text(CONFIGURATION.format(examples=examples, **ids))
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("schemathesis")),
                *("--config-file", "schemathesis.toml"),
                *("run", str(files("batchapps_management").joinpath("openapi.json"))),
                *("--url", f"{service.account.endpoint}/api"),
                *("--tls-verify", service.account.ca_cert),
                *("--checks", "all", "--no-color"),
            ],
            env={
                **os.environ,
                "TOKEN": service.token(account),
                "SCHEMATHESIS_HOOKS": "schemathesis_hooks",
                "PYTHONPATH": str(ROOT / "tests"),
            },
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300 + CASES,
            check=False,
        )
    print(done.stdout)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
    count = len(list(operations()))
    assert f"Selected: {count}/{count}" in done.stdout
    assert "Stateful" in done.stdout
