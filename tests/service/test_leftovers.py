"""What tasks start is gone when they are: hanging, stubborn, detached."""

import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from support import Api, Service, bundle, running, until

TYPES = Path(__file__).parents[1] / "jobtypes_for_tests"
HIDDEN = pytest.mark.skipif(sys.platform != "linux", reason="is promised of Linux only")


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
    until(lambda: common.job(job_id)["status"] == "InProgress")
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


def hidden(folder: Path, environment: str = "env -i", name: str = "pid") -> str:
    """Start a process that leaves its group, its session, its parent and its environment."""
    return f"""({environment} setsid bash -c \
            'echo $$ > "{folder}/{name}"; sleep 600; :' > /dev/null 2>&1 < /dev/null &)
        while [ ! -s "{folder}/{name}" ]; do sleep 0.02; done
        """


@HIDDEN
@pytest.mark.parametrize("environment", ["env -i", "BATCHAPPS_MARK=mine"])
@pytest.mark.parametrize("ending", ["exit 0", "exit 1", "sleep 600"])
def test_a_child_that_hides_ends_with_its_task(
    common: Api, lane: str, tmp_path: Path, environment: str, ending: str
) -> None:
    script = f"""{hidden(tmp_path, environment)} echo > "{tmp_path}/ready"; {ending}"""
    job_id = common.submit("Shell", pool=lane, Script=script)
    until((tmp_path / "ready").exists)
    if ending == "sleep 600":
        assert alive(tmp_path)
        common.post(f"jobs/{job_id}/actions/cancel")
    common.finished(job_id)
    until(lambda: not alive(tmp_path), timeout=5)


@HIDDEN
def test_a_child_that_hides_ends_with_its_task_and_a_neighbour_keeps_its_own(
    common: Api, tmp_path: Path
) -> None:
    pool = common.post("pools", {"targetDedicated": "1", "maxTasksPerTVM": "2"})["poolId"]
    mine, daemon = tmp_path / "mine", tmp_path / "daemon"
    for folder in (mine, daemon):
        folder.mkdir()
    script = f"""{hidden(daemon, "")} while [ ! -e "{tmp_path}/go" ]; do sleep 0.05; done
        {hidden(daemon, "", "pid2")} kill -0 $(cat "{daemon}/pid")"""
    neighbour = common.submit("Shell", pool=pool, Script=script)
    until((daemon / "pid").exists)
    job_id = common.submit("Shell", pool=pool, Script=hidden(mine) + hidden(mine, "", "pid2"))
    assert common.finished(job_id)["status"] == "Complete"
    until(lambda: not alive(mine), timeout=5)
    assert alive(daemon)
    (tmp_path / "go").touch()
    assert common.finished(neighbour)["status"] == "Complete"
    until(lambda: not alive(daemon), timeout=5)


DAEMON = """\
specificationVersion: jobtemplate-2023-09
name: Daemon
parameterDefinitions:
  - {name: Folder, type: STRING}
  - {name: Out, type: PATH, objectType: DIRECTORY, dataFlow: OUT}
jobEnvironments:
  - name: Server
    script:
      actions:
        onEnter: {command: bash, args: ["{{Param.Folder}}/enter"]}
        onExit: {command: bash, args: ["{{Param.Folder}}/leave"]}
steps:
  - name: Use
    parameterSpace:
      taskParameterDefinitions: [{name: N, type: INT, range: "1-3"}]
    script:
      actions:
        onRun: {command: bash, args: ["{{Param.Folder}}/run"]}
"""


@HIDDEN
@pytest.mark.parametrize("environment", ["", "env -i"])
def test_what_an_environment_starts_stays_for_its_tasks(
    tmp_path: Path, notes: Path, environment: str
) -> None:
    check = f'''kill -0 $(cat "{notes}/pid") && echo >> "{notes}/found"; '''
    (notes / "enter").write_text(hidden(notes, environment))
    (notes / "leave").write_text(check)
    run = check + f'if [ -e "{notes}/pid2" ] && kill -0 $(cat "{notes}/pid2"); then exit 1; fi; '
    run += f'rm -f "{notes}/pid2"; ' + hidden(notes, "env -i", "pid2")
    (notes / "run").write_text(run)
    service = Service.make(tmp_path / "data")
    service.add_jobtype(bundle(notes, "Daemon", DAEMON))
    with running(service):
        api = service.api()
        pool = api.post("pools", {"targetDedicated": "1"})["poolId"]
        job_id = api.submit("Daemon", pool=pool, Folder=str(notes))
        assert api.finished(job_id)["status"] == "Complete", api.lines(job_id)
        until(lambda: len((notes / "found").read_text()) == 4, timeout=5)  # left a little later
        until(lambda: not alive(notes), timeout=5)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Service]:
    """A service that is started, and may be killed."""
    service = Service.make(tmp_path / "data", max_attempts=1)
    service.add_jobtype(TYPES / "Shell")
    yield service.start()
    if service.process is not None:
        service.stop(signal.SIGKILL)


@HIDDEN
def test_a_child_that_hides_ends_with_a_worker_that_is_killed(own: Service, notes: Path) -> None:
    api = own.api()
    pool = api.post("pools", {"targetDedicated": "1"})["poolId"]
    script = hidden(notes) + hidden(notes, "BATCHAPPS_MARK=mine", "pid2") + "kill -9 $PPID"
    job_id = api.submit("Shell", pool=pool, Script=script)
    assert api.finished(job_id)["status"] == "Error"
    until(lambda: not alive(notes), timeout=5)


@HIDDEN
def test_tasks_end_with_a_service_that_is_killed_and_not_started_again(
    own: Service, notes: Path
) -> None:
    api = own.api()
    pool = api.post("pools", {"targetDedicated": "1", "maxTasksPerTVM": "2"})["poolId"]
    script = hidden(notes) + f'echo $$ > "{notes}/pid2"; sleep 600'
    api.submit("Shell", pool=pool, Script=script)
    until((notes / "pid2").exists)
    own.stop(signal.SIGKILL)
    until(lambda: not alive(notes), timeout=5)


def test_an_attempt_whose_result_is_lost_is_not_run_twice(tmp_path: Path, notes: Path) -> None:
    service = Service.make(tmp_path / "data")
    service.add_jobtype(TYPES / "Shell")
    with running(service):
        api = service.api()
        pool = api.post("pools", {"targetDedicated": "1"})["poolId"]
        script = f"""echo $PPID >> "{notes}/runs"; sleep 1; echo $1 > "$2/out.txt"
            touch "{notes}/done" """
        job_id = api.submit("Shell", pool=pool, Script=script)
        runs = notes / "runs"
        until(lambda: runs.exists() and runs.read_text())
        assert service.process is not None
        service.process.send_signal(signal.SIGSTOP)  # it does not hear of the end
        until((notes / "done").exists)
        time.sleep(1)
        psutil.Process(int(runs.read_text())).kill()
        service.process.send_signal(signal.SIGCONT)
        assert api.finished(job_id)["status"] == "Complete", api.lines(job_id)
        (task,) = api.get(f"jobs/{job_id}/tasks")["tasks"]
        assert task["attempts"] == len(runs.read_text().split())
        kinds = [one["kind"] for one in api.get(f"jobs/{job_id}/outputs/files")["outputs"]]
        assert kinds.count("TaskOutput") == 1
