"""What a data directory holds: older releases', checks, backups, and contents nobody needs."""

import hashlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from support import STAMP, Api, Service, command, running, until

from batchapps_service._collect import collect
from batchapps_service._database import SCHEMA_VERSION, Base
from batchapps_service._datadir import open_directory

SCHEMAS = Path(__file__).parent / "schemas"
LARGE = bytes(range(256)) * 1000  # has a file of its own in the store


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Service]:
    """A service of the test's own that removes contents at once."""
    service = Service.make(tmp_path / "data", collect_seconds=1)
    with running(service):
        yield service


def database(service: Service) -> sqlite3.Connection:
    return sqlite3.connect(service.directory / "service.db")


def stored(service: Service) -> set[str]:
    """Digests of all contents that are kept."""
    with closing(database(service)) as connection:
        small = {row[0] for row in connection.execute("SELECT digest FROM small_content")}
    return small | {
        path.parent.name + path.name
        for path in (service.directory / "store").glob("[0-9a-f][0-9a-f]/*")
    }


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def url_of(api: Api, name: str) -> str:
    return str(api.post("files/query/byname", {"Names": [name]})["files"][0]["link"]["href"])


def run(service: Service, *arguments: object) -> str:
    done = command(*arguments, service.directory)
    return f"{done.returncode} {done.stdout}{done.stderr}"


# -- releases --------------------------------------------------------------------------------


def of_version(service: Service, version: int) -> None:
    """Put a database of an earlier schema in place of the service's, with its account."""
    path = service.directory / "service.db"
    with closing(sqlite3.connect(path)) as connection:
        account = connection.execute("SELECT id, name, key_hash, created FROM account").fetchone()
    for each in service.directory.glob("service.db*"):
        each.unlink()
    with closing(sqlite3.connect(path)) as connection:
        for step in range(1, version + 1):  # each has what it adds to the one before
            dump = (SCHEMAS / f"{step}.sql").read_text()
            connection.executescript(dump.replace("ACCOUNT", account[0]))
        connection.execute(
            "INSERT INTO account (id, name, key_hash, created) VALUES (?, ?, ?, ?)", account
        )
        connection.commit()


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION))
def test_a_database_of_an_earlier_release_is_brought_up_to_date(
    tmp_path: Path, version: int
) -> None:
    service = Service.make(tmp_path / "data")
    of_version(service, version)
    refused = run(service, "accounts", "list")
    assert refused.startswith("1 ")
    assert "made by an earlier release" in refused
    with running(service):
        api = service.api()
        api.put("a.txt", b"a")
        assert [one["name"] for one in api.get("files")["files"]] == ["a.txt", "old.txt"]
        assert api.http.get(url_of(api, "old.txt")).content == b"old\n"
        (job,) = api.get("jobs")["jobs"]
        assert job["status"] == "Complete"
        assert api.http.get(job["outputLink"]["href"]).content == b"old\n"
        assert api.lines(job["id"]) == ["The job is complete."]
        (task,) = api.get(f"jobs/{job['id']}/tasks")["tasks"]
        assert [one["name"] for one in task["outputs"]] == ["out.txt"]
    assert run(service, "accounts", "list").startswith(f"0 {service.account.client_id}")
    # Whoever changes a table and forgets the migration is told here.
    engine = create_engine(f"sqlite:///{service.directory / 'service.db'}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()


def test_alembic_is_not_loaded_where_nothing_is_to_migrate() -> None:
    code = "import sys, batchapps_service._serving; print('alembic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    service = Service.make(tmp_path / "data")
    of_version(service, 1)
    with closing(database(service)) as connection:
        connection.execute("CREATE TABLE output_by_digest (in_the_way)")
        before = list(connection.iterdump())
    failed = run(service, "serve")
    assert failed.startswith("1 ")
    assert "was left as it was" in failed
    assert "Traceback" not in failed
    with closing(database(service)) as connection:
        assert list(connection.iterdump()) == before
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)


def test_a_database_of_a_later_release_is_refused(tmp_path: Path) -> None:
    service = Service.make(tmp_path / "data")
    with closing(database(service)) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    for verb in ("serve", "check"):
        refused = run(service, verb)
        assert refused.startswith("1 ")
        assert "a later release" in refused
        assert "Traceback" not in refused


# -- check -----------------------------------------------------------------------------------


def check_mends_rows(made: Service, job: str) -> None:
    """A damaged small content, a wrong size, and a task's lost output while its job goes on."""
    with closing(database(made)) as connection:
        (final,) = connection.execute("SELECT output_digest FROM job").fetchone()
        connection.execute("INSERT INTO small_content VALUES (?, ?)", [sha(b"tiny"), b"tinX"])
        connection.execute(
            "INSERT INTO file SELECT 'tiny', account_id, 'tiny', path, timestamp, ?, 4, uploaded"
            " FROM file LIMIT 1",
            [sha(b"tiny")],
        )
        connection.execute("UPDATE file SET size = 1 WHERE name = 'small.txt'")
        connection.execute("UPDATE job SET status = 'InProgress', output_digest = NULL")
        connection.commit()
    (made.directory / "store" / final[:2] / final[2:]).unlink()
    said = run(made, "check")
    assert said.startswith("0 "), said
    assert "'tiny'" in said
    assert "with a size that it has not" in said
    assert f"task 2 of job {job} is run again" in said
    assert sha(b"tiny") not in stored(made)
    assert run(made, "check").endswith("All is well.\n")
    with running(made):
        api = made.api()
        assert api.finished(job)["status"] == "Complete"
        assert api.http.get(api.job(job)["outputLink"]["href"]).text == "large.bin\n"
        sizes = {one["name"]: one["contentLength"] for one in api.get("files")["files"]}
        assert sizes == {"large.bin": len(LARGE), "small.txt": 5}


def test_check_tells_of_what_it_cannot_repair(tmp_path: Path) -> None:
    made = Service.make(tmp_path / "data")
    made.add_jobtype(Path(__file__).parents[1] / "jobtypes_for_tests" / "Mirror")
    template = made.directory / "jobtypes" / "1" / "template.yaml"
    template.rename(template.with_name("elsewhere"))
    said = run(made, "check")
    assert said.startswith("1 ")
    assert "job type 'Mirror', version 1, to be removed and installed again" in said
    template.with_name("elsewhere").rename(template)
    assert run(made, "check").endswith("All is well.\n")
    path = made.directory / "service.db"
    whole = path.read_bytes()
    damaged = whole[:4096] + b"\xff" * 8192 + whole[12288:]
    path.write_bytes(damaged)
    said = run(made, "check")
    assert said.startswith("1 ")
    assert "The database is damaged" in said
    assert "Traceback" not in said
    assert path.read_bytes() == damaged


def test_check_finds_and_repairs(tmp_path: Path, service: Service) -> None:
    made = Service.make(tmp_path / "data")
    made.add_jobtype(Path(__file__).parents[1] / "jobtypes_for_tests" / "Mirror")
    with running(made):
        api = made.api()
        api.put("large.bin", LARGE)
        api.put("lost.bin", LARGE + b"1")
        api.put("small.txt", b"small")
        pool = api.post("pools", {"targetDedicated": "1"})["poolId"]
        job = api.finished(api.submit("Mirror", ["large.bin"], pool, Final="final.txt"))
        assert job["status"] == "Complete"
        busy = run(made, "check")
        assert busy.startswith("1 ")
        assert "running" in busy
    assert run(made, "check").endswith("All is well.\n")
    store = made.directory / "store"
    lost = store / sha(LARGE + b"1")[:2] / sha(LARGE + b"1")[2:]
    lost.unlink()
    stray = store / "ab" / ("c" * 62)
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"nobody's")
    (store / "tmp" / "half").write_bytes(b"x")
    said = run(made, "check")
    assert said.startswith("0 ")
    assert "'lost.bin'" in said
    assert "can be uploaded again" in said
    assert "Removed 1 contents" in said
    assert not stray.exists()
    assert list((store / "tmp").iterdir()) == []
    assert run(made, "check").endswith("All is well.\n")
    check_mends_rows(made, job["id"])
    # What a job needs cannot be brought again.
    damaged = store / sha(LARGE)[:2] / sha(LARGE)[2:]
    damaged.chmod(0o600)
    damaged.write_bytes(b"damaged")
    said = run(made, "check")
    assert said.startswith("1 ")
    assert "large.bin" in said
    assert f"job {job['id']}" in said
    with running(made):
        api = made.api()
        assert [one["name"] for one in api.get("files")["files"]] == ["small.txt"]
        api.put("large.bin", LARGE)
        assert api.http.get(url_of(api, "large.bin")).content == LARGE


# -- backup ----------------------------------------------------------------------------------


def test_a_backup_of_a_running_service_is_one_that_runs(tmp_path: Path, own: Service) -> None:
    api = own.api()
    stopped = threading.Event()
    sent: list[int] = []

    def send() -> None:
        other = own.api()
        while not stopped.is_set():
            number = len(sent)
            other.put(f"{number}.bin", LARGE + str(number).encode())
            if number % 3 == 0:
                other.http.delete(url_of(other, f"{number}.bin"))
            sent.append(number)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        until(lambda: len(sent) > 20)
        done = command("backup", own.directory, tmp_path / "copy")
    finally:
        stopped.set()
        thread.join()
    assert done.returncode == 0, done.stderr
    assert len(api.get("files")["files"]) >= 13
    again = command("backup", own.directory, tmp_path / "copy")
    assert again.returncode == 1
    assert "exists already" in again.stderr
    own.stop()
    shutil.move(own.directory, tmp_path / "old")
    shutil.move(tmp_path / "copy", own.directory)
    assert run(own, "check").endswith("All is well.\n")
    own.start()
    for one in own.api().get("files")["files"]:
        number = one["name"].removesuffix(".bin")
        assert own.api().http.get(one["link"]["href"]).content == LARGE + number.encode()


# -- contents that nobody needs --------------------------------------------------------------


def test_contents_that_nobody_needs_are_removed(own: Service) -> None:
    own.add_jobtype(Path(__file__).parents[1] / "jobtypes_for_tests" / "Mirror")
    api = own.api()
    for name, content in {"l": LARGE, "s": b"small", "kept": b"kept", "used": b"used"}.items():
        api.put(name, content)
    job = api.submit("Mirror", ["used"], Final="final.txt")
    for name in ("l", "s", "used"):
        assert api.http.delete(url_of(api, name)).is_success
    until(lambda: not stored(own) & {sha(LARGE), sha(b"small")})
    assert stored(own) >= {sha(b"kept"), sha(b"used")}
    assert api.finished(job)["status"] == "Complete"
    outputs = {one["sha256"] for one in api.get(f"jobs/{job}/outputs/files")["outputs"]}
    assert stored(own) >= outputs
    assert api.http.delete(f"/api/jobs/{job}").is_success
    until(lambda: stored(own) == {sha(b"kept")})


def test_uploads_that_were_given_up_are_removed(own: Service) -> None:
    api = own.api()
    old, new = (
        own.directory / "store" / "uploads" / api.post("uploads", row)["id"]
        for row in ({"Name": name, "Timestamp": STAMP, "Size": 9} for name in ("old", "new"))
    )
    assert api.http.put(f"/api/uploads/{old.name}/parts/0", content=b"123456789").is_success
    eight_days_ago = time.time() - 8 * 24 * 3600
    for path in (*old.iterdir(), old):
        os.utime(path, (eight_days_ago, eight_days_ago))
    until(lambda: not old.exists())
    assert new.exists()
    assert api.http.put(f"/api/uploads/{old.name}/parts/0", content=b"123456789").status_code == 404


@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_needed_anew_is_never_removed(own: Service, seed: int) -> None:
    """Clients that upload, offer, delete and submit the same few contents, all the time.

    Beside the service, which waits a second and two rounds, somebody removes all that is not needed
    at once: what it takes from under a call makes that call fail, and nothing else.
    """
    contents = [LARGE + b"x", b"small", LARGE, b"other", b"and", b"so", b"on"]
    own.add_jobtype(Path(__file__).parents[1] / "jobtypes_for_tests" / "Mirror")
    failures: list[str] = []
    api = own.api()
    pool = str(api.post("pools", {"targetDedicated": "0", "maxTasksPerTVM": "1"})["poolId"])

    def work(number: int) -> None:
        noise = random.Random(seed * 100 + number)
        mine = own.api()
        for step in range(60):
            content = noise.choice(contents)
            name = f"{number}-{contents.index(content)}"
            row = {"Name": name, "Timestamp": STAMP, "Size": len(content), "Sha256": sha(content)}
            offered: Any = mine.http.post("/api/files/offer", json={"Files": [row]})
            if offered.status_code == 200 and offered.json()["missing"]:
                put = mine.http.put(f"/api/files/{name}?timestamp={STAMP}", content=content)
                if put.status_code not in {200, 503}:
                    failures.append(put.text)
            elif offered.status_code not in {200, 503}:
                failures.append(offered.text)
            for one in mine.post("files/query/byname", {"Names": [name]})["files"]:
                if mine.http.get(one["link"]["href"]).content != content:
                    failures.append(f"step {step}: {name} is not what was uploaded")
                if step % 10 == 0 and content in contents[:2]:  # those stay
                    body = {
                        "Name": "j",
                        "Type": "Mirror",
                        "RequiredFiles": [{"Name": name, "Timestamp": STAMP}],
                        "Parameters": [],
                        "JobFile": "",
                        "Settings": "",
                        "Priority": "Medium",
                        "poolId": pool,
                    }
                    if mine.http.post("/api/jobs", json=body).status_code not in {200, 400, 503}:
                        failures.append("a job was not taken")
                if noise.random() < 0.7:
                    mine.http.delete(one["link"]["href"])

    directory, stopped, removed = open_directory(own.directory), threading.Event(), [0]

    def remove() -> None:
        while not stopped.is_set():
            removed[0] += collect(directory, None, stopped)[0]

    remover = threading.Thread(target=remove)
    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for each in (remover, *threads):
        each.start()
    for each in threads:
        each.join()
    stopped.set()
    remover.join()
    directory.database.close()
    assert failures == []
    assert removed[0]
    for job in api.get("jobs", maxResults="100")["jobs"]:
        api.http.post(f"/api/jobs/{job['id']}/actions/cancel")
    own.stop()
    assert run(own, "check").endswith("All is well.\n")
    own.start()
