"""Calls that wait for a job to change."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from support import Api, Service, running, until


@contextmanager
def timed(low: float, high: float) -> Iterator[None]:
    started = time.monotonic()
    yield
    assert low <= time.monotonic() - started < high


def wait(api: Api, job_id: str, unless: str, seconds: str = "60") -> str:
    return str(api.get(f"jobs/{job_id}", wait=seconds, unless=unless)["status"])


def parked(api: Api) -> str:
    """A job that waits for workers of its pool, which has none."""
    return api.submit("Words", pool=api.post("pools", {"targetDedicated": "0"})["poolId"])


def test_the_answer_comes_with_the_change(api: Api) -> None:
    job_id = parked(api)
    with timed(0, 2):
        assert wait(api, job_id, "InProgress") == "NotStarted"
        assert api.get(f"jobs/{job_id}", wait="60")["status"] == "NotStarted"
    with timed(0.3, 5):
        assert wait(api, job_id, "NotStarted", "0.3") == "NotStarted"
    with ThreadPoolExecutor() as threads, timed(0.5, 15):
        waiting = threads.submit(wait, api, job_id, "NotStarted")
        time.sleep(0.5)
        api.post(f"jobs/{job_id}/actions/hold")
        assert waiting.result() == "OnHold"


def test_every_change_is_seen(shared: Api, pool: str) -> None:
    job_id = shared.submit("Words", pool=pool, Sleep="0.3")
    seen, status = [], "NotStarted"
    with timed(0.3, 50):
        while status != "Complete":
            seen.append(status := wait(shared, job_id, status))
    assert seen[-2:] == ["InProgress", "Complete"]


def test_how_long_is_limited(common: Api) -> None:
    for seconds in ("61", "-1", "soon", "1e2", "1e999", "0x1", "NaN"):
        reply = common.http.get("/api/jobs/1", params={"wait": seconds, "unless": "OnHold"})
        assert (reply.status_code, "wait" in reply.json()["Message"]) == (400, True)


def test_many_wait_and_hinder_nobody_nor_the_end_of_the_service(tmp_path: Path) -> None:
    service = Service.make(tmp_path / "data")
    service.add_jobtype(Path(__file__).parents[1] / "jobtypes_for_tests" / "Words")
    with running(service):
        api = service.api()
        job_id = parked(api)
        answers: list[Any] = []

        def waiter() -> None:
            answers.append(wait(api, job_id, "NotStarted"))

        waiting = [threading.Thread(target=waiter) for _ in range(90)]
        for one in waiting:
            one.start()
        assert service.process is not None
        process = psutil.Process(service.process.pid)
        until(lambda: len(process.net_connections()) > len(waiting))
        time.sleep(0.5)  # for the calls to arrive
        with timed(0, 1):
            assert api.job(job_id)["status"] == "NotStarted"
        assert not answers
        assert process.num_threads() < len(waiting)
        with timed(0, 5):
            assert service.stop() == 0
        for one in waiting:
            one.join()
        assert answers == ["NotStarted"] * len(waiting)
