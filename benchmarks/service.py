"""Measures the service under load and writes a table: ``scripts/benchmark.sh --service``."""

import argparse
import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks import _memory, _report
from benchmarks._crowd import trivial
from benchmarks._report import Figure, Row
from benchmarks._service import ROOT, Client, Service, run

PEER = ROOT / "benchmarks" / "peers" / "openjd_dask.py"
TEMPLATE = ROOT / "benchmarks" / "jobtypes" / "Trivial" / "template.yaml"
WORKERS = 2


@dataclass(frozen=True)
class Sizes:
    """How much of everything."""

    clients: int = 200
    seconds: int = 600
    waiting: int = 40
    large: int = 100_000
    tasks: int = 1000
    first: int = 20
    runs: int = 5


QUICK = Sizes(20, 2, 1, 2000, 20, 2, 1)


class Bench:
    """A service with a warm pool, and the account that uses it."""

    def __init__(self, folder: Path, sizes: Sizes) -> None:
        self.folder = folder
        self.sizes = sizes
        self._threads = ThreadPoolExecutor(1)
        self.service = Service(folder / "service")
        self.client: Client = self.service.client()
        self.token = self.client.token()
        self.http = httpx.Client(
            base_url=f"{self.client.account['endpoint']}/api",
            headers={"Authorization": f"Bearer {self.token}"},
            verify=self.client.tls(),
            timeout=120,
        )
        self.pool = ""

    def warm(self) -> None:
        """Start the workers, and have each do something."""
        self.pool = self.new_pool(WORKERS)
        self.finished(self.submit("echo a > $1/a", tasks=10))

    def get(self, path: str, **query: Any) -> Any:
        return self.http.get(path, params=query or None).raise_for_status().json()

    def post(self, path: str, body: Any = None) -> Any:
        return self.http.post(path, json=body).raise_for_status().json()

    def new_pool(self, workers: int) -> str:
        body = {"targetDedicated": str(workers), "maxTasksPerTVM": "1"}
        return str(self.post("pools", body)["poolId"])

    def submit(self, script: str = "true", tasks: int = 1, pool: str = "") -> str:
        return str(self.post("jobs", trivial(pool or self.pool, script, tasks))["jobId"])

    def finished(self, job_id: str) -> Any:
        """The job once it is complete, by waiting for it."""
        status = "NotStarted"
        while status not in ("Complete", "Error", "Cancelled"):
            job = self.get(f"jobs/{job_id}", wait=30, unless=status)
            status = job["status"]
        if status != "Complete":
            raise RuntimeError(f"The job ended as {status}.")
        return job

    def in_crowd(self, action: str, **given: Any) -> "Future[str]":
        """What many clients say, in a process of their own."""
        there = {name: self.client.account[name] for name in ("endpoint", "ca_cert")}
        given |= {"action": action, "token": self.token, "clients": self.sizes.clients, **there}
        return self._threads.submit(run, [sys.executable, "-m", "benchmarks._crowd"], given)


def _p99(values: list[float]) -> float:
    return sorted(values)[max(0, -(-len(values) * 99 // 100) - 1)]


def crowd(bench: Bench) -> Iterator[Row]:
    """Many clients, and the memory of the service meanwhile."""
    sizes = bench.sizes
    job = bench.submit("echo a > $1/a")
    bench.finished(job)
    worked, memory = bench.service.cpu(), list[float]()
    running = bench.in_crowd("crowd", job=job, pool=bench.pool, seconds=sizes.seconds)
    while not running.done():
        memory.append(_memory.resident(bench.service.pid) / 2**20)
        time.sleep(1)
    said = json.loads(running.result())
    share = (bench.service.cpu() - worked) / len(memory)
    figures = {
        name: Figure([1000 * _p99(minute) for minute in minutes])
        for name, minutes in said["times"].items()
    }
    calls = sum(len(minute) for minutes in said["times"].values() for minute in minutes)
    others = "; ".join(
        f"{name} {figure} ms" for name, figure in figures.items() if name != "status"
    )
    wrong = ", ".join(f"{count} × {what}" for what, count in said["failed"].items()) or "no error"
    refused = sum(said["refused"].values())
    yield Row(
        f"{sizes.clients} clients at once for {sizes.seconds} s, a call a second each",
        "p99 of a status call ≤ 250 ms; no error but 429 or 503 with Retry-After",
        f"p99 of a minute: status {figures['status']} ms; {others}; {calls:,} calls answered,"
        f" {refused} told to come back, {wrong}; {share:.0%} of a core",
        figures["status"].median <= 250 and not said["failed"],
        figures,
    )
    fifth = max(len(memory) // 5, 1)
    early, late = Figure(memory[fifth : 2 * fifth] or memory), Figure(memory[-fifth:])
    yield Row(
        "Memory of the service meanwhile",
        "flat: no more in the last fifth of the time than 1.1 × that in the second",
        f"{late.median / early.median:.3f} × ({early} MiB, then {late} MiB)",
        late.median <= 1.1 * early.median,
        {"early": early, "late": late},
    )


def large_job(bench: Bench) -> Iterator[Row]:
    """One job of very many tasks, on a pool without workers."""
    count, pool = bench.sizes.large, bench.new_pool(0)
    accepted, split = list[float](), list[float]()
    for _ in range(min(bench.sizes.runs, 3)):
        started = time.perf_counter()
        job = bench.submit(tasks=count, pool=pool)
        accepted.append(time.perf_counter() - started)
        while "taskCount" not in bench.get(f"jobs/{job}"):
            time.sleep(0.05)
        split.append(time.perf_counter() - started)
    figures = {"accepted": Figure(accepted), "split": Figure(split)}
    yield Row(
        f"A job of {count:,} tasks is accepted",
        "2 s",
        f"{figures['accepted']} s; all its tasks are there after {figures['split']} s",
        figures["accepted"].median <= 2,
        figures,
    )
    one = bench.submit(pool=pool)
    times = {"many": list[float](), "one": list[float]()}
    for _ in range(20 * bench.sizes.runs):
        for name, which in (("many", job), ("one", one)):
            times[name].append(_milliseconds(bench, f"jobs/{which}"))
    figures = {name: Figure(values) for name, values in times.items()}
    ratio = figures["many"].median / figures["one"].median
    yield Row(
        "Its status",
        "as fast as that of a job of one task (1.2 ×)",
        f"{ratio:.2f} ×; {figures['many']} ms against {figures['one']} ms",
        ratio <= 1.2,
        figures,
    )
    # Running them would take a quarter of an hour; the list does not care how they ended.
    with sqlite3.connect(bench.service.data / "service.db", timeout=60) as database:
        done = "UPDATE task SET started = ?, completed = ?, status = 'Complete' WHERE job_id = ?"
        database.execute(done, ("2015-07-01 10:00:00.000000",) * 2 + (job,))
    size, pages = 1000, list[float]()
    for start in range(0, count, size):
        path = f"jobs/{job}/tasks?startIndex={start}&maxResults={size}"
        pages.append(_milliseconds(bench, path))
    tenth = max(len(pages) // 10, 1)
    figures = {"first": Figure(pages[:tenth]), "last": Figure(pages[-tenth:])}
    ratio = figures["last"].median / figures["first"].median
    yield Row(
        f"Its tasks, page by page of {size:,}",
        "a page of the last tenth costs 1.5 × one of the first at most",
        f"{ratio:.2f} × ({figures['last']} ms against {figures['first']} ms)",
        ratio <= 1.5,
        figures,
    )


def _milliseconds(bench: Bench, path: str) -> float:
    started = time.perf_counter()
    bench.get(path)
    return 1000 * (time.perf_counter() - started)


def trivial_tasks(bench: Bench) -> Iterator[Row]:
    """A job of short tasks beside the same by hand."""
    count = bench.sizes.tasks
    ours, theirs = list[float](), list[float]()
    for _ in range(bench.sizes.runs):
        started = time.perf_counter()
        bench.finished(bench.submit(tasks=count))
        ours.append(time.perf_counter() - started)
        with tempfile.TemporaryDirectory(dir=bench.folder) as folder:
            given = {"template": str(TEMPLATE), "tasks": count, "workers": WORKERS}
            said = run([sys.executable, PEER], given | {"folder": folder})
        theirs.append(json.loads(said)["seconds"])
    figures = {"service": Figure(ours), "by hand": Figure(theirs)}
    ratio = Figure([one / other for one, other in zip(ours, theirs, strict=True)])
    yield Row(
        f"{count:,} trivial tasks on {WORKERS} workers, from submitting the job to knowing its end",
        "1.4 × OpenJD on Dask by hand",
        f"{ratio} ×; {figures['service']} s against {figures['by hand']} s",
        ratio.median <= 1.4,
        {**figures, "ratio": ratio},
    )


def first_task(bench: Bench) -> Iterator[Row]:
    """How soon a task runs when the pool is there."""
    delays = []
    for _ in range(bench.sizes.first):
        sent = time.time()
        job = bench.submit("date +%s.%N > $1/when")
        bench.finished(job)
        began = float(bench.http.get(f"jobs/{job}/outputs/files/when").raise_for_status().text)
        delays.append(1000 * (began - sent))
    figure = Figure(delays)
    yield Row(
        "From submitting a job to its first task running, on a warm pool",
        "150 ms",
        f"{figure} ms",
        figure.median <= 150,
        {"delay": figure},
    )


def waiting(bench: Bench) -> Iterator[Row]:
    """Many clients wait for one job."""
    seconds = bench.sizes.waiting
    job = bench.submit(pool=bench.new_pool(0))
    time.sleep(1)
    worked = bench.service.cpu()
    said = json.loads(bench.in_crowd("waiting", job=job, seconds=seconds).result())
    share = (bench.service.cpu() - worked) / seconds
    each = said["calls"] / len(said["delays"]) / seconds * 60
    figure = Figure([1000 * one for one in said["delays"]])
    yield Row(
        f"{bench.sizes.clients} clients wait {seconds} s for a job",
        "4 calls a minute each at most; all know of its change within a second",
        f"{each:.1f} calls a minute each, {share:.1%} of a core; know of it after {figure} ms",
        each <= 4 and max(figure.values) <= 1000,
        {"delay": figure, "calls": Figure([said["calls"]])},
    )


ALL = (first_task, trivial_tasks, large_job, waiting, crowd)


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/benchmark.sh --service", description=__doc__)
    parser.add_argument(
        "--quick",
        action="store_true",
        help="little of everything, once, to see that it runs; the figures say nothing",
    )
    parser.add_argument("--only", nargs="+", choices=[each.__name__ for each in ALL])
    parser.add_argument("--seconds", type=int, help="how long the clients call (default: 600)")
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks" / "results")
    options = parser.parse_args()
    sizes = QUICK if options.quick else Sizes()
    if options.seconds:
        sizes = Sizes(seconds=options.seconds)
    about = _report.machine()
    rows: list[Row] = []
    text = ""
    with tempfile.TemporaryDirectory(prefix="batchapps-") as folder:
        bench = Bench(Path(folder), sizes)
        try:
            bench.warm()
            for function in ALL:
                if options.only and function.__name__ not in options.only:
                    continue
                try:
                    for row in function(bench):
                        rows.append(row)
                        print(f"{row.work}: {row.measured}", file=sys.stderr, flush=True)
                except (
                    RuntimeError,
                    OSError,
                    httpx.HTTPError,
                    statistics.StatisticsError,
                ) as error:
                    rows.append(_report.failure(function.__name__, error))
                # After each, so that what was measured stays when the next is interrupted.
                text = _report.markdown(rows, about, {}, [])
                data = {"machine": about, "sizes": vars(sizes), "rows": [r.data() for r in rows]}
                name = "service-quick" if options.quick else "service"
                _report.save(options.results, name, text, data)
        finally:
            bench.http.close()
            bench.service.stop()
    print(text)
    return 1 if any(row.measured.startswith("failed") for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
