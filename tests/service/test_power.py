"""What a power cut may not part: in which order the service writes, and what it waits for.

The real service runs under strace. A system call counts from its beginning to its end, as several
are going on at once.
"""

import hashlib
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import STAMP, Service, free_port

CALLS = "fsync,fdatasync,rename,renameat,renameat2,pwrite64,sendto"
TYPES = Path(__file__).parents[1] / "jobtypes_for_tests"
LARGE = bytes(range(256)) * 1000  # has a file of its own in the store


def tracing(trace: Path) -> list[str]:
    """The command that runs another one and writes down its system calls."""
    # As much of what is written as a page of the database is long; the tracer is no parent.
    options = ["-D", "-f", "-y", "-s", "4200", "--seccomp-bpf", "-e", f"trace={CALLS}"]
    return ["strace", *options, "-o", str(trace)]


def works() -> bool:
    """Whether programs can be traced here."""
    if not shutil.which("strace"):
        return False
    tried = subprocess.run(["strace", "-qq", "-f", "true"], check=False, capture_output=True)
    return tried.returncode == 0


pytestmark = pytest.mark.skipif(not works(), reason="needs strace")


@dataclass
class Traced:
    """A system call: its name, all that was shown of it, and the lines it began and ended in."""

    name: str
    text: str
    begin: int
    end: int


def read(trace: Path) -> list[Traced]:
    calls: list[Traced] = []
    pending: dict[str, Traced] = {}
    for number, line in enumerate(trace.read_text(errors="replace").splitlines()):
        process, _, rest = line.partition(" ")
        rest = rest.strip()
        if resumed := re.match(r"<\.\.\. (\w+) resumed>(.*)", rest):
            call = pending.pop(process)
            call.text += resumed[2]
            call.end = number
        elif begun := re.match(r"(\w+)\(", rest):
            call = Traced(begun[1], rest, number, number)
            calls.append(call)
            if rest.endswith("<unfinished ...>"):
                pending[process] = call
    return calls


def synced(calls: list[Traced], path: object, after: int, before: int) -> bool:
    """Whether the file or folder was made durable between two lines."""
    return any(
        call.name in {"fsync", "fdatasync"}
        and f"<{path}>" in call.text
        and after < call.begin
        and call.end < before
        for call in calls
    )


def stored(directory: Path) -> dict[str, Path]:
    """The contents in the store, by digest."""
    found = (directory / "store").glob("[0-9a-f][0-9a-f]/*")
    return {path.parent.name + path.name: path for path in found}


def test_contents_are_durable_before_rows_name_them_and_rows_before_they_are_answered(
    tmp_path: Path,
) -> None:
    made = Service.make(tmp_path / "data")
    made.add_jobtype(TYPES / "Words")
    trace = tmp_path / "trace"
    made.start(*tracing(trace))
    api = made.api()
    small = b"small and all by itself"
    api.put("put.bin", LARGE)
    row = {"Name": "s", "Timestamp": STAMP, "Size": len(small), "Sha256": sha(small)}
    head = b'{"Files": [%s]}\n' % repr(row).replace("'", '"').encode()
    body = head + small
    assert api.http.post("/api/files/bulk", content=body, headers=digest(body)).is_success
    parts = LARGE + b"in parts"
    upload = api.post("uploads", {"Name": "p", "Timestamp": STAMP, "Size": len(parts)})["id"]
    assert api.http.put(f"/api/uploads/{upload}/parts/0", content=parts).is_success
    api.post(f"uploads/{upload}/actions/complete", {"Sha256": sha(parts)})
    job = api.finished(api.submit("Words", ["put.bin"], Count="2"))
    assert job["status"] == "Complete"
    assert made.stop() == 0
    calls = read(trace)
    store = stored(made.directory)
    with closing(sqlite3.connect(made.directory / "service.db")) as database:
        query = (
            "SELECT digest FROM file UNION SELECT digest FROM output UNION SELECT output_digest"
            " FROM job"
        )
        named = {row[0] for row in database.execute(query)}
    assert named >= store.keys() >= {sha(LARGE), sha(parts)}
    assert len(store) >= 5  # the outputs too
    for content, path in store.items():
        (brought,) = (c for c in calls if c.name.startswith("rename") and f'"{path}"' in c.text)
        source = brought.text.split('"')[1]
        assert synced(calls, source, -1, brought.begin), f"{path} is renamed before it is durable"
        first = first_row(calls, content)
        assert synced(calls, path.parent, brought.end, first), f"{path} is named too early"
    for content in (sha(LARGE), sha(small), sha(parts)):
        first = first_row(calls, content)
        answer = next(c.begin for c in calls if c.name == "sendto" and c.begin > first)
        log = made.directory / "service.db-wal"
        assert synced(calls, log, first, answer), "the answer was early"


def first_row(calls: list[Traced], content: str) -> int:
    """Where the database first writes down that digest."""
    return next(
        call.begin
        for call in calls
        if call.name == "pwrite64" and "service.db-wal>" in call.text and content in call.text
    )


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def digest(body: bytes) -> dict[str, str]:
    import base64

    encoded = base64.b64encode(hashlib.sha256(body).digest()).decode()
    return {"Content-Digest": f"sha-256=:{encoded}:"}


def test_a_new_data_directory_and_its_job_types_are_durable(tmp_path: Path) -> None:
    directory, trace = tmp_path / "data", tmp_path / "trace"
    for arguments in (
        ["init", directory, "--port", free_port()],
        ["jobtypes", "add", directory, TYPES / "Words"],
    ):
        service = [sys.executable, "-m", "batchapps_service", *map(str, arguments)]
        subprocess.run([*tracing(trace), *service], capture_output=True, check=True)
        calls = read(trace)
        brought = [c for c in calls if c.name.startswith("rename")][-1]
        source, target = map(Path, brought.text.split('"')[1::2])
        below = [path for path in target.rglob("*") if "service.db" not in path.name]
        assert len(below) > 1 or arguments[0] == "jobtypes"
        for path in (target, *below):
            before = source / path.relative_to(target)
            assert synced(calls, before, -1, brought.begin), f"{path} was not durable"
        assert synced(calls, target.parent, brought.end, sys.maxsize)
