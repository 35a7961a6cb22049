"""A full disk, a database that another program holds, a clock that jumps: nothing is lost."""

import base64
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from support import STAMP, Api, Service, command, running, until

TYPES = Path(__file__).parents[1] / "jobtypes_for_tests"
LARGE = bytes(range(256)) * 20_000
CLOCK = Path(__file__).parent / "clock"


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def begun(api: Api, content: bytes) -> str:
    """The path of a new upload in parts."""
    row = {"Name": "parts.bin", "Timestamp": STAMP, "Size": len(content)}
    return f"/api/uploads/{api.post('uploads', row)['id']}"


def row(name: str, content: bytes) -> dict[str, object]:
    return {"Name": name, "Timestamp": STAMP, "Size": len(content), "Sha256": sha(content)}


def bulk(api: Api, rows: list[dict[str, object]], contents: list[bytes]) -> httpx.Response:
    """Send small files together."""
    body = json.dumps({"Files": rows}).encode() + b"\n" + b"".join(contents)
    told = base64.b64encode(hashlib.sha256(body).digest()).decode()
    headers = {"Content-Digest": f"sha-256=:{told}:"}
    return api.http.post("/api/files/bulk", content=body, headers=headers)


def submission(script: str, pool: str) -> dict[str, object]:
    return {
        "Name": "job",
        "Type": "Shell",
        "RequiredFiles": [],
        "Parameters": [{"Name": "Script", "Value": script}],
        "JobFile": "",
        "Settings": "",
        "Priority": "Medium",
        "poolId": pool,
    }


def check_refused(reply: httpx.Response, words: str) -> None:
    assert reply.status_code == 503, reply.text
    assert words in reply.json()["Message"]
    assert int(reply.headers["Retry-After"]) > 0


# -- the disk --------------------------------------------------------------------------------


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", str(folder)]
    if (
        not shutil.which("mount")
        or subprocess.run(mount, check=False, capture_output=True).returncode
    ):
        pytest.skip("needs the right to mount a file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path, room: int) -> None:
    """Leave so many bytes."""
    with (disk / "filler").open("ab") as file:
        size = shutil.disk_usage(disk).free - room
        if size > 0:
            os.posix_fallocate(file.fileno(), file.tell(), size)


def test_a_full_disk_loses_nothing_and_serves_nothing_half(disk: Path, tmp_path: Path) -> None:
    made = Service.make(disk / "data", retry_seconds=0.2)
    made.log = tmp_path / "log"
    gate = tmp_path / "gate"
    gate.mkdir()  # tasks make no files in the folder that the data directory is in
    made.add_jobtype(TYPES / "Shell")
    waits = 'while [ ! -e "{0}" ]; do sleep 0.05; done; echo printed'
    script = f'echo out > "$2/out.txt"; touch "{gate}/began"; ' + waits.format(gate / "go")
    with running(made):
        api = made.api()
        kept = api.put("kept.bin", LARGE)["link"]["href"]
        upload = begun(api, LARGE + b"parts")
        pool = api.post("pools", {"targetDedicated": "1"})["poolId"]
        job = api.submit("Shell", pool=pool, Script=script)
        until((gate / "began").exists)
        until(lambda: api.job(job)["status"] == "InProgress")
        sends: list[Callable[[], httpx.Response]] = [
            lambda: api.http.put(f"/api/files/small?timestamp={STAMP}", content=b"small"),
            lambda: api.http.put(f"/api/files/large?timestamp={STAMP}", content=LARGE + b"large"),
            lambda: bulk(api, [row("bulk.txt", b"bulk")], [b"bulk"]),
            lambda: api.http.put(f"{upload}/parts/0", content=LARGE + b"parts"),
            lambda: api.http.post("/api/jobs", json=submission("true", pool)),
        ]
        for room in (3_000_000, 0):
            fill(disk, room)
            for send in sends:
                check_refused(send(), "disk is full")
            assert [one["name"] for one in api.get("files")["files"]] == ["kept.bin"]
            assert api.http.get(kept).content == LARGE
            assert len(api.get("jobs")["jobs"]) == 1
            assert list((made.directory / "store" / "tmp").iterdir()) == []
        (gate / "go").touch()  # and so the task prints and ends while there is no room
        until(lambda: "the engine waits" in made.log.read_text())
        assert api.job(job)["status"] == "InProgress"
        (disk / "filler").unlink()
        finished = api.finished(job)
        assert finished["status"] == "Complete", api.lines(job)
        (output,) = [
            one
            for one in api.get(f"jobs/{job}/outputs/files")["outputs"]
            if one["name"] == "out.txt"
        ]
        assert api.http.get(output["link"]["href"]).text == "out\n"
        for send in sends:
            assert send().is_success
        api.post(
            f"{upload.removeprefix('/api/')}/actions/complete", {"Sha256": sha(LARGE + b"parts")}
        )
        assert len(api.get("files")["files"]) == 5
        # Begun with room enough, and then there was not: the transaction is given up.
        fill(disk, 9_000_000)
        contents = [os.urandom(100_000) for _ in range(150)]
        many = [row(f"{number}.bin", content) for number, content in enumerate(contents)]
        check_refused(bulk(api, many, contents), "disk is full")
        assert len(api.get("files")["files"]) == 5
        (disk / "filler").unlink()
        until(lambda: bulk(api, many, contents).is_success)  # the engine may write meanwhile
        assert api.finished(api.submit("Shell", pool=pool, Script="true"))["status"] == "Complete"
    assert command("check", made.directory).stdout.endswith("All is well.\n")


# -- the database ----------------------------------------------------------------------------


def test_a_database_that_another_program_holds_loses_nothing(
    service: Service, shared: Api, pool: str, tmp_path: Path
) -> None:
    content = LARGE + b"locked"
    upload = begun(shared, content)
    assert shared.http.put(f"{upload}/parts/0", content=content).is_success
    complete = f"{upload}/actions/complete"
    script = f'touch "{tmp_path}/began"; while [ ! -e "{tmp_path}/go" ]; do sleep 0.05; done'
    job = shared.submit("Shell", pool=pool, Script=script)
    until((tmp_path / "began").exists)
    until(lambda: shared.job(job)["status"] == "InProgress")
    with closing(sqlite3.connect(service.directory / "service.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        (tmp_path / "go").touch()  # the task ends meanwhile
        sends: list[Callable[[], httpx.Response]] = [
            lambda: shared.http.put(f"/api/files/locked?timestamp={STAMP}", content=b"small"),
            lambda: shared.http.post(complete, json={"Sha256": sha(content)}),
            lambda: shared.http.post("/api/jobs", json=submission("true", pool)),
        ]
        with ThreadPoolExecutor() as threads:
            replies = [threads.submit(send) for send in sends]
            assert shared.job(job)["status"] == "InProgress"  # reading goes on
            for reply in replies:
                check_refused(reply.result(), "database")
        assert not {"locked", "parts.bin"} & {one["name"] for one in shared.get("files")["files"]}
    assert shared.finished(job)["status"] == "Complete", shared.lines(job)
    assert shared.get(f"jobs/{job}/tasks")["tasks"][0]["attempts"] == 1
    for send in sends:
        assert send().is_success
    (file,) = shared.post("files/query/byname", {"Names": ["parts.bin"]})["files"]
    assert shared.http.get(file["link"]["href"]).content == content


# -- the clock -------------------------------------------------------------------------------


def test_a_clock_that_jumps_harms_no_log_no_content_and_no_task(tmp_path: Path) -> None:
    made = Service.make(tmp_path / "data", collect_seconds=1)
    gate = tmp_path / "gate"
    gate.mkdir()  # tasks make no files in the folder that the data directory is in
    made.add_jobtype(TYPES / "Shell")
    offset = gate / "offset"

    def jump(seconds: int) -> None:
        (gate / "new").write_text(str(seconds))
        (gate / "new").replace(offset)

    jump(0)
    made.start(PYTHONPATH=str(CLOCK), PYTHON_TEST_CLOCK=str(offset))
    api = made.api()
    kept = api.put("kept.bin", LARGE)["link"]["href"]
    folder = '"$2"; while [ ! -e "{0}/go" ]; do echo line; sleep 0.1; done; echo out > "$2/out"'
    job = api.submit("Shell", Script="cd " + folder.format(gate))
    seen: list[tuple[str, str]] = []

    def poll() -> int:
        """Read the job's log on from where it was read to; how many lines there are."""
        since = {"since": seen[-1][0]} if seen else {}
        for one in api.get(f"jobs/{job}/log", **since)["messages"]:
            seen.append((one["timestamp"], one["text"]))
        return len(seen)

    until(lambda: poll() > 5)
    for seconds in (86_400, -86_400):
        jump(seconds)
        # The token is too old now, or too young; it says so, and a new one is good.
        until(lambda: api.http.get("/api/jobs").status_code == 401)
        assert "token" in api.http.get("/api/jobs").json()["Message"]
        api.http.headers["Authorization"] = f"Bearer {made.token()}"
        count = poll()
        until(lambda count=count: poll() > count + 5)
        api.put(f"{seconds}.bin", LARGE + str(seconds).encode())
    (gate / "go").touch()
    assert api.finished(job)["status"] == "Complete"
    poll()
    assert [time for time, _ in seen] == sorted({time for time, _ in seen})
    whole = [(one["timestamp"], one["text"]) for one in api.get(f"jobs/{job}/log")["messages"]]
    assert seen == whole
    (task,) = api.get(f"jobs/{job}/tasks")["tasks"]
    assert task["nonChargeTime"] >= 0
    assert task["attempts"] == 1
    assert api.http.get(kept).content == LARGE
    assert made.stop() == 0
    assert command("check", made.directory).stdout.endswith("All is well.\n")
