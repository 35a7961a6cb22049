"""Uploads and downloads: what travels, cancellation, odd files, progress."""

import os
import random
import signal
import sys
import time
from pathlib import Path

import pytest

from batchapps import Credentials, FileManager, JobManager
from batchapps.exceptions import FileDownloadException
from batchapps.progress import ProgressDisplay, TransferProgress

PART = 8 * 1024 * 1024


def content(seed: int, size: int) -> bytes:
    return random.Random(seed).randbytes(size)


def test_nothing_is_read_or_sent_twice(creds: Credentials, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    for number in range(300):
        path = folder / ("sub" if number % 2 else ".") / f"{number}.txt"
        path.write_bytes(f"content {number}".encode())
        os.utime(path, (1_500_000_000 + number, 1_500_000_000.5 + number))
    (folder / "large.bin").write_bytes(bytes(5_000_000))
    os.utime(folder / "large.bin", (1_500_000_000, 1_500_000_000.5))
    time.sleep(0.2)  # what was changed just now is not trusted to stay

    opened: list[str] = []
    hook = {"on": True}

    def audit(event: str, arguments: tuple[object, ...]) -> None:
        if hook["on"] and event == "open" and str(arguments[0]).startswith(str(folder)):
            opened.append(str(arguments[0]))

    sys.addaudithook(audit)
    try:
        assert sent(creds, folder) == (301, 0)
        assert len(opened) >= 301
        opened.clear()
        assert sent(creds, folder) == (0, 301)
        assert opened == []
        # Touched: read again, and nothing travels.
        os.utime(folder / "0.txt", (1_600_000_000, 1_600_000_000.5))
        os.utime(folder / "large.bin", (1_600_000_000, 1_600_000_000.5))
        assert sent(creds, folder) == (0, 301)
        assert set(opened) == {str(folder / "0.txt"), str(folder / "large.bin")}
        # Changed in the same second, with the same size: only that travels.
        opened.clear()
        (folder / "2.txt").write_bytes(b"CONTENT 2")
        os.utime(folder / "2.txt", (1_500_000_002, 1_500_000_002.25))
        assert sent(creds, folder) == (1, 300)
        # A copy of a large file does not travel either.
        (folder / "copy.bin").write_bytes(bytes(5_000_000))
        assert sent(creds, folder) == (0, 302)
    finally:
        hook["on"] = False
    # What the service lost is sent again, whatever is remembered here.
    FileManager(creds).find_files("4.txt")[0].delete()
    assert sent(creds, folder)[0] == 1


def sent(creds: Credentials, folder: Path) -> tuple[int, int]:
    """Upload a folder; how many files were sent, and how many the service had."""
    told: list[TransferProgress] = []
    collection = FileManager(creds).files_from_dir(folder, recursive=True)
    assert collection.upload(progress=told.append) == []
    last = told[-1]
    assert last.finished
    assert last.files == last.total_files == len(collection)
    assert last.bytes == last.total_bytes
    assert [one.finished for one in told].count(True) == 1
    return last.sent_files, last.known_files


def test_a_callback_stops_an_upload_within_a_second(creds: Credentials, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.bin").write_bytes(content(4, 10 * PART))
    told: list[TransferProgress] = []

    class Enough(Exception):
        pass

    def progress(state: TransferProgress) -> None:
        told.append(state)
        if state.bytes and not state.finished:
            raise Enough

    started = time.monotonic()
    collection = FileManager(creds).files_from_dir(folder)
    with pytest.raises(Enough):
        collection.upload(progress=progress)
    assert told[-1].finished
    stopped = time.monotonic()
    assert FileManager(creds).find_files("a.bin") == []
    assert collection.upload() == []
    assert stopped - started < 10


def test_a_job_sees_the_tree_of_a_folder(creds: Credentials, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for place in ("", "one", "one/two ü"):
        (folder / place).mkdir(parents=True, exist_ok=True)
        (folder / place / "same.txt").write_text(place)
        os.utime(folder / place / "same.txt", (1_500_000_000, 1_500_000_000))
    creds.config.add_jobtype("Tree")
    creds.config.current_jobtype("Tree")
    files = FileManager(creds).files_from_dir(folder, recursive=True, keep_tree=True)
    jobs = JobManager(creds)
    job = jobs.submit(jobs.create_job("tree", files=files)).wait(timeout=120, poll=0.2)
    assert job.status == "Complete", job.get_logs(max_lines=None)
    paths = job.download(tmp_path / "out", intermediate=True)
    found = [Path(path) for path in paths if Path(path).name == "found.txt"]
    assert found[0].read_text().split("\n")[:3] == [
        "./one/same.txt",
        "./one/two ü/same.txt",
        "./same.txt",
    ]
    contents = [Path(path) for path in paths if Path(path).name == "contents.txt"]
    assert contents[0].read_text() == "./one/same.txt:one\n./one/two ü/same.txt:one/two ü\n"


def test_many_outputs_come_down_whole(creds: Credentials, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    files = {f"{number}.txt": content(number, number * 10) for number in range(200)}
    files["large.txt"] = content(1, 2_000_000)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    creds.config.add_jobtype("Mirror")
    creds.config.current_jobtype("Mirror")
    jobs = JobManager(creds)
    new = jobs.create_job("Mirror", files=FileManager(creds).files_from_dir(folder))
    new.params = {"Final": "final.txt"}
    job = jobs.submit(new).wait(timeout=120, poll=0.2)
    assert job.status == "Complete", job.get_logs(max_lines=None)
    told: list[TransferProgress] = []
    job.download(tmp_path / "out", intermediate=True, progress=told.append)
    assert told[-1].sent_files == 202
    for name, data in files.items():
        assert (tmp_path / "out" / name).read_bytes() == data
    assert not list((tmp_path / "out").glob(".*"))
    (tmp_path / "out" / "5.txt").write_bytes(b"mine")
    job.download(tmp_path / "out", intermediate=True, overwrite=False)
    assert (tmp_path / "out" / "5.txt").read_bytes() == b"mine"


def test_a_hundred_thousand_files_in_a_folder(creds: Credentials, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(100_000):
        with open(folder / f"{number}.txt", "w") as file:
            file.write(f"content {number}")
    time.sleep(0.2)
    assert sent(creds, folder) == (100_000, 0)
    assert sent(creds, folder) == (0, 100_000)
    (file,) = FileManager(creds).find_files("99999.txt")
    assert Path(file.download(tmp_path)).read_text() == "content 99999"


def test_odd_files(creds: Credentials, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / ("n" * 251 + ".txt")).write_bytes(b"long")
    (folder / "CON.txt").write_bytes(b"reserved")
    (folder / "Case.txt").write_bytes(b"upper")
    (folder / "case.txt").write_bytes(b"lower")
    (folder / "link.txt").symlink_to(folder / "Case.txt")
    (folder / "dangling.txt").symlink_to(folder / "nowhere")
    os.mkfifo(folder / "pipe")
    (folder / "back\\slash.txt").write_bytes(b"x")
    files = FileManager(creds)
    collection = files.files_from_dir(folder)
    failed = collection.upload()
    assert [(file.name, "path separator" in reason) for file, reason in failed] == [
        ("back\\slash.txt", True)
    ]
    there = {file.name: file for file in files.list_files()}
    assert set(there) == {"n" * 251 + ".txt", "CON.txt", "Case.txt", "case.txt", "link.txt"}
    out = tmp_path / "out"
    for name, data in [("link.txt", b"upper"), ("case.txt", b"lower"), ("CON.txt", b"reserved")]:
        assert Path(there[name].download(out)).read_bytes() == data


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_an_unreadable_file_fails_alone(creds: Credentials, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"a")
    (tmp_path / "b.txt").write_bytes(b"b")
    (tmp_path / "b.txt").chmod(0)
    failed = FileManager(creds).files_from_dir(tmp_path, pattern="*.txt").upload()
    assert [file.name for file, _ in failed] == ["b.txt"]
    assert "cannot be read" in failed[0][1]


def test_a_full_disk_leaves_nothing(creds: Credentials, tmp_path: Path) -> None:
    import resource

    (tmp_path / "a.bin").write_bytes(content(6, 5_000_000))
    files = FileManager(creds)
    assert files.create_file_set(files.file_from_path(tmp_path / "a.bin")).upload() == []
    (file,) = files.find_files("a.bin")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, before[1]))
    try:
        with pytest.raises(FileDownloadException, match="Make room"):
            file.download(tmp_path / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, old)
    assert os.listdir(tmp_path / "out") == []
    assert Path(file.download(tmp_path / "out")).stat().st_size == 5_000_000


def test_what_is_told_where_there_is_no_terminal(
    creds: Credentials, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.txt").write_bytes(b"a" * 1500)
    files = FileManager(creds)
    collection = files.create_file_set(files.file_from_path(tmp_path / "a.txt"))
    assert collection.upload(progress=ProgressDisplay("Photos")) == []
    assert collection.upload(progress=ProgressDisplay("Photos")) == []
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("Photos: 1 files sent, 1.5 kB; ")
    assert second.startswith("Photos: 0 files sent, 0 B; 1 already there; ")
