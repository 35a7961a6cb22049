"""The service, or its workers, killed at random moments: nothing is lost and nothing is done twice.

Each seed is a crash. The short version, a seed for each phase, runs always; BATCHAPPS_CRASHES=50
runs so many seeds of services and 20 of workers. A failing seed fails again by
BATCHAPPS_CRASHES=50 scripts/test.sh tests/service/test_crashes.py -k "seed_7".
"""

import contextlib
import hashlib
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from support import STAMP, Api, Service, command, marked_processes, until

PHASES = ("upload", "split", "run", "merge", "cancel", "resize", "reprocess")
LONG = int(os.environ.get("BATCHAPPS_CRASHES", "0"))
CRASHES = [f"seed_{seed}" for seed in range(LONG or len(PHASES))]
WORKERS = [f"seed_{seed}" for seed in range(20 if LONG else 2)]
TYPES = Path(__file__).parents[1] / "jobtypes_for_tests"
LARGE = random.Random(1).randbytes(9_000_000)  # travels in two parts
COUNT = 8


class Client:
    """Somebody who uploads, submits and polls, and who tries again when the service is away."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.api = service.api()
        self.lines: dict[str, list[tuple[str, str]]] = {}

    def uploaded(self) -> None:
        digest = hashlib.sha256(LARGE).hexdigest()
        begun = self.api.post("uploads", {"Name": "l", "Timestamp": STAMP, "Size": len(LARGE)})
        url, size = f"/api/uploads/{begun['id']}", begun["partSize"]
        here = {part["number"]: part["sha256"] for part in begun["parts"]}
        for number in range(2):
            part = LARGE[number * size : (number + 1) * size]
            if here.get(number) != hashlib.sha256(part).hexdigest():
                reply = self.api.http.put(f"{url}/parts/{number}", content=part)
                assert reply.status_code == 200, reply.text
        self.api.post(begun and f"uploads/{begun['id']}/actions/complete", {"Sha256": digest})

    def again(self, work: Callable[[], Any]) -> Any:
        """``work`` until it is done, whatever happens to the service meanwhile."""
        end = time.monotonic() + 60
        while True:
            try:
                return work()
            except httpx.TransportError:
                assert time.monotonic() < end
                time.sleep(0.05)

    def poll(self, job: str) -> None:
        """Read the job's log on from where it was read to."""
        seen = self.lines.setdefault(job, [])
        since = {"since": seen[-1][0]} if seen else {}
        for one in self.api.get(f"jobs/{job}/log", maxResults="7", **since)["messages"]:
            seen.append((one["timestamp"], one["text"]))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Service:
    service = Service.make(tmp_path_factory.mktemp("crashes") / "data", retry_seconds=0.1)
    service.add_jobtype(TYPES / "Ledger", TYPES / "Shell")
    return service


def jobs(api: Api) -> list[str]:
    return [one["id"] for one in api.get("jobs", maxResults="100")["jobs"]]


def submitted(client: Client, ledger: Path, pool: str | None) -> str:
    """A job, submitted once, also if the answer was lost."""
    before = client.again(lambda: jobs(client.api))
    parameters = {"Ledger": str(ledger), "Count": str(COUNT)}

    def submit() -> str:
        new = [one for one in jobs(client.api) if one not in before]
        return new[0] if new else client.api.submit("Ledger", ["l"], pool=pool, **parameters)

    return str(client.again(submit))


def resize(api: Api, pool: str | None) -> None:
    api.post(f"pools/{pool}/actions/resize", {"targetDedicated": "2"})


@pytest.mark.parametrize("crash", CRASHES)
def test_a_service_that_is_killed_goes_on(made: Service, tmp_path: Path, crash: str) -> None:
    seed = int(crash.removeprefix("seed_"))
    phase, noise = PHASES[seed % len(PHASES)], random.Random(seed)
    made.start()
    client = Client(made)
    pool: str | None = None
    if phase == "resize":
        pool = str(client.api.post("pools", {"targetDedicated": "1"})["poolId"])
    if phase == "reprocess":
        (tmp_path / "fail-3").touch()
    killed = threading.Event()

    def kill() -> None:
        time.sleep(noise.uniform(0, {"upload": 0.1, "split": 0.05, "merge": 0.4}.get(phase, 1.5)))
        made.stop(signal.SIGKILL)
        made.start()
        killed.set()

    killer = threading.Thread(target=kill)
    if phase == "upload":
        killer.start()
    client.again(client.uploaded)
    if phase == "split":
        killer.start()
    job = submitted(client, tmp_path, pool)
    deadline = time.monotonic() + 90
    wanted = "Complete"
    status = ""
    while status not in {"Complete", "Error", "Cancelled"} or not killed.is_set():
        assert time.monotonic() < deadline, (status, made.log.read_text()[-3000:])
        told = client.again(lambda: client.api.job(job))
        client.again(lambda: client.poll(job))
        status = told["status"]
        if killer.ident is None:
            done = told["percentComplete"] if status != "NotStarted" else 0
            if phase == "reprocess" and status == "Error":
                (tmp_path / "fail-3").unlink()
                killer.start()
                client.again(lambda: client.api.http.post(f"/api/jobs/{job}/actions/reprocess"))
                status = ""
            elif status == "InProgress" and (
                phase == "run" or (phase == "merge" and done >= 100 * COUNT // (COUNT + 1) - 12)
            ):
                killer.start()
            elif phase == "resize" and status == "InProgress":
                killer.start()
                client.again(lambda: resize(client.api, pool))
            elif phase == "cancel" and status == "InProgress":
                killer.start()
                client.again(lambda: client.api.http.post(f"/api/jobs/{job}/actions/cancel"))
                wanted = "Cancelled"
        time.sleep(0.02)
    killer.join()
    assert status == wanted, client.api.lines(job)
    check(client, job, tmp_path, complete=wanted == "Complete")
    for one in client.api.get("pools")["pools"]:
        client.api.http.delete(f"/api/pools/{one['id']}")
    assert made.stop() == 0
    leftovers(made)


def check(client: Client, job: str, ledger: Path, *, complete: bool) -> None:
    """All is there, once, with the right bytes."""
    api = client.api
    assert not (ledger / "overlaps").exists(), (ledger / "overlaps").read_text()
    tasks = api.get(f"jobs/{job}/tasks")["tasks"]
    assert [one["id"] for one in tasks] == sorted({one["id"] for one in tasks})
    outputs = {one["name"]: one for one in api.get(f"jobs/{job}/outputs/files")["outputs"]}
    texts = {f"{n}.txt": text_of(n) for n in range(1, COUNT + 1)}
    left = {name for name in outputs if outputs[name]["kind"] == "TaskOutput"}
    assert left <= texts.keys()
    for name in left:
        assert api.http.get(outputs[name]["link"]["href"]).text == texts[name]
    if complete:
        assert {one["status"] for one in tasks} == {"Complete"}
        assert len(tasks) == COUNT + 1
        assert left == texts.keys()
        final = api.http.get(api.job(job)["outputLink"]["href"])
        assert final.text == "".join(texts.values())
    while (before := len(client.lines[job])) == 0 or before < len(
        (client.poll(job), client.lines[job])[1]
    ):
        pass
    log = [(one["timestamp"], one["text"]) for one in api.get(f"jobs/{job}/log")["messages"]]
    assert client.lines[job] == log
    assert [stamp for stamp, _ in log] == sorted({stamp for stamp, _ in log})


def text_of(number: int) -> str:
    return "".join(f"task {number} line {line}\n" for line in range(1, 2001))


def leftovers(service: Service) -> None:
    assert not marked_processes(service.directory)
    assert [one.name for one in (service.directory / "work").iterdir() if one.name != ".dask"] == []
    assert list((service.directory / "store" / "tmp").iterdir()) == []
    said = command("check", service.directory)
    assert said.stdout.endswith("All is well.\n"), said.stdout + said.stderr


def workers(service: Service) -> list[psutil.Process]:
    """The processes of its pools' workers."""
    assert service.process is not None
    found: list[psutil.Process] = []
    for one in psutil.Process(service.process.pid).children():
        with contextlib.suppress(psutil.Error):  # it has ended just now
            if "spawn_main" in " ".join(one.cmdline()):
                found.append(one)
    return found


def test_workers_that_hang_are_gone_before_a_service_goes_on(made: Service, tmp_path: Path) -> None:
    made.start()
    client = Client(made)
    client.uploaded()
    parameters = {"Ledger": str(tmp_path), "Count": str(COUNT), "Seconds": "3"}
    job = str(client.api.submit("Ledger", ["l"], **parameters))
    until(lambda: client.api.job(job)["status"] == "InProgress")
    hanging = workers(made)
    assert hanging
    for one in hanging:
        one.suspend()  # its task runs on
    made.stop(signal.SIGKILL)
    made.start()
    client = Client(made)
    assert client.api.finished(job)["status"] == "Complete", client.api.lines(job)
    assert not [one for one in hanging if one.is_running() and one.status() != "zombie"]
    client.poll(job)
    check(client, job, tmp_path, complete=True)
    assert made.stop() == 0
    leftovers(made)


@pytest.mark.parametrize("crash", WORKERS)
def test_workers_that_are_killed_cost_nothing(made: Service, tmp_path: Path, crash: str) -> None:
    noise = random.Random(crash)
    made.start()
    client = Client(made)
    client.uploaded()
    pool = str(client.api.post("pools", {"targetDedicated": "2"})["poolId"])
    job = submitted(client, tmp_path, pool)
    until(lambda: client.api.job(job)["status"] == "InProgress")
    for _ in range(2):
        time.sleep(noise.uniform(0, 0.5))
        if found := workers(made):
            noise.choice(found).kill()
    assert client.api.finished(job)["status"] == "Complete", client.api.lines(job)
    client.poll(job)
    check(client, job, tmp_path, complete=True)
    until(lambda: client.api.get(f"pools/{pool}")["currentDedicated"] == 2)
    client.api.http.delete(f"/api/pools/{pool}")
    assert made.stop() == 0
    leftovers(made)


def test_a_task_that_kills_its_worker_fails_alone(made: Service, tmp_path: Path) -> None:
    made.start()
    client = Client(made)
    client.uploaded()
    (tmp_path / "kill-2").touch()
    job = submitted(client, tmp_path, None)
    assert client.api.finished(job)["status"] == "Error"
    tasks = {one["id"]: one for one in client.api.get(f"jobs/{job}/tasks")["tasks"]}
    assert {number for number, one in tasks.items() if one["status"] == "Complete"} == {
        number for number in range(1, COUNT + 1) if number != 2
    }
    assert tasks[2]["status"] == "Error"
    assert "worker ended unexpectedly" in tasks[2]["message"]
    lines = [one for one in client.api.lines(job) if one.startswith("Task 2 ")]
    assert sum("is tried again" in line for line in lines) == 3, lines
    assert made.stop() == 0
    leftovers(made)


def test_a_task_that_kills_its_worker_spares_its_neighbour(made: Service) -> None:
    made.start()
    api = made.api()
    pool = str(api.post("pools", {"targetDedicated": "1", "maxTasksPerTVM": "2"})["poolId"])
    killer = api.submit("Shell", pool=pool, Script="sleep 1; kill -9 $PPID; sleep 60")
    neighbour = api.submit("Shell", pool=pool, Script="sleep 3")
    assert api.finished(neighbour)["status"] == "Complete", api.lines(neighbour)
    assert api.finished(killer)["status"] == "Error"
    (task,) = api.get(f"jobs/{killer}/tasks")["tasks"]
    assert task["attempts"] == 4
    api.http.delete(f"/api/pools/{pool}")
    assert made.stop() == 0
    leftovers(made)
