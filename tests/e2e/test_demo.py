"""The demonstration, in a copy of its folders, so that it starts from nothing."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from support import ROOT, until


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    shutil.copytree(ROOT / "jobtypes" / "ImageResize", tmp_path / "jobtypes" / "ImageResize")
    return tmp_path


def start(root: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, root / "examples" / "demo.py"],
        env=os.environ | {"HOME": str(root / "home"), "USERPROFILE": str(root / "home")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def processes(root: Path) -> list[str]:
    """What runs in or from the folder."""
    found: list[str] = []
    for process in psutil.process_iter():
        try:
            traces = [*process.cmdline(), *process.environ().values(), process.cwd()]
        except psutil.Error:
            continue
        if any(str(root) in trace for trace in traces) and process.pid != os.getpid():
            found.append(" ".join(process.cmdline()))
    return found


def test_it_resizes_the_photographs_and_sends_them_once(root: Path) -> None:
    first = start(root)
    said, _ = first.communicate(timeout=180)
    assert first.returncode == 0, said
    assert "12 files sent" in said
    assert len(re.findall(r"^Task .* of 13 ", said, re.MULTILINE)) == 13
    results = Path(said.splitlines()[-1].removeprefix("Results").strip())
    assert {path.name for path in results.iterdir()} == {
        "resized.zip",
        "contact sheet.jpg",
        *(path.name for path in (ROOT / "examples" / "photos").iterdir() if path.suffix != ".md"),
    }
    assert processes(root) == []

    second = start(root)
    said, _ = second.communicate(timeout=180)
    assert second.returncode == 0, said
    assert "nothing sent: the service had all 12 files already" in said
    assert processes(root) == []
    assert not (root / "home").exists()


@pytest.mark.parametrize(("number", "line"), [(signal.SIGINT, "Task"), (signal.SIGTERM, "Service")])
def test_stopped_it_leaves_nothing_running(root: Path, number: int, line: str) -> None:
    demo = start(root)
    assert demo.stdout is not None
    while not demo.stdout.readline().startswith(line):
        assert demo.poll() is None
    assert len(processes(root)) >= 2
    demo.send_signal(number)
    assert demo.wait(60) == 130
    until(lambda: processes(root) == [], timeout=5)


def test_a_service_that_dies_is_told_of_at_once(root: Path) -> None:
    demo = start(root)
    assert demo.stdout is not None
    while not demo.stdout.readline().startswith("Service"):
        assert demo.poll() is None
    (service,) = [
        process for process in psutil.Process(demo.pid).children() if "serve" in process.cmdline()
    ]
    started = time.monotonic()
    service.kill()
    said, _ = demo.communicate(timeout=60)
    assert demo.returncode == 1
    assert "The service ended unexpectedly" in said
    assert str(root / ".demo" / "service.log") in said
    assert time.monotonic() - started < 30
    until(lambda: processes(root) == [], timeout=10)


def install(root: Path, index: str) -> "subprocess.Popen[str]":
    """The whole demonstration on a checkout without .venv, as on a terminal of its own."""
    shutil.copytree(ROOT / "scripts", root / "scripts", ignore=shutil.ignore_patterns("redocly"))
    shutil.copy(ROOT / "pyproject.toml", root)
    variables = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    return subprocess.Popen(
        [root / "scripts" / "demo.sh"],
        env=variables
        | {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": index,
            "PIP_NO_CACHE_DIR": "1",
            "PIP_RETRIES": "0",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def test_stopped_while_it_installs_it_leaves_nothing_running(root: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        demo = install(root, f"http://127.0.0.1:{silent.getsockname()[1]}/simple")
        silent.settimeout(60)
        with silent.accept()[0]:  # pip asks, and is not answered
            os.killpg(demo.pid, signal.SIGINT)
            said, _ = demo.communicate(timeout=20)
    assert demo.returncode == 130, said
    assert said.endswith("Stopped.\n")
    assert processes(root) == []
    assert [path.name for path in (root / ".demo").iterdir()] == ["install.log"]


def test_without_a_package_index_it_says_so(root: Path) -> None:
    demo = install(root, "http://127.0.0.1:9/simple")
    said, _ = demo.communicate(timeout=120)
    assert demo.returncode == 1
    assert "The project could not be installed" in said
    assert "No matching distribution found for hatchling" in said
    assert str(root / ".demo" / "install.log") in said
