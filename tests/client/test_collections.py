"""Files and collections of files."""

import hashlib
import json
import os
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from standin import Call, FakeService, Reply, unpacked
from support import until

from batchapps import (
    BadRequestException,
    FileCollection,
    FileInvalidException,
    FileManager,
    FileMissingException,
    RestCallException,
    SessionExpiredException,
    UserFile,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files a to e, two of them once more in a subfolder."""
    made = tmp_path / "in"
    (made / "sub").mkdir(parents=True)
    for name in ("c.png", "a.png", "b.txt", ".hidden", "sub/a.png", "sub/d.txt"):
        (made / name).write_bytes(name.encode())
    return made


def test_files_of_a_folder(files: FileManager, folder: Path) -> None:
    assert str(files.files_from_dir(folder)) == "['a.png', 'b.txt', 'c.png']"
    assert [f.name for f in files.files_from_dir(folder, pattern="*.png")] == ["a.png", "c.png"]
    names = [
        Path(f.path).relative_to(folder).as_posix() for f in files.files_from_dir(folder, True)
    ]
    assert names == ["a.png", "b.txt", "c.png", "sub/a.png", "sub/d.txt"]
    for bad in (folder / "absent", folder / "a.png"):
        with pytest.raises(OSError):
            files.files_from_dir(bad)


def test_a_set_keeps_order_and_drops_what_is_twice(files: FileManager, folder: Path) -> None:
    c, a = (files.file_from_path(folder / name) for name in ("c.png", "a.png"))
    assert [f.name for f in files.create_file_set(c, [a, c], a)] == ["c.png", "a.png"]
    with pytest.raises(FileInvalidException, match="not a UserFile"):
        files.create_file_set("a.png")  # type: ignore[arg-type]
    with pytest.warns(DeprecationWarning, match="file_from_path"):
        assert files.create_file(str(folder / "a.png")) == a


def test_namesakes_are_different_files(files: FileManager, folder: Path) -> None:
    (folder / "sub" / "a.png").write_bytes((folder / "a.png").read_bytes())
    collection = files.files_from_dir(folder, recursive=True)
    assert len(collection) == 5
    assert len(collection["a.png"]) == 2
    assert collection["a.png"][0] != collection["a.png"][1]


def test_equality_is_by_name_and_place(
    files: FileManager, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    plain = files.file_from_path("a.png")
    assert plain == files.file_from_path(folder / "sub" / ".." / "a.png")
    assert hash(plain) == hash(files.file_from_path(str(folder / "a.png")))
    monkeypatch.chdir(folder / "sub")
    assert plain == files.file_from_path("../a.png")
    assert plain < files.file_from_path("b.txt")
    assert plain != "a.png"


def test_nothing_is_read_to_ask(
    files: FileManager, service: FakeService, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.keep()
    collection = files.files_from_dir(folder)

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a file was opened")

    monkeypatch.setattr(Path, "open", refuse)
    assert len(collection.is_uploaded()) == 3
    assert collection[0].is_uploaded() is None


def test_attributes_of_a_file(files: FileManager, folder: Path) -> None:
    file = files.file_from_path(str(folder / "a.png"))
    os.utime(file.path, (1407124410, 1407124410))
    assert (file.name, file.path, file.url, file.tag) == ("a.png", str(folder / "a.png"), "", "")
    assert bool(file)
    assert len(file) == 5
    assert str(file) == "a.png"
    windows = str(folder / "a.png").replace("/", "\\")
    assert file.create_query_specifier() == {
        "FileName": "a.png",
        "Timestamp": "2014-08-04T03:53:30Z",
        "OriginalPath": windows,
    }
    assert file.create_submit_specifier() == {"Name": "a.png", "Timestamp": "2014-08-04T03:53:30Z"}
    assert file.get_checksum() == hashlib.md5(b"a.png").digest()
    absent = files.file_from_path(folder / "absent")
    assert not absent
    assert len(absent) == 0
    assert absent.get_last_modified() == ""
    assert absent.get_checksum() == ""
    assert not file.compare_lastmodified(absent)
    for call in (absent.create_query_specifier, absent.create_submit_specifier, absent.is_uploaded):
        with pytest.raises(FileMissingException, match="absent"):
            call()


def test_what_the_service_tells_of_a_file(files: FileManager, service: FakeService) -> None:
    told = {
        "id": "7",
        "name": "a.png",
        "lastModifiedTime": "2014-08-04T03:53:30.5+00:00",
        "originalFilePath": "C:\\art\\a.png",
        "link": {"href": "https://h/1"},
    }
    service.on("POST files/query/.*", Reply(body={"files": [told, {}]}))
    file, bare = files.find_file("a.png", "2014-08-04T03:53:30Z", "/art/a.png")
    assert (file.name, file.path, file.url) == ("a.png", "C:\\art\\a.png", "https://h/1")
    assert file
    assert file.get_last_modified() == "2014-08-04T03:53:30.5+00:00"
    assert file.create_submit_specifier()["Timestamp"] == "2014-08-04T03:53:30.5+00:00"
    assert (bare.name, bare.path, bare.url) == ("Unknown", "", "")
    files.find_files("a.png")
    files.find_files(["a.png", "b"])
    assert [json.loads(call.body) for call in service.made()] == [
        {
            "Specifications": [
                {
                    "FileName": "a.png",
                    "Timestamp": "2014-08-04T03:53:30Z",
                    "OriginalPath": "\\art\\a.png",
                }
            ]
        },
        {"Names": ["a.png"]},
        {"Names": ["a.png", "b"]},
    ]


def test_collection_works_as_a_list(files: FileManager, folder: Path) -> None:
    collection = files.files_from_dir(folder, recursive=True)
    a, b, c, other_a, d = collection
    assert collection[0] is a
    assert collection[-1] is d
    assert collection[1:3] == [b, c]
    assert collection["a.png"] == [a, other_a]
    assert b in collection
    assert "b.txt" not in collection
    assert collection.index(c) == 2
    with pytest.raises(FileMissingException, match="absent"):
        collection["absent"]
    with pytest.raises(IndexError):
        collection[9]
    with pytest.raises(TypeError):
        collection[0] = a
    with pytest.raises(FileInvalidException, match="already"):
        collection.add(a)
    with pytest.raises(FileInvalidException, match="not a UserFile"):
        collection.add("a.png")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        collection.index("a.png")  # type: ignore[arg-type]
    del collection["a.png"]
    del collection["absent"]
    assert list(collection) == [b, c, d]
    with pytest.raises(ValueError):
        collection.index(a)
    collection.add([a, b])
    assert list(collection) == [b, c, d, a]
    del collection[0]
    del collection[1:]
    assert list(collection) == [c]


def test_remove_takes_the_first_namesake(files: FileManager, folder: Path) -> None:
    collection = files.files_from_dir(folder, recursive=True)
    a, b, c, other_a, d = collection
    collection.remove("a.png")
    assert list(collection) == [b, c, other_a, d]
    collection.remove(-1)
    collection.remove(b)
    collection.remove([c])
    assert list(collection) == [other_a]
    for wrong, error in ((a, ValueError), ("a", FileMissingException), (None, TypeError)):
        with pytest.raises(error):
            collection.remove(wrong)  # type: ignore[arg-type]
    collection.remove(slice(0, 1))
    assert len(collection) == 0


def test_extend(files: FileManager, folder: Path) -> None:
    collection = files.files_from_dir(folder)
    collection.extend(files.files_from_dir(folder, recursive=True))
    assert len(collection) == 5
    with pytest.raises(AttributeError):
        collection.extend([])  # type: ignore[arg-type]


def test_upload_sends_what_is_missing(
    files: FileManager, service: FakeService, folder: Path
) -> None:
    kept = service.keep()
    collection = files.files_from_dir(folder, recursive=True)
    told: list[tuple[float, ...]] = []
    where: set[int] = set()

    def progress(*numbers: float) -> None:
        told.append(numbers)
        where.add(threading.get_ident())

    assert collection.upload(callback=progress) == []
    total = float(sum(len(f) for f in collection))
    assert Counter(k["name"] for k in kept) == Counter(f.name for f in collection)
    assert told[-1] == (100.0, total, total)
    assert told == sorted(told)
    assert where == {threading.get_ident()}
    assert collection.upload(threads=4, callback=progress) == []
    assert told[-1] == (100.0, total, total)
    assert len(kept) == 5
    (folder / "sub" / "a.png").write_bytes(b"new")
    os.utime(folder / "sub" / "a.png", (1, 1))
    assert [f.path for f in collection.is_uploaded()] == [str(folder / "sub" / "a.png")]
    assert collection.upload() == []
    assert len(kept) == 6
    assert collection.upload(force=True, threads=1) == []
    assert len(kept) == 11
    uploaded = collection[0].is_uploaded()
    assert uploaded
    assert uploaded == collection[0]


def test_namesake_in_another_folder_is_not_taken_for_uploaded(
    files: FileManager, service: FakeService, folder: Path
) -> None:
    kept = service.keep()
    for name in ("a.png", "sub/a.png"):
        os.utime(folder / name, (1, 1))
    files.create_file_set(files.file_from_path(folder / "a.png")).upload()
    assert files.file_from_path(folder / "sub" / "a.png").is_uploaded() is None
    assert files.create_file_set(files.file_from_path(folder / "sub" / "a.png")).upload() == []
    assert len(kept) == 2


def test_files_are_asked_for_in_batches(
    files: FileManager, service: FakeService, tmp_path: Path
) -> None:
    service.keep()
    for number in range(120):
        (tmp_path / f"{number:03}").touch()
    collection = files.files_from_dir(tmp_path)
    assert len(collection.is_uploaded()) == 120
    sizes = [len(json.loads(call.body)["Specifications"]) for call in service.made()]
    assert sizes == [50, 50, 20]
    collection.is_uploaded(per_call=100)
    assert len(service.made()) == 5


def test_failures_are_told_file_by_file(
    files: FileManager, service: FakeService, folder: Path
) -> None:
    service.keep()
    take = service.answer_to("POST", "/api/files/bulk")

    def bulk(call: Call) -> Reply:
        names = [row["Name"] for row, _ in unpacked(call.body)]
        return Reply(400, {"Message": "Not this one."}) if "b.txt" in names else take(call)

    service.on("POST files/bulk", bulk)
    collection = files.files_from_dir(folder)
    collection.add(files.file_from_path(folder / "absent"))
    failed = collection.upload()
    assert [file.name for file, _ in failed] == ["b.txt", "absent"]
    assert "Not this one" in failed[0][1]
    assert "no file" in failed[1][1]
    assert [file.name for file, _ in collection.upload()] == ["b.txt", "absent"]
    service.on("POST files/offer", Reply(400, {"Message": "No asking."}))
    with pytest.raises(RestCallException, match="No asking"):
        collection.upload()


def test_uploads_run_side_by_side(files: FileManager, service: FakeService, tmp_path: Path) -> None:
    for number in range(8):
        (tmp_path / str(number)).write_bytes(bytes(4_000_000))
    at_once = 0
    most: list[int] = []
    lock = threading.Lock()

    def slow(call: Call) -> Reply:
        nonlocal at_once
        with lock:
            at_once += 1
            most.append(at_once)
        time.sleep(0.1)
        with lock:
            at_once -= 1
        return Reply(body={})

    service.on("POST files/bulk", slow)
    assert files.files_from_dir(tmp_path).upload(force=True, threads=4) == []
    assert 2 <= max(most) <= 4


def test_end_of_the_session_stops_the_upload(
    files: FileManager, service: FakeService, tmp_path: Path
) -> None:
    for number in range(30):
        (tmp_path / f"{number}").write_bytes(bytes(4_000_000))
    collection = files.files_from_dir(tmp_path)
    service.on("POST files/bulk", lambda call: time.sleep(0.05) or Reply(body={}))  # type: ignore[func-returns-value]
    files._api._credentials.store_auth({"access_token": "x", "expires_at": time.time() + 0.3})
    with pytest.raises(SessionExpiredException):
        collection.upload(force=True, threads=2)
    assert 0 < len(service.made()) < 30


def test_an_interrupted_upload_stops(
    files: FileManager, service: FakeService, tmp_path: Path
) -> None:
    for number in range(20):
        (tmp_path / f"{number}").write_bytes(bytes(4_000_000))

    def interrupt(percent: float) -> None:
        raise KeyboardInterrupt

    service.on("POST files/bulk", lambda call: time.sleep(0.05) or Reply(body={}))  # type: ignore[func-returns-value]
    with pytest.raises(KeyboardInterrupt):
        files.files_from_dir(tmp_path).upload(force=True, callback=interrupt)
    assert len(service.made()) < 20
    until(lambda: not [t for t in threading.enumerate() if t.name.startswith("batchapps-tr")])


def test_things_are_made_with_a_service_only() -> None:
    with pytest.raises(TypeError, match="FileManager"):
        FileCollection(None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="FileManager"):
        UserFile(None, "x")  # type: ignore[arg-type]


def test_file_known_only_to_the_service_is_not_needed_here(
    files: FileManager, service: FakeService, folder: Path
) -> None:
    kept = service.keep()
    told = {
        "name": "far.png",
        "lastModifiedTime": "2014-08-04T03:53:30Z",
        "originalFilePath": "C:\\far.png",
    }
    kept.append(told | {"content": b""})
    service.on("POST files/query/byname", Reply(body={"files": [told]}))
    collection = files.files_from_dir(folder)
    collection.add(files.find_files("far.png"))
    assert collection.upload() == []
    assert sorted(k["name"] for k in kept) == ["a.png", "b.txt", "c.png", "far.png"]
    kept[:] = [one for one in kept if one["name"] != "far.png"]
    assert [file.name for file, _ in collection.upload()] == ["far.png"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not have such names")
def test_name_that_is_not_text_fails_alone(
    files: FileManager, service: FakeService, folder: Path
) -> None:
    kept = service.keep()
    (folder / os.fsdecode(b"latin\xe9")).touch()
    failed = files.files_from_dir(folder).upload()
    assert len(failed) == 1
    assert "Rename" in failed[0][1]
    assert len(kept) == 3
    with pytest.raises(BadRequestException, match="not valid text"):
        files.find_files("latin\udce9")
