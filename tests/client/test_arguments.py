"""Numbers that are none are refused by the name of their argument, before anything is sent."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from standin import FakeService, Reply

from batchapps import FileManager, JobManager, PoolManager, SubmittedJob

Given = Callable[[Any], object]
BAD = ["two", -1, 1.5, True, float("nan"), float("inf"), [1], "", b"x"]


@pytest.fixture
def calls(
    jobs: JobManager, pools: PoolManager, files: FileManager, service: FakeService, tmp_path: Path
) -> dict[str, Given]:
    """What takes a whole number, by the name of the argument, and of what if there are several."""
    service.on("GET jobs/1", Reply(body={"id": "1", "name": "n", "type": "t"}))
    service.on("GET pools/p", Reply(body={"id": "p"}))
    job: SubmittedJob = jobs.get_job(jobid="1")
    pool = pools.get_pool(poolid="p")
    (tmp_path / "a.txt").write_text("a")
    some = files.create_file_set(files.file_from_path(str(tmp_path / "a.txt")))
    return {
        "target_size": lambda value: pools.create_spec(target_size=value),
        "max_tasks": lambda value: pools.create(max_tasks=value),
        "target": pool.resize,
        "instances": lambda value: jobs.create_job("n", params={}, instances=value).submit(),
        "index": lambda value: jobs.get_jobs(index=value),
        "per_call": lambda value: jobs.get_jobs(per_call=value),
        "per_call of jobs": lambda value: list(jobs.iter_jobs(per_call=value)),
        "per_call of tasks": lambda value: list(job.iter_tasks(per_call=value)),
        "per_call of files": lambda value: some.missing(per_call=value),
        "max_lines": lambda value: job.get_logs(max_lines=value),
        "threads": lambda value: some.upload(threads=value),
    }


@pytest.mark.parametrize("bad", BAD, ids=repr)
def test_what_is_no_whole_number_is_named(
    calls: dict[str, Given], service: FakeService, bad: object
) -> None:
    before = len(service.made())
    for name, call in calls.items():
        if not bad and name in ("instances", "threads"):
            continue  # nothing given: what they are without it
        argument = name.split()[0]
        with pytest.raises(ValueError) as caught:
            call(bad)
        text = str(caught.value)
        assert text.startswith(f"{argument} must be a whole number, at least "), name
        assert text.endswith(f", not {bad!r}."), name
    assert len(service.made()) == before


def test_none_is_no_number_where_there_has_to_be_one(calls: dict[str, Given]) -> None:
    for name in set(calls) - {"instances", "threads", "max_lines"}:
        with pytest.raises(ValueError, match=f"^{name.split()[0]} must be .* not None"):
            calls[name](None)


@pytest.mark.parametrize("good", [2, "2", 2.0, "02"])
def test_a_whole_number_in_another_form_is_as_good(
    pools: PoolManager, service: FakeService, good: Any
) -> None:
    spec = pools.create_spec(target_size=good, max_tasks=good)
    assert (spec.target_size, spec.max_tasks) == (2, 2)


@pytest.mark.parametrize("bad", ["ten", True, float("nan"), [1]], ids=repr)
def test_what_is_no_time_is_named(jobs: JobManager, service: FakeService, bad: Any) -> None:
    service.on("GET jobs/1", Reply(body={"id": "1", "name": "n", "type": "t", "status": "Error"}))
    job = jobs.get_job(jobid="1")
    for argument in ("timeout", "poll", "patience"):
        with pytest.raises(ValueError, match=f"^{argument} must be a number of seconds, not "):
            job.wait(**{argument: bad})
    for argument in ("poll", "patience"):
        with pytest.raises(ValueError, match=f"^{argument} must be a number of seconds, not "):
            list(job.iter_logs(**{argument: bad}))


@pytest.mark.parametrize("good", [1, 0.5, Fraction(1, 2), Decimal("0.5")], ids=repr)
def test_a_time_in_another_form_is_as_good(
    jobs: JobManager, service: FakeService, good: Any
) -> None:
    body = {"id": "1", "name": "n", "type": "t", "status": "Complete"}
    service.on("GET jobs/1", Reply(body=body))
    job = jobs.get_job(jobid="1")
    assert job.wait(timeout=good, poll=good, patience=good).status == "Complete"
