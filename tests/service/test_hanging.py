"""Workers that do not answer: the service and all others go on."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from support import Service, bundle, running, until

TYPES = Path(__file__).parents[1] / "jobtypes_for_tests"
LINGERING = """specificationVersion: jobtemplate-2023-09
name: Lingering
parameterDefinitions:
  - {name: Folder, type: STRING}
jobEnvironments:
  - name: Slow
    script:
      actions:
        onEnter: {command: "true"}
        onExit: {command: bash, args: ["{{Env.File.Leave}}"]}
      embeddedFiles:
        - name: Leave
          type: TEXT
          data: |
            touch "{{Param.Folder}}/leaving"
            while [ ! -e "{{Param.Folder}}/go" ]; do sleep 0.05; done
            touch "{{Param.Folder}}/left"
steps:
  - name: Work
    script:
      actions:
        onRun: {command: "true"}
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_a_worker_that_hangs_holds_up_no_other(tmp_path: Path, notes: Path) -> None:
    service = Service.make(tmp_path / "data")
    service.add_jobtype(TYPES / "Shell")
    with running(service):
        api = service.api()
        bad, good = (api.post("pools", {"targetDedicated": "1"})["poolId"] for _ in "12")
        hung = api.submit("Shell", pool=bad, Script=f'echo $PPID > "{notes}/pid"; sleep 600')
        until(lambda: (notes / "pid").exists() and (notes / "pid").read_text())
        until(lambda: api.job(hung)["status"] == "InProgress")
        worker = psutil.Process(int((notes / "pid").read_text()))
        worker.suspend()
        try:
            api.post(f"jobs/{hung}/actions/cancel")
            job_id = api.submit("Shell", pool=good, Script="true")
            assert api.finished(job_id, timeout=20)["status"] == "Complete"
            assert api.job(hung)["status"] == "Cancelling"
        finally:
            worker.resume()
        assert api.finished(hung, timeout=20)["status"] == "Cancelled"


def test_a_service_stops_though_a_worker_hangs(tmp_path: Path, notes: Path) -> None:
    service = Service.make(tmp_path / "data")
    service.add_jobtype(TYPES / "Shell")
    with running(service):
        api = service.api()
        job_id = api.submit("Shell", Script=f'echo $PPID > "{notes}/pid"; sleep 600')
        until(lambda: (notes / "pid").exists() and (notes / "pid").read_text())
        until(lambda: api.job(job_id)["status"] == "InProgress")
        psutil.Process(int((notes / "pid").read_text())).suspend()
        assert service.stop() == 0


def test_tasks_run_while_an_environment_is_being_left(tmp_path: Path, notes: Path) -> None:
    service = Service.make(tmp_path / "data")
    service.add_jobtype(bundle(notes, "Lingering", LINGERING), TYPES / "Shell")
    with running(service):
        api = service.api()
        pool = api.post("pools", {"targetDedicated": "1"})["poolId"]
        first = api.submit("Lingering", pool=pool, Folder=str(notes))
        until((notes / "leaving").exists)
        assert api.finished(first)["status"] == "Complete"
        second = api.submit("Shell", pool=pool, Script="true")
        assert api.finished(second, timeout=20)["status"] == "Complete"
        assert not (notes / "left").exists()
        (notes / "go").touch()
        until((notes / "left").exists, timeout=10)


def test_a_service_stops_while_an_environment_is_being_left(tmp_path: Path, notes: Path) -> None:
    service = Service.make(tmp_path / "data")
    service.add_jobtype(bundle(notes, "Lingering", LINGERING))
    with running(service):
        api = service.api()
        api.submit("Lingering", Folder=str(notes))
        until((notes / "leaving").exists)
        assert service.stop() == 0


THREADS = """
import sys, threading
from pathlib import Path
from batchapps_service._cluster import Cluster
cluster = Cluster(1, 1, Path(sys.argv[1]), "test", lambda _events: None)
print(*(thread.name for thread in threading.enumerate()), sep="\\n")
cluster.close()
"""


def test_dask_looks_through_no_threads(tmp_path: Path) -> None:
    # Which hangs some Pythons; see the configuration.
    done = subprocess.run(
        [sys.executable, "-c", THREADS, tmp_path], capture_output=True, text=True, check=True
    )
    names = done.stdout.splitlines()
    assert "MainThread" in names
    assert "Profile" not in names
