"""What a task cannot do: read the data directory, outlive its end, take more than it may."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import Api, Service, command, running, until

from batchapps_service import _fence

TYPES = Path(__file__).parents[1] / "jobtypes_for_tests"


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service.make(
        tmp_path_factory.mktemp("strict") / "data",
        max_task_seconds=5,
        max_task_memory_bytes=300_000_000,
        max_output_files=5,
        max_output_bytes=1000,
    )
    service.add_jobtype(TYPES / "Shell", TYPES / "Mirror")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDIO_TOKEN", "hush-hush")
        with running(service):
            yield service


@pytest.fixture(scope="module")
def api(strict: Service) -> Api:
    return strict.api()


@pytest.fixture(scope="module")
def lane(api: Api) -> str:
    return str(api.post("pools", {"targetDedicated": "1"})["poolId"])


def message(api: Api, lane: str, script: str) -> str:
    """Why a job with that script failed."""
    job = api.submit("Shell", pool=lane, Script=script)
    assert api.finished(job)["status"] == "Error", api.lines(job)
    return str(api.get(f"jobs/{job}/tasks")["tasks"][0]["message"])


@pytest.mark.skipif(not _fence.is_possible(), reason="this system has no Landlock")
def test_a_task_cannot_read_what_is_not_its_own(
    strict: Service, api: Api, lane: str, tmp_path: Path
) -> None:
    root = strict.directory
    other = strict.api(strict.add_account())
    other.put("secret.txt", b"secret")
    slow = other.submit("Mirror", ["secret.txt"], Final="final.txt")
    assert other.finished(slow)["status"] == "Complete"
    probes = {
        "own input and output": 'echo x > "$2/x" && cat "$2/x"',
        "the system": "cat /etc/passwd",
        "beside": f'cd "{tmp_path}" && echo x > x && mkdir y && mv x y',
        "database": f'cat "{root}/service.db"',
        "write database": f'echo >> "{root}/service.db"',
        "key": f'cat "{root}/issuer.key"',
        "store": f'ls "{root}/store"',
        "work": f'ls "{root}/work"',
        "root": f'ls "{root}"',
        "new file": f'touch "{root}/x"',
        "link": f'ln "{root}/issuer.key" "$2/key"',
        "symbolic link": f'ln -s "{root}/issuer.key" "$2/key" && cat "$2/key"',
        "moved child": f"setsid bash -c 'cat \"{root}/issuer.key\"'",
        "bundle for writing": f'touch "{root}/jobtypes/1/x"',
    }
    script = "".join(
        f"if ({probe}) > /dev/null 2>&1; then echo 'can: {name}'; fi\n"
        for name, probe in probes.items()
    )
    job = api.submit("Shell", pool=lane, Script=script)
    assert api.finished(job)["status"] == "Complete", api.lines(job)
    can = {line.removeprefix("can: ") for line in api.lines(job) if line.startswith("can: ")}
    assert can == {"own input and output", "the system", "beside"}


def test_no_variable_of_the_service_is_within_reach(api: Api, lane: str) -> None:
    script = """env; for process in self $PPID $(ps -o ppid= -p $PPID); do
        tr '\\0' '\\n' < /proc/$process/environ; done; echo read"""
    job = api.submit("Shell", pool=lane, Script=script)
    assert api.finished(job)["status"] == "Complete"
    lines = api.lines(job)
    assert "read" in lines
    assert any(line.startswith("PATH=") for line in lines)
    assert not [line for line in lines if "hush" in line or "STUDIO" in line]


def test_a_task_that_takes_too_long_is_ended(api: Api, lane: str) -> None:
    begin = time.monotonic()
    said = message(api, lane, "sleep 600")
    assert "longer than the 5 s" in said
    assert time.monotonic() - begin < 30


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ('for n in 1 2 3 4 5 6; do touch "$2/$n"; done', "left 6 files, and may leave 5"),
        ('head -c 1001 /dev/zero > "$2/big"', "left 1001 bytes, and may leave 1000"),
    ],
)
def test_a_task_that_leaves_too_much_fails(api: Api, lane: str, script: str, words: str) -> None:
    assert words in message(api, lane, script)
    job = api.get("jobs", maxResults="1")["jobs"][0]["id"]
    kinds = [one["kind"] for one in api.get(f"jobs/{job}/outputs/files")["outputs"]]
    assert kinds == ["TaskLog"]


@pytest.mark.skipif(not _fence.is_possible(), reason="this system has no Landlock")
def test_a_task_cannot_look_into_other_processes(
    strict: Service, api: Api, lane: str, tmp_path: Path
) -> None:
    other = str(api.post("pools", {"targetDedicated": "1"})["poolId"])
    api.submit("Shell", pool=other, Script=f'echo $$ > "{tmp_path}/pid"; sleep 2')
    until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    assert strict.process is not None
    script = f"""for process in self {strict.process.pid} $PPID $(cat "{tmp_path}/pid"); do
        if head -c 1 /proc/$process/environ > /dev/null; then echo "can: $process"; fi
        if ls -l /proc/$process/fd > /dev/null; then echo "can: $process"; fi; done"""
    job = api.submit("Shell", pool=lane, Script=script)
    assert api.finished(job)["status"] == "Complete"
    assert [one for one in api.lines(job) if one.startswith("can")] == ["can: self"] * 2


@pytest.mark.parametrize("how", ["alone", "with its child"])
def test_a_task_that_takes_too_much_memory_is_ended(api: Api, lane: str, how: str) -> None:
    size = 400 if how == "alone" else 200
    fork = "" if how == "alone" else "os.fork();"
    script = f"python -c 'import os, time; {fork} x = b\"x\" * ({size} << 20); time.sleep(600)'"
    said = re.fullmatch(
        r"The task failed: it used (\d+) bytes of memory, and may use 300000000\.",
        message(api, lane, script),
    )
    assert said is not None
    assert 300_000_000 < int(said[1]) < 600_000_000


def test_memory_that_is_only_reserved_or_is_shared_does_not_count(api: Api, lane: str) -> None:
    script = """python -c '
import mmap, os, time
reserved = mmap.mmap(-1, 8 << 30, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
shared = mmap.mmap(-1, 200 << 20)
for _ in range(200):
    shared.write(bytes(1 << 20))
os.fork()
shared.find(b"x", 0)
time.sleep(2.5)'"""
    job = api.submit("Shell", pool=lane, Script=script)
    assert api.finished(job)["status"] == "Complete", api.lines(job)


def test_limits_and_fences_are_settings_that_are_checked(strict: Service) -> None:
    path = strict.directory / "service.json"
    before = path.read_text()
    try:
        path.write_text(json.dumps(json.loads(before) | {"fence_tasks": "no"}))
        said = command("accounts", "list", strict.directory)
    finally:
        path.write_text(before)
    assert said.returncode == 1
    assert "'fence_tasks' must be true or false" in said.stderr
