"""A job's states: what leads from one to another, and what is refused."""

import time
from pathlib import Path

import pytest
from support import Api, Service, running, until

ACTIONS = ("cancel", "hold", "resume", "reprocess")


@pytest.fixture(scope="module")
def lane(common: Api) -> str:
    """A pool on which one task runs at a time."""
    return str(common.post("pools", {"targetDedicated": "1"})["poolId"])


def gated(folder: Path, rest: str = "") -> str:
    """A script that waits for the file that ``open_gate`` makes."""
    return f'while [ ! -e "{folder}/$1" ]; do sleep 0.05; done; {rest}'


def open_gate(folder: Path, *numbers: int) -> None:
    for number in numbers:
        (folder / str(number)).touch()


def statuses(api: Api, job_id: str) -> dict[int, str]:
    """States of the tasks that were started."""
    return {task["id"]: task["status"] for task in api.get(f"jobs/{job_id}/tasks")["tasks"]}


def started(api: Api, job_id: str, number: int = 1) -> None:
    until(lambda: statuses(api, job_id).get(number) == "InProgress")


def possible(api: Api, job_id: str) -> set[str]:
    """The actions that are not refused; the job must refuse at least one."""
    taken = set()
    for action in ACTIONS:
        reply = api.http.post(f"/api/jobs/{job_id}/actions/{action}")
        assert reply.status_code in (200, 403), reply.text
        if reply.status_code == 403:
            assert api.job(job_id)["status"] in reply.json()["Message"]
        else:
            taken.add(action)
    return taken


def test_a_job_at_its_end_takes_no_action_but_to_be_reprocessed(common: Api, lane: str) -> None:
    done = common.submit("Shell", pool=lane, Script="true")
    assert common.finished(done)["status"] == "Complete"
    assert possible(common, done) == set()
    failed = common.submit("Shell", pool=lane, Script="exit 3")
    assert common.finished(failed)["status"] == "Error"
    assert possible(common, failed) == {"reprocess"}
    assert common.finished(failed)["status"] == "Error"


def test_a_job_that_waits_is_cancelled_without_having_run(api: Api) -> None:
    pool = api.post("pools", {})["poolId"]
    job_id = api.submit("Words", pool=pool)
    assert api.job(job_id)["status"] == "NotStarted"
    api.post(f"jobs/{job_id}/actions/resume", status=403)
    api.post(f"jobs/{job_id}/actions/reprocess", status=403)
    api.post(f"jobs/{job_id}/actions/cancel")
    job = api.finished(job_id)
    assert job["status"] == "Cancelled"
    assert "startTime" not in job
    assert statuses(api, job_id) == {}
    lines = api.lines(job_id)
    # Perhaps it was being split meanwhile, which the log tells as well.
    assert "Cancel requested." in lines[:-1]
    assert lines[-1] == "The job was cancelled."
    assert possible(api, job_id) == set()


def test_a_job_that_is_being_split_is_cancelling_until_that_is_done(api: Api) -> None:
    pool = api.post("pools", {})["poolId"]
    job_id = api.submit("Words", pool=pool, Count="10000")
    api.post(f"jobs/{job_id}/actions/cancel")
    if api.job(job_id)["status"] == "Cancelling":  # a fast machine may be through
        assert possible(api, job_id) == set()
    assert api.finished(job_id)["status"] == "Cancelled"


def test_nothing_of_a_job_on_hold_starts_until_it_is_resumed(
    common: Api, lane: str, tmp_path: Path
) -> None:
    job_id = common.submit("Shell", pool=lane, Count="3", Script=gated(tmp_path))
    started(common, job_id)
    common.post(f"jobs/{job_id}/actions/hold")
    assert common.job(job_id)["status"] == "OnHold"
    assert [one["id"] for one in common.get(f"pools/{lane}")["activeJobs"]] == [job_id]
    open_gate(tmp_path, 1)
    # The worker takes a later job instead.
    other = common.submit("Shell", pool=lane, Script="true")
    assert common.finished(other)["status"] == "Complete"
    assert statuses(common, job_id) == {1: "Complete"}
    assert common.job(job_id)["status"] == "OnHold"
    common.post(f"jobs/{job_id}/actions/resume")
    assert common.job(job_id)["status"] == "InProgress"
    common.post(f"jobs/{job_id}/actions/resume", status=403)
    open_gate(tmp_path, 2, 3)
    assert common.finished(job_id)["status"] == "Complete"
    lines = common.lines(job_id)
    assert "Put on hold: no more tasks start." in lines
    assert "Resumed." in lines


def test_a_job_can_be_held_before_it_starts_and_cancelled_then(api: Api) -> None:
    pool = api.post("pools", {})["poolId"]
    job_id, other = api.submit("Shell", pool=pool, Script="true"), api.submit("Words", pool=pool)
    for one in (job_id, other):
        api.post(f"jobs/{one}/actions/hold")
    api.post(f"jobs/{other}/actions/cancel")
    assert api.finished(other)["status"] == "Cancelled"
    api.post(f"pools/{pool}/actions/resize", {"targetDedicated": "1"})
    until(lambda: api.get(f"pools/{pool}")["currentDedicated"] == 1)
    assert api.finished(api.submit("Shell", pool=pool, Script="true"))["status"] == "Complete"
    assert (api.job(job_id)["status"], statuses(api, job_id)) == ("OnHold", {})
    api.post(f"jobs/{job_id}/actions/resume")
    assert api.finished(job_id)["status"] == "Complete"


def test_a_held_job_ends_when_its_last_tasks_do(common: Api, lane: str, tmp_path: Path) -> None:
    job_id = common.submit("Shell", pool=lane, Script=gated(tmp_path))
    started(common, job_id)
    common.post(f"jobs/{job_id}/actions/hold")
    open_gate(tmp_path, 1)
    assert common.finished(job_id)["status"] == "Complete"


def test_a_running_job_that_is_held_can_be_cancelled(
    common: Api, lane: str, tmp_path: Path
) -> None:
    job_id = common.submit("Shell", pool=lane, Count="2", Script=gated(tmp_path))
    started(common, job_id)
    common.post(f"jobs/{job_id}/actions/hold")
    common.post(f"jobs/{job_id}/actions/cancel")
    assert common.finished(job_id)["status"] == "Cancelled"
    assert statuses(common, job_id) == {1: "Cancelled"}


def test_reprocessing_a_held_job_lets_it_go_on_with_its_failed_tasks(
    common: Api, lane: str, tmp_path: Path
) -> None:
    script = gated(tmp_path, f'[ $1 != 1 ] || [ -e "{tmp_path}/mended" ]')
    job_id = common.submit("Shell", pool=lane, Count="3", Script=script)
    started(common, job_id)
    common.post(f"jobs/{job_id}/actions/hold")
    open_gate(tmp_path, 1)
    until(lambda: statuses(common, job_id) == {1: "Error"})
    (tmp_path / "mended").touch()
    open_gate(tmp_path, 2, 3)
    common.post(f"jobs/{job_id}/actions/reprocess")
    assert common.finished(job_id)["status"] == "Complete"
    tasks = common.get(f"jobs/{job_id}/tasks")["tasks"]
    assert [task["attempts"] for task in tasks] == [2, 1, 1]
    assert "message" not in tasks[0]


def test_a_job_on_hold_stays_so_when_the_service_starts_again(tmp_path: Path) -> None:
    service = Service.make(tmp_path / "data")
    service.add_jobtype(Path(__file__).parents[1] / "jobtypes_for_tests" / "Shell")
    with running(service):
        api = service.api()
        job_id = api.submit("Shell", Count="2", Script=gated(tmp_path))
        started(api, job_id)
        api.post(f"jobs/{job_id}/actions/hold")
        service.stop()
        service.start()
        open_gate(tmp_path, 1, 2)
        other = api.submit("Shell", Script="true")
        assert api.finished(other)["status"] == "Complete"
        assert api.job(job_id)["status"] == "OnHold"
        assert statuses(api, job_id) == {1: "NotStarted"}
        api.post(f"jobs/{job_id}/actions/resume")
        assert api.finished(job_id)["status"] == "Complete"
        tasks = api.get(f"jobs/{job_id}/tasks")["tasks"]
        assert [task["attempts"] for task in tasks] == [2, 1]


def test_a_waiting_or_finished_task_cannot_be_cancelled(
    common: Api, lane: str, tmp_path: Path
) -> None:
    job_id = common.submit("Shell", pool=lane, Count="3", Script=gated(tmp_path))
    open_gate(tmp_path, 1)
    started(common, job_id, 2)
    until(lambda: statuses(common, job_id)[1] == "Complete")  # that and the start race
    for number, state in ((1, "Complete"), (3, "NotStarted")):
        refused = common.post(f"jobs/{job_id}/tasks/{number}/actions/cancel", status=403)
        assert state in refused["Message"]
    common.post(f"jobs/{job_id}/tasks/2/actions/cancel")
    open_gate(tmp_path, 2, 3)
    assert common.finished(job_id)["status"] == "Error"
    assert statuses(common, job_id) == {1: "Complete", 2: "Cancelled", 3: "Complete"}
    # The cancelled task counts as failed: it alone runs again.
    common.post(f"jobs/{job_id}/actions/reprocess")
    assert common.finished(job_id)["status"] == "Complete"
    tasks = common.get(f"jobs/{job_id}/tasks")["tasks"]
    assert [task["attempts"] for task in tasks] == [1, 2, 1]


def test_a_pool_takes_its_jobs_by_priority_and_then_by_age(
    common: Api, lane: str, tmp_path: Path
) -> None:
    first = common.submit("Shell", pool=lane, Script=gated(tmp_path))
    started(common, first)
    jobs = {}
    for name in ("Low", "Medium", "Whenever", "high", "Urgent"):
        script = {"Name": "Script", "Value": f'echo {name} >> "{tmp_path}/order"'}
        body = {"Name": name, "Type": "Shell", "Parameters": [script], "poolId": lane}
        jobs[name] = common.post("jobs", body | {"Priority": name})["jobId"]
        until(lambda job_id=jobs[name]: common.job(job_id).get("taskCount"))
    waiting = [one["id"] for one in common.get(f"pools/{lane}")["activeJobs"]]
    assert waiting == [first, *jobs.values()]
    assert {name: statuses(common, job_id) for name, job_id in jobs.items()} == {
        n: {} for n in jobs
    }
    open_gate(tmp_path, 1)
    for job_id in jobs.values():
        assert common.finished(job_id)["status"] == "Complete"
    order = (tmp_path / "order").read_text().split()
    assert order == ["Urgent", "high", "Medium", "Whenever", "Low"]


def test_a_task_that_asks_for_it_is_tried_again(common: Api, lane: str, tmp_path: Path) -> None:
    script = f'[ -e "{tmp_path}/seen" ] || {{ touch "{tmp_path}/seen"; echo busy; exit 75; }}'
    job_id = common.submit("Shell", pool=lane, Script=script)
    assert common.finished(job_id)["status"] == "Complete"
    (task,) = common.get(f"jobs/{job_id}/tasks")["tasks"]
    assert (task["attempts"], task["status"], task["exitCode"]) == (2, "Complete", 0)
    assert "message" not in task
    told = [line for line in common.lines(job_id) if line.startswith("Task 1")]
    assert "exit code 75" in told[1]
    assert told[1].endswith("Attempt 1; it is tried again.")
    assert told[2].endswith("attempt 2.")
    assert common.job(job_id)["percentComplete"] == 100


@pytest.mark.parametrize(
    ("script", "why"), [("exit 75", "code 75"), ("sleep 1; kill -9 $PPID", "worker")]
)
def test_a_task_is_tried_so_many_times_at_most(
    common: Api, lane: str, script: str, why: str
) -> None:
    job_id = common.submit("Shell", pool=lane, Script=script)
    assert common.finished(job_id)["status"] == "Error"
    (task,) = common.get(f"jobs/{job_id}/tasks")["tasks"]
    assert (task["attempts"], task["status"]) == (4, "Error")
    assert why in task["message"]


def test_a_task_that_just_fails_is_not_tried_again(common: Api, lane: str) -> None:
    job_id = common.submit("Shell", pool=lane, Script="exit 74")
    assert common.finished(job_id)["status"] == "Error"
    assert common.get(f"jobs/{job_id}/tasks")["tasks"][0]["attempts"] == 1


def test_a_job_with_a_task_that_pauses_can_be_cancelled_at_once(tmp_path: Path) -> None:
    service = Service.make(tmp_path / "data", retry_seconds=600)
    service.add_jobtype(Path(__file__).parents[1] / "jobtypes_for_tests" / "Shell")
    with running(service):
        api = service.api()
        job_id = api.submit("Shell", Script="exit 75")
        until(lambda: any("tried again" in line for line in api.lines(job_id)))
        assert api.job(job_id)["status"] == "InProgress"
        begin = time.monotonic()
        api.post(f"jobs/{job_id}/actions/cancel")
        assert api.finished(job_id)["status"] == "Cancelled"
        assert time.monotonic() - begin < 10
        assert statuses(api, job_id) == {1: "Cancelled"}
