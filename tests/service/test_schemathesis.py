"""Calls made up from the description, by schemathesis: all operations, checks and phases."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

from conformance import operations, resolve
from pictures import PNG
from schemathesis_walks import BULK, PART, content_digest
from support import ROOT, STAMP, Account, Api, Service, running

# Made-up calls and, in test_parsers.py, texts: BATCHAPPS_CASES=20000 makes so many and more.
CASES = int(os.environ.get("BATCHAPPS_CASES", "0"))

# How often to walk along the links, at most.
WALKING = 20

CONFIGURATION = """
seed = {seed}
continue-on-failure = true
headers = {{ Authorization = "Bearer ${{TOKEN}}" }}
request-timeout = 70.0

[generation]
max-examples = {examples}
database = "none"
"""

# Ids that made-up calls would never hit on.
IDS = """
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

# What a walk cannot know when it sets out. Where it goes from there is up to the links of the
# description: without ids, and without links that schemathesis guesses from names.
WALKS = """
[phases.stateful]
max-steps = 40
inference.algorithms = []

[dictionaries]
jobs = {{ values = ["done", "done", "failed", "busy"] }}
first = {{ values = [0] }}
waits = {{ values = [0, 0.05, 1] }}
page = {{ values = [10, 10, 1] }}
types = {{ values = ["Words", "ImageResize"] }}
pools = {{ values = ["{empty}"] }}
sizes = {{ values = ["0"] }}
files = {{ values = ["in.png"] }}
none = {{ values = [""] }}
stamps = {{ values = ["{stamp}"] }}
length = {{ values = [1] }}
digests = {{ values = ["{digest}"] }}
of-part = {{ values = ["{of_part}"] }}
of-bulk = {{ values = ["{of_bulk}"] }}

[parameters]
"query.nameContains" = {{ dictionary = "jobs", probability = 0.9 }}
"query.wait" = {{ dictionary = "waits", probability = 0.9 }}
"query.startIndex" = {{ dictionary = "first", probability = 0.9 }}
"query.maxResults" = {{ dictionary = "page", probability = 0.9 }}
"query.timestamp" = {{ dictionary = "stamps", probability = 0.9 }}
"body.Type" = {{ dictionary = "types", probability = 0.9 }}
"body.poolId" = {{ dictionary = "pools", probability = 0.9 }}
"body.targetDedicated" = {{ dictionary = "sizes", probability = 0.9 }}
"body.autoPoolSpecification.targetDedicated" = {{ dictionary = "sizes", probability = 1.0 }}
"body.Names[*]" = {{ dictionary = "files", probability = 0.9 }}
"body.Specifications[*].FileName" = {{ dictionary = "files", probability = 0.8 }}
"body.Specifications[*].Timestamp" = {{ dictionary = "stamps", probability = 0.9 }}
"body.RequiredFiles[*].Name" = {{ dictionary = "files", probability = 0.9 }}
"body.RequiredFiles[*].Timestamp" = {{ dictionary = "stamps", probability = 0.9 }}
"body.JobFile" = {{ dictionary = "none", probability = 0.9 }}
"body.Name" = {{ dictionary = "files", probability = 0.9 }}
"body.Timestamp" = {{ dictionary = "stamps", probability = 0.9 }}
"body.OriginalPath" = {{ dictionary = "none", probability = 0.9 }}
"body.Size" = {{ dictionary = "length", probability = 0.9 }}
"body.Sha256" = {{ dictionary = "digests", probability = 0.9 }}

[[operations]]
include-operation-id = "uploadPart"
parameters."header.Content-Digest" = {{ dictionary = "of-part", probability = 0.9 }}

[[operations]]
include-operation-id = "uploadFiles"
parameters."header.Content-Digest" = {{ dictionary = "of-bulk", probability = 0.9 }}
"""


def made(tmp_path: Path, **settings: Any) -> Service:
    service = Service.make(tmp_path / "data", **settings)
    service.add_jobtype(ROOT / "tests" / "jobtypes_for_tests" / "Words")
    service.add_jobtype(ROOT / "jobtypes" / "ImageResize")
    return service


def schemathesis(
    service: Service, account: Account, tmp_path: Path, configuration: str, phases: str, hooks: str
) -> str:
    """Run it with all checks on the whole description; what it printed."""
    (tmp_path / "schemathesis.toml").write_text(configuration)
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")),
            *("--config-file", "schemathesis.toml"),
            *("run", str(files("batchapps_management").joinpath("openapi.json"))),
            *("--url", f"{service.account.endpoint}/api"),
            *("--tls-verify", service.account.ca_cert),
            *("--checks", "all", "--no-color", "--phases", phases),
            *("--report", "ndjson", "--report-ndjson-path", "calls.ndjson"),
        ],
        env={
            **os.environ,
            "TOKEN": service.token(account),
            "SCHEMATHESIS_HOOKS": hooks,
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
    return done.stdout


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


def test_made_up_calls_find_nothing_amiss(tmp_path: Path) -> None:
    # One worker is enough, however many a call asks for.
    service = made(tmp_path, max_dedicated=1)
    with running(service):
        account = service.add_account()
        ids = prepared(service.api(account))
        # So many for each operation in each phase.
        text = (CONFIGURATION + IDS).format(seed=1, examples=max(3, CASES // 250), **ids)
        schemathesis(
            service, account, tmp_path, text, "examples,coverage,fuzzing", "schemathesis_hooks"
        )


def links() -> Iterator[tuple[str, str]]:
    """Operation and name of each link of the description, of whichever of its answers."""
    for path, method, definition in operations():
        for answer in definition["responses"].values():
            for name in resolve(answer).get("links", {}):
                yield f"{method.upper()} {path}", name


def steps(report: Path) -> Iterator[tuple[str, str, int]]:
    """Of each step along a link: the operation it came from, the link, and the answer's status."""
    for line in report.read_text().splitlines():
        recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
        for case_id, case in recorder.get("cases", {}).items():
            answer = recorder["interactions"].get(case_id, {}).get("response")
            if answer and case.get("is_transition_applied"):
                # Such as "POST /pools -> [200] resizeCreatedPool -> POST /pools/{poolId}/...".
                source, link, _ = case["transition"]["id"].split(" -> ")
                yield source, link.split("] ")[1], answer["status_code"]


def stock(api: Api) -> str:
    """What a walk finds, most of which it deletes; the pool on which its jobs ran."""
    pool = str(api.post("pools", {"targetDedicated": "1"})["poolId"])
    for number in range(20):
        api.put("in.png", PNG, path=str(number))
    for _ in range(20):
        api.post("pools", {})
    api.submit("Words", name="busy", Count="1", Sleep="3600")
    ended = [api.submit("ImageResize", ["in.png"], pool, name="done") for _ in range(10)]
    ended += [api.submit("Words", None, pool, "", "failed", Count="1", FailAt="1") for _ in "1234"]
    assert {api.finished(job)["status"] for job in ended} == {"Complete", "Error"}
    return pool


def test_walks_along_the_links_find_nothing_amiss(tmp_path: Path) -> None:
    # Pools without workers cost nothing, and a walk makes many.
    service = made(tmp_path, max_dedicated=50, max_pools=100_000)
    with running(service):
        account = service.add_account()
        api = service.api(account)
        values = {
            "empty": api.post("pools", {})["poolId"],
            "stamp": STAMP,
            "digest": sha256(PART).hexdigest(),
            "of_part": content_digest(PART),
            "of_bulk": content_digest(BULK),
        }
        described = set(links())
        scenarios = 0
        taken: list[tuple[str, str, int]] = []
        good: Counter[tuple[str, str]] = Counter()
        # It ends a walk, and the run, where a job that goes on by itself answers otherwise than
        # before; so there are several runs, until nearly all links were taken.
        for seed in range(1, max(WALKING, CASES // 100) + 1):
            pool = stock(api)
            text = (CONFIGURATION + WALKS).format(seed=seed, examples=100, **values)
            printed = schemathesis(
                service, account, tmp_path, text, "stateful", "schemathesis_walks"
            )
            # Often it is gone by now.
            api.http.delete(f"/api/pools/{pool}")
            scenarios += int(re.findall(r"Scenarios: +(\d+)", printed)[0])
            taken += steps(tmp_path / "calls.ndjson")
            good = Counter((source, link) for source, link, status in taken if status in (200, 206))
            print(f"walk {seed}: {len(good)} of {len(described)} links led on so far")
            if len(good) >= 0.9 * len(described) and not CASES:
                break
    missed = described - good.keys()
    print(
        f"{scenarios} scenarios, {len(taken)} steps along links, {good.total()} of them with "
        f"success; {len(good)} of {len(described)} links led on, but not {sorted(missed)}, which "
        f"were answered {sorted(step for step in taken if step[:2] in missed)}"
    )
    assert scenarios > 0
    assert good.keys() <= described
    # Chance leads the walks; how far they have come is told above.
    assert len(good) >= 0.8 * len(described), sorted(missed)
