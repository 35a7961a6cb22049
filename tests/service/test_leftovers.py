"""What tasks start is gone when they are: hanging, stubborn, detached."""

import time
from pathlib import Path

import psutil
import pytest
from support import Api, until


@pytest.fixture(scope="module")
def lane(common: Api) -> str:
    """A pool of the module's own."""
    return str(common.post("pools", {"targetDedicated": "1"})["poolId"])


def alive(folder: Path) -> list[int]:
    """Processes that scripts noted in the folder and that still run."""
    noted = [int(line) for file in folder.glob("pid*") for line in file.read_text().split()]
    assert noted
    return [
        pid
        for pid in noted
        if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    ]


def test_a_hanging_task_is_cancelled_with_all_its_processes(
    common: Api, lane: str, tmp_path: Path
) -> None:
    script = f"""trap '' TERM INT HUP
        echo $$ > "{tmp_path}/pid1"
        (trap '' TERM; echo $BASHPID > "{tmp_path}/pid2"; while :; do sleep 600; done) &
        setsid bash -c 'echo $$ > "{tmp_path}/pid3"; sleep 600; sleep 600' &
        while :; do sleep 600; done"""
    job_id = common.submit("Shell", pool=lane, Script=script)
    until(lambda: len([file for file in tmp_path.glob("pid*") if file.read_text()]) == 3)
    begin = time.monotonic()
    common.post(f"jobs/{job_id}/tasks/1/actions/cancel")
    assert common.finished(job_id)["status"] == "Error"
    until(lambda: not alive(tmp_path), timeout=5)
    assert time.monotonic() - begin < 15
    # The worker is free for others.
    assert common.finished(common.submit("Shell", pool=lane, Script="true"))["status"] == "Complete"


@pytest.mark.parametrize("ending", ["exit 0", "exit 1"])
def test_what_a_task_leaves_running_ends_with_it(
    common: Api, lane: str, tmp_path: Path, ending: str
) -> None:
    script = f"""if [ $1 = 1 ]; then
        setsid bash -c 'echo $$ > "{tmp_path}/pid1"; sleep 600; :' > /dev/null 2>&1 < /dev/null &
        (setsid bash -c '(echo $BASHPID > "{tmp_path}/pid2"; sleep 600; :) &' > /dev/null 2>&1 &)
        while [ ! -s "{tmp_path}/pid1" ] || [ ! -s "{tmp_path}/pid2" ]; do sleep 0.05; done
        {ending}
        else sleep 600; fi"""
    job_id = common.submit("Shell", pool=lane, Count="2", Script=script)

    def second_runs() -> bool:
        tasks = common.get(f"jobs/{job_id}/tasks")["tasks"]
        return [task["status"] for task in tasks][1:] == ["InProgress"]

    # Gone with the task, while the job goes on.
    until(second_runs)
    assert alive(tmp_path) == []
    common.post(f"jobs/{job_id}/actions/cancel")
    assert common.finished(job_id)["status"] == "Cancelled"


def test_a_task_that_fails_half_way_leaves_no_output(common: Api, lane: str) -> None:
    script = (
        'echo half > "$2/half.txt"; echo openjd_progress: 50; echo "openjd_fail: no ink"; exit 4'
    )
    job_id = common.submit("Shell", pool=lane, Script=script)
    job = common.finished(job_id)
    assert (job["status"], "outputLink" in job) == ("Error", False)
    (task,) = common.get(f"jobs/{job_id}/tasks")["tasks"]
    assert (task["status"], task["exitCode"]) == ("Error", 4)
    assert "no ink" in task["message"]
    assert [one["kind"] for one in task["outputs"]] == ["TaskLog"]
