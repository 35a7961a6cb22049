"""Downloads and uploads of single files."""

import base64
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from standin import Call, FakeService, Reply

from batchapps import (
    FileDownloadException,
    FileInvalidException,
    FileManager,
    FileMissingException,
    JobManager,
    NotFoundException,
    RestCallException,
    SubmittedJob,
    UserFile,
)
from batchapps._paths import safe_path

DATA = bytes(range(256)) * 5000


@pytest.fixture
def job(jobs: JobManager, service: FakeService) -> SubmittedJob:
    """A job with the output ``out.bin``, which is at jobs/1/outputs/output."""
    link = {"href": f"https://{service.endpoint}/api/jobs/1/outputs/output"}
    details = {"id": "1", "name": "n", "type": "t", "status": "Complete"}
    service.on(
        "GET jobs/1", Reply(body={**details, "outputFileName": "out.bin", "outputLink": link})
    )
    service.on("GET jobs/1/outputs/output", Reply(200, DATA))
    return jobs.get_job(jobid="1")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "results"
    made.mkdir()
    (made / "out.bin").write_bytes(b"from before")
    return made


def test_download_makes_the_folder_and_gives_the_path(job: SubmittedJob, tmp_path: Path) -> None:
    path = job.get_output(tmp_path / "new" / "er")
    assert path == str(tmp_path / "new" / "er" / "out.bin")
    assert Path(path).read_bytes() == DATA
    assert os.listdir(tmp_path / "new" / "er") == ["out.bin"]


def test_what_is_there_is_replaced_only_when_asked(
    job: SubmittedJob, service: FakeService, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert job.get_output(folder) == str(folder / "out.bin")
    assert (folder / "out.bin").read_bytes() == b"from before"
    assert "already there" in caplog.text
    assert service.made("GET jobs/1/outputs/output") == []
    job.get_output(folder, overwrite=True)
    assert (folder / "out.bin").read_bytes() == DATA


def test_download_that_breaks_off_starts_again(
    job: SubmittedJob, service: FakeService, folder: Path, pauses: list[float]
) -> None:
    cut = Reply(200, DATA, {}, 700_000)
    service.on("GET jobs/1/outputs/output", cut, Reply(503), cut, Reply(200, DATA))
    job.get_output(folder, overwrite=True)
    assert (folder / "out.bin").read_bytes() == DATA
    assert os.listdir(folder) == ["out.bin"]


@pytest.mark.parametrize(
    "answer", [Reply(200, DATA, {}, 700_000), Reply(500), Reply(404), Reply(200, DATA, {}, 0)]
)
def test_failed_download_leaves_things_as_they_were(
    job: SubmittedJob, service: FakeService, folder: Path, pauses: list[float], answer: Reply
) -> None:
    service.on("GET jobs/1/outputs/output", answer)
    with pytest.raises(RestCallException):
        job.get_output(folder, overwrite=True)
    assert (folder / "out.bin").read_bytes() == b"from before"
    assert os.listdir(folder) == ["out.bin"]


def test_interrupted_download_leaves_things_as_they_were(job: SubmittedJob, folder: Path) -> None:
    def stop(percent: float, done: float, total: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        job.get_output(folder, overwrite=True, callback=stop)
    assert (folder / "out.bin").read_bytes() == b"from before"
    assert os.listdir(folder) == ["out.bin"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit on the size of files")
def test_full_disk(job: SubmittedJob, folder: Path) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, before[1]))
    try:
        with pytest.raises(FileDownloadException, match="Make room on the disk"):
            job.get_output(folder, overwrite=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (folder / "out.bin").read_bytes() == b"from before"
    assert os.listdir(folder) == ["out.bin"]


def test_folder_that_is_none(job: SubmittedJob, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileDownloadException, match="Check the folder"):
        job.get_output(tmp_path / "file")
    (tmp_path / "out.bin").mkdir()
    with pytest.raises(FileDownloadException, match=r"out.bin could not be written"):
        job.get_output(tmp_path)


def test_progress_of_a_download(job: SubmittedJob, service: FakeService, tmp_path: Path) -> None:
    told: list[tuple[float, ...]] = []
    job.get_output(tmp_path, callback=lambda *numbers: told.append(numbers))
    assert told[-1] == (100.0, float(len(DATA)), float(len(DATA)))
    assert told == sorted(told)
    assert all(type(number) is float for number in told[0])
    percents: list[float] = []
    job.get_output(tmp_path, overwrite=True, callback=percents.append)
    assert percents[-1] == 100.0
    with pytest.raises(TypeError, match="three arguments"):
        job.get_output(tmp_path, overwrite=True, callback=lambda a, b: None)
    service.on("GET jobs/1/outputs/output", Reply(200, b""))
    told.clear()
    job.get_output(tmp_path, overwrite=True, callback=lambda *numbers: told.append(numbers))
    assert set(told) == {(100.0, 0.0, 0.0)}
    assert (tmp_path / "out.bin").read_bytes() == b""


BAD_NAMES = [
    "../up",
    "..",
    ".",
    "",
    "/etc/passwd",
    "a/b",
    "a\\b",
    "C:x",
    "C:\\x",
    "a\0b",
    "\\\\h\\s",
]


@pytest.mark.parametrize("name", BAD_NAMES)
@pytest.mark.parametrize("windows", [True, False])
def test_names_that_lead_out_of_the_folder(name: str, windows: bool) -> None:
    with pytest.raises(FileDownloadException, match="not saved"):
        safe_path("folder", name, windows=windows)


@pytest.mark.parametrize("name", ["../up.bin", "..\\up.bin", "C:up.bin"])
def test_hostile_name_of_an_output(
    job: SubmittedJob, service: FakeService, folder: Path, name: str
) -> None:
    details = {"id": "1", "name": "n", "type": "t", "outputFileName": name}
    link = {"href": f"https://{service.endpoint}/api/jobs/1/outputs/output"}
    service.on("GET jobs/1", Reply(body={**details, "outputLink": link}))
    job.update()
    with pytest.raises(FileDownloadException, match="not saved"):
        job.get_output(folder)
    with pytest.raises(FileDownloadException, match="not saved"):
        job.get_output(folder, {"name": name, "link": link["href"], "type": "TaskOutput"})
    assert set(os.listdir(folder.parent)) == {"home", "results"}
    assert os.listdir(folder) == ["out.bin"]


@pytest.mark.parametrize(
    ("name", "windows"),
    [
        ("frame 1 #ü{0}%.png", "frame 1 #ü{0}%.png"),
        ("😀.png", "😀.png"),
        ("10:b?c*.txt", "10%3Ab%3Fc%2A.txt"),
        ("CON", "%43ON"),
        ("nul.txt", "%6Eul.txt"),
        ("com1.tar.gz", "%63om1.tar.gz"),
        ("console.txt", "console.txt"),
        ("dots..", "dots.%2E"),
        ("space ", "space%20"),
        (".hidden", ".hidden"),
        ("tab\t.txt", "tab%09.txt"),
    ],
)
def test_names_on_every_system(name: str, windows: str) -> None:
    assert safe_path("folder", name, windows=True) == Path("folder", windows)
    assert safe_path("folder", name, windows=False) == Path("folder", name)


# -- uploads ---------------------------------------------------------------------------------


def test_upload_of_a_file(files: FileManager, service: FakeService, tmp_path: Path) -> None:
    path = tmp_path / "a # {b} 100% ü😀.bin"
    path.write_bytes(DATA)
    os.utime(path, (1407124410.9, 1407124410.9))
    kept = service.keep()
    told: list[tuple[float, ...]] = []
    result = files.file_from_path(path).upload(True, lambda *numbers: told.append(numbers), 100)
    assert result is not None
    assert result.success
    assert result.result is None
    (call,) = service.made()
    assert call.headers["content-type"] == "application/octet-stream"
    assert call.headers["content-length"] == str(call.size)
    digest = base64.b64encode(hashlib.sha256(call.body).digest()).decode()
    assert call.headers["content-digest"] == f"sha-256=:{digest}:"
    assert kept == [
        {
            "name": "a # {b} 100% ü😀.bin",
            "originalFilePath": str(path).replace("/", "\\"),
            "lastModifiedTime": "2014-08-04T03:53:30Z",
            "content": DATA,
        }
    ]
    assert told[-1] == (100.0, float(len(DATA)), float(len(DATA)))


def test_upload_of_an_empty_file(files: FileManager, service: FakeService, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    kept = service.keep()
    told: list[tuple[float, ...]] = []
    assert files.file_from_path(tmp_path / "empty").upload(True, lambda *n: told.append(n))
    assert [one["content"] for one in kept] == [b""]
    assert set(told) == {(100.0, 0.0, 0.0)}


def test_file_from_before_1970(files: FileManager, tmp_path: Path) -> None:
    (tmp_path / "old").touch()
    os.utime(tmp_path / "old", (-86400.5, -86400.5))
    assert files.file_from_path(tmp_path / "old").get_last_modified() == "1969-12-30T23:59:59Z"


def test_failed_upload_tells_the_services_words(
    files: FileManager, service: FakeService, tmp_path: Path
) -> None:
    (tmp_path / "a").touch()
    service.on("POST files/bulk", Reply(400, {"Message": "The name is too long."}))
    result = files.file_from_path(tmp_path / "a").upload(force=True)
    assert result is not None
    assert not result
    assert not result.success
    assert "The name is too long" in str(result.result)


def test_file_that_is_not_there(files: FileManager, service: FakeService, tmp_path: Path) -> None:
    file = files.file_from_path(tmp_path / "absent")
    with pytest.raises(FileMissingException, match="absent"):
        file.upload()
    result = file.upload(force=True)
    assert result is not None
    assert isinstance(result.result, FileMissingException)
    assert not files.file_from_path(tmp_path).upload(force=True)  # a folder
    assert service.made() == []


@pytest.mark.parametrize(
    "change", [lambda p: p.write_bytes(b"x"), lambda p: p.open("ab").write(b"x")]
)
def test_file_that_changes_on_the_way_is_not_stored(
    files: FileManager, service: FakeService, tmp_path: Path, change: Callable[[Path], object]
) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(20_000_000))
    kept = service.keep()
    take = service.answer_to("PUT", "/api/uploads/0/parts/0")
    service.on("PUT uploads/.*/parts/3", lambda call: (change(path), take(call))[1])
    result = files.file_from_path(path).upload(True)
    assert result is not None
    assert isinstance(result.result, FileInvalidException)
    assert "changed while" in str(result.result)
    assert kept == []


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not have such names")
def test_name_that_is_not_text(files: FileManager, service: FakeService, tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/latin\xe9")
    Path(path).touch()
    result = files.file_from_path(path).upload(force=True)
    assert result is not None
    assert "Rename" in str(result.result)


def test_download_of_an_uploaded_file(
    files: FileManager, service: FakeService, tmp_path: Path
) -> None:
    link = {"href": f"https://{service.endpoint}/api/files/7/content/a.bin"}
    path = tmp_path / "a.bin"
    path.write_bytes(b"local")
    file = files.file_from_path(path)
    told = {
        "name": "a.bin",
        "lastModifiedTime": file.get_last_modified(),
        "originalFilePath": str(path).replace("/", "\\"),
        "link": link,
    }
    service.on("GET files", Reply(body={"files": [told]}))
    service.on(
        "POST files/query/byspecification", Reply(body={"files": [told]}), Reply(body={"files": []})
    )
    service.on("GET files/7/content/a.bin", Reply(200, DATA))
    (known,) = files.list_files()
    assert known
    assert Path(known.download(tmp_path / "1")).read_bytes() == DATA
    assert Path(file.download(tmp_path / "2")).read_bytes() == DATA
    with pytest.raises(FileMissingException, match="does not have"):
        file.download(tmp_path / "3")
    service.on("GET files/7/content/a.bin", Reply(404))
    with pytest.raises(NotFoundException):
        known.download(tmp_path / "3")
    assert not (tmp_path / "3" / "a.bin").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="measures memory as Linux tells it")
def test_memory_stays_flat(service: FakeService, tmp_path: Path) -> None:
    """120 MB up and 120 MB down, in a process of their own."""
    size = 120_000_000
    with (tmp_path / "big").open("wb") as file:
        file.truncate(size)

    def stream(call: Call) -> Reply:
        return Reply(200, b"\0" * size)

    begun = {"id": "1", "partSize": 8 << 20, "parts": []}
    service.on("POST uploads", Reply(body=begun))
    service.on("PUT uploads/.*", Reply(body={}))
    service.on("POST uploads/.*/actions/complete", Reply(body={}))
    service.on("GET big", stream)
    code = f"""
import resource
from batchapps import Configuration, Credentials, FileManager, UserFile
cfg = Configuration(default=True, data_path={str(tmp_path)!r})
cfg.aad_config(endpoint={service.endpoint!r}, ca_cert={str(service.ca_cert)!r}, validate=False)
files = FileManager(Credentials(cfg, "artist", "t"))
files.find_files("warm-up")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert files.file_from_path({str(tmp_path / "big")!r}).upload(force=True)
big = UserFile(files._api, {{"name": "down", "link": {{"href": "https://{service.endpoint}/api/big"}}}})
big.download({str(tmp_path)!r})
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    service.on("POST files/query/byname", Reply(body={"files": []}))
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert (tmp_path / "down").stat().st_size == size
    assert int(done.stdout) < 20_000, "KiB more than before"


def test_user_file_is_made_of_a_path_or_what_the_service_says(files: FileManager) -> None:
    assert str(UserFile(files.file_from_path("x")._api, Path("folder") / "x")) == "x"
    with pytest.raises(TypeError, match="path or a dictionary"):
        UserFile(files.file_from_path("x")._api, 5)  # type: ignore[arg-type]
