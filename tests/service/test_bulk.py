"""Files by the thousand, large files in parts, and downloads that go on where they broke off."""

import base64
import hashlib
import json
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support import STAMP, Api, Service, running, until


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def digest_field(content: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


def row(name: str, content: bytes, **members: Any) -> dict[str, Any]:
    return {
        "Name": name,
        "OriginalPath": f"C:\\in\\{name}",
        "Timestamp": STAMP,
        "Size": len(content),
        "Sha256": sha(content),
    } | members


def offer(api: Api, *rows: dict[str, Any]) -> Any:
    return api.post("files/offer", {"Files": rows})


def bulk(api: Api, rows: list[dict[str, Any]], contents: list[bytes], **headers: str) -> Any:
    body = json.dumps({"Files": rows}).encode() + b"\n" + b"".join(contents)
    return api.http.post(
        "/api/files/bulk",
        content=body,
        headers={
            "Content-Type": "application/octet-stream",
            "Content-Digest": digest_field(body),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        },
    )


def listed(api: Api) -> dict[str, Any]:
    return {one["name"]: one for one in api.get("files")["files"]}


def content_of(api: Api, name: str) -> bytes:
    return api.http.get(listed(api)[name]["link"]["href"]).content


SIZES = [0, 1, 128 * 1024, 128 * 1024 + 1, 3_000_000]


def test_files_sent_together_are_there(api: Api) -> None:
    contents = [bytes([65 + number]) * size for number, size in enumerate(SIZES)]
    rows = [row(f"file {number} ü.bin", content) for number, content in enumerate(contents)]
    assert offer(api, *rows) == {"missing": [0, 1, 2, 3, 4], "worthHashing": [], "refused": []}
    assert bulk(api, rows, contents).json() == {}
    assert offer(api, *rows)["missing"] == []
    for one, content in zip(rows, contents, strict=True):
        found = listed(api)[one["Name"]]
        assert found["contentLength"] == len(content)
        assert found["sha256"] == sha(content)
        assert found["lastModifiedTime"] == STAMP
        assert found["originalFilePath"] == one["OriginalPath"]
        reply = api.http.get(found["link"]["href"])
        assert reply.content == content
        assert reply.headers["Repr-Digest"] == digest_field(content)
        head = api.http.head(found["link"]["href"])
        assert head.headers["Content-Length"] == str(len(content))


def test_known_contents_are_not_sent_again(api: Api) -> None:
    contents = [b"one", b"two"]
    assert bulk(api, [row("1", contents[0]), row("2", contents[1])], contents).status_code == 200
    # Under another name, in place of another content, and at another time.
    copies = [
        row("3", b"one"),
        row("2", b"one"),
        row("1", b"one", Timestamp="2015-01-01T00:00:00Z"),
    ]
    assert offer(api, *copies, row("4", b"new"))["missing"] == [3]
    assert content_of(api, "3") == content_of(api, "2") == b"one"
    assert listed(api)["1"]["lastModifiedTime"] == "2015-01-01T00:00:00Z"
    # A digest with the wrong size is no content that is known.
    assert offer(api, row("5", b"one", Size=4))["missing"] == [0]
    assert set(listed(api)) == {"1", "2", "3"}


def unknown(api: Api, *lists: list[dict[str, Any]]) -> Any:
    digests = [sha(json.dumps({"Files": rows}).encode()) for rows in lists]
    return api.post("files/offer/recall", {"Sha256": digests})["unknown"]


def offer_text(api: Api, rows: list[dict[str, Any]]) -> Any:
    body = json.dumps({"Files": rows}).encode()
    return api.http.post("/api/files/offer", content=body).json()


def test_lists_are_known_until_a_file_changes(api: Api, service: Service) -> None:
    other = service.api(service.add_account())
    sent, offered = [row("1", b"one"), row("2", b"two")], [row("3", b"one")]
    assert unknown(api, sent, offered) == [0, 1]
    assert bulk(api, sent, [b"one", b"two"]).status_code == 200
    assert unknown(api, sent, offered, sent[:1]) == [1, 2]
    # Offered, and listed by that.
    assert offer_text(api, offered)["missing"] == []
    assert unknown(api, offered, sent) == []
    # What is not complete is not known, nor is it to anybody else.
    assert offer_text(api, [*sent, row("4", b"four")])["missing"] == [2]
    assert offer_text(api, [*sent, row("../4", b"one")])["missing"] == []
    assert unknown(api, [*sent, row("4", b"four")], [*sent, row("../4", b"one")]) == [0, 1]
    assert unknown(other, sent, offered) == [0, 1]
    # Another account's changes are of no concern; a file that is replaced or deleted is.
    assert bulk(other, sent, [b"one", b"two"]).status_code == 200
    assert unknown(api, sent, offered) == []
    assert api.http.put(
        "/api/files/1",
        params={"timestamp": STAMP, "originalFilePath": "C:\\in\\1"},
        content=b"other",
    ).is_success
    assert unknown(api, sent, offered) == [0, 1]
    assert offer_text(api, sent)["missing"] == []
    assert unknown(api, sent) == [0]  # as a file was put in place of another
    assert offer_text(api, sent)["missing"] == []
    assert unknown(api, sent) == []
    assert api.http.delete(listed(api)["3"]["link"]["href"]).is_success
    assert unknown(api, sent) == [0]


def test_a_size_that_is_known_is_worth_hashing(api: Api) -> None:
    assert bulk(api, [row("1", b"one")], [b"one"]).status_code == 200
    rows = [row("2", b"two"), row("3", b"three")]
    for one in rows:
        del one["Sha256"]
    assert offer(api, *rows) == {"missing": [0, 1], "worthHashing": [0], "refused": []}


def test_names_that_cannot_be_are_refused_alone(api: Api) -> None:
    good = row("good", b"x")
    answer = offer(api, row("../up", b"x"), good, row("a\x07b", b"x"), row("n" * 256, b"x"))
    assert answer["missing"] == [1]
    assert [one["index"] for one in answer["refused"]] == [0, 2, 3]
    assert "path separator" in answer["refused"][0]["message"]
    reply = bulk(api, [good, row("../up", b"x")], [b"x", b"x"])
    assert reply.status_code == 400
    assert "path separator" in reply.json()["Message"]
    assert listed(api) == {}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda body: body[:-1], "digest told"),
        (lambda body: body + b"x", "sizes of the files"),
        (lambda body: body[:-1] + b"X", "digest told"),
        (lambda body: body.replace(b"\n", b" "), "does not begin with a line"),
        (lambda body: b"{]\n", "no JSON"),
        (lambda body: b'{"Files": 1}\n', "not as described"),
        (lambda body: b"", "does not begin with a line"),
        (lambda body: body.replace(b'"Sha256"', b'"Sha257"'), "digest told"),
    ],
)
def test_a_body_that_is_wrong_stores_nothing(api: Api, change: Any, words: str) -> None:
    rows = [row("1", b"one"), row("2", b"two")]
    body = change(json.dumps({"Files": rows}).encode() + b"\n" + b"onetwo")
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Digest": digest_field(body),
    }
    reply = api.http.post("/api/files/bulk", content=body, headers=headers)
    assert reply.status_code == 400
    assert words in reply.json()["Message"]
    assert listed(api) == {}


def test_a_damaged_body_is_told_and_stores_nothing(api: Api) -> None:
    for told in (digest_field(b"other"), "md5=:abc=:", ""):
        reply = bulk(api, [row("1", b"one")], [b"one"], Content_Digest=told)
        assert reply.status_code == 400
        assert "Content-Digest" in reply.json()["Message"]
    assert listed(api) == {}


def test_a_body_that_is_too_large_is_refused(api: Api) -> None:
    content = bytes(33 * 1024 * 1024)
    reply = bulk(api, [row("1", content)], [content])
    assert reply.status_code == 413
    assert listed(api) == {}


# -- large files -----------------------------------------------------------------------------


class Sender:
    """An upload in parts."""

    def __init__(self, api: Api, content: bytes, name: str = "large.bin") -> None:
        self.api, self.content, self.name = api, content, name
        self.begun = self.begin()
        self.url = f"/api/uploads/{self.begun['id']}"
        size = self.begun["partSize"]
        self.parts = [content[start : start + size] for start in range(0, len(content), size)]

    def begin(self) -> Any:
        start = {"Name": self.name, "Timestamp": STAMP, "Size": len(self.content)}
        return self.api.post("uploads", start)

    def put(self, number: int, content: bytes | None = None, digest: str | None = None) -> Any:
        content = self.parts[number] if content is None else content
        headers = {"Content-Digest": digest or digest_field(content)}
        return self.api.http.put(f"{self.url}/parts/{number}", content=content, headers=headers)

    def complete(self, digest: str | None = None) -> Any:
        body = {"Sha256": digest or sha(self.content)}
        return self.api.http.post(f"{self.url}/actions/complete", json=body)


def large(seed: int = 1, size: int = 20_000_001) -> bytes:
    block = hashlib.sha256(bytes([seed])).digest() * 1000
    return b"".join(block + number.to_bytes(4, "big") for number in range(size // 32_004 + 1))[
        :size
    ]


def test_a_file_in_parts(api: Api) -> None:
    sender = Sender(api, large())
    assert sender.begun["parts"] == []
    assert len(sender.parts) == 3
    for number in (2, 0):  # in any order
        assert sender.put(number).json() == {}
    early = sender.complete()
    assert early.status_code == 400
    assert "2 have arrived" in early.json()["Message"]
    arrived = [{"number": number, "sha256": sha(sender.parts[number])} for number in (0, 2)]
    assert sender.begin() == {**sender.begun, "parts": arrived}
    assert sender.put(1).status_code == 200
    assert listed(api) == {}
    assert sender.complete().json() == {}
    assert content_of(api, "large.bin") == sender.content
    assert sender.complete().status_code == 404
    assert offer(api, row("copy.bin", sender.content))["missing"] == []
    assert content_of(api, "copy.bin") == sender.content


def test_parts_that_are_wrong_are_not_taken(api: Api) -> None:
    sender = Sender(api, large())
    for content, digest, words in [
        (sender.parts[0][:-1], None, "there came"),
        (sender.parts[0] + b"x", None, "there came more"),
        (sender.parts[0], digest_field(b"other"), "Content-Digest"),
    ]:
        reply = sender.put(0, content, digest)
        assert reply.status_code == 400
        assert words in reply.json()["Message"]
    assert sender.put(2, sender.parts[2]).status_code == 200
    assert sender.put(2, b"0" * len(sender.parts[2]), digest_field(b"other")).status_code == 400
    # The good one was overwritten by the bad one, and so is void.
    assert sender.begin()["parts"] == []
    for number in ("3", "-1", "x", "99999999999"):
        assert sender.api.http.put(f"{sender.url}/parts/{number}").status_code == 404


def test_a_part_that_arrived_damaged_is_found(api: Api) -> None:
    sender = Sender(api, large())
    # Without a digest of its own, a part is not checked before the end.
    damaged = api.http.put(f"{sender.url}/parts/1", content=b"x" + sender.parts[1][1:])
    assert damaged.status_code == sender.put(0).status_code == sender.put(2).status_code == 200
    reply = sender.complete()
    assert reply.status_code == 409
    assert "begin the upload again" in reply.json()["Message"]
    assert listed(api) == {}
    digests = [part["sha256"] for part in sender.begin()["parts"]]
    assert [digest == sha(part) for digest, part in zip(digests, sender.parts, strict=True)] == [
        True,
        False,
        True,
    ]
    assert sender.put(1).status_code == 200
    assert sender.complete().json() == {}
    assert content_of(api, "large.bin") == sender.content


def test_an_upload_can_be_given_up(api: Api, service: Service) -> None:
    sender = Sender(api, large())
    sender.put(0)
    folder = service.directory / "store" / "uploads" / sender.begun["id"]
    assert folder.is_dir()
    assert api.http.delete(sender.url).json() == {}
    assert not folder.exists()
    assert api.http.delete(sender.url).status_code == 404


def test_names_in_parts_are_checked(api: Api) -> None:
    for name in ("../up", "a/b", "nul\0l", "n" * 256):
        reply = api.http.post("/api/uploads", json={"Name": name, "Timestamp": STAMP, "Size": 5})
        assert reply.status_code == 400, name


def test_parts_outlive_the_service(tmp_path: Path) -> None:
    service = Service.make(tmp_path / "data")
    with running(service):
        sender = Sender(service.api(), large())
        assert sender.put(0).status_code == 200
        service.stop(signal.SIGKILL)
        service.start()
        sender.api = service.api()
        assert [part["number"] for part in sender.begin()["parts"]] == [0]
        for number in (1, 2):
            assert sender.put(number).status_code == 200
        assert sender.complete().status_code == 200
        assert content_of(sender.api, "large.bin") == sender.content
        leftover = list((service.directory / "store" / "uploads").iterdir())
        assert leftover == []


# -- downloads -------------------------------------------------------------------------------


def test_downloads_go_on_where_they_broke_off(api: Api) -> None:
    content = large(size=3_000_000)
    url = api.put("a.bin", content)["link"]["href"]
    etag = api.http.get(url).headers["ETag"]
    rest = api.http.get(url, headers={"Range": "bytes=1000000-", "If-Match": etag})
    assert rest.status_code == 206
    assert rest.content == content[1_000_000:]
    assert rest.headers["Repr-Digest"] == digest_field(content)
    api.put("a.bin", content[:-1] + b"x")
    changed = api.http.get(url, headers={"Range": "bytes=1000000-", "If-Match": etag})
    assert changed.status_code == 412
    assert api.http.get(url, headers={"If-Match": "*"}).status_code == 200
    assert api.http.get(url, headers={"Range": "bytes=3000000-"}).status_code == 416


def test_many_outputs_come_at_once(shared: Api, pool: str) -> None:
    job = shared.submit("Words", pool=pool, Count="3")
    assert shared.finished(job)["status"] == "Complete"
    outputs = {
        one["name"]: one
        for one in shared.get(f"jobs/{job}/outputs/files")["outputs"]
        if one["kind"] == "TaskOutput"
    }
    assert len(outputs) >= 3
    names = sorted(outputs, reverse=True)
    reply = shared.http.post(f"/api/jobs/{job}/outputs/fetch", json={"Names": names})
    line, _, contents = reply.content.partition(b"\n")
    for one, name in zip(json.loads(line)["outputs"], names, strict=True):
        content, contents = contents[: one["contentLength"]], contents[one["contentLength"] :]
        assert one == {
            "name": name,
            "contentLength": outputs[name]["contentLength"],
            "sha256": outputs[name]["sha256"],
        }
        assert sha(content) == one["sha256"]
        assert shared.http.get(outputs[name]["link"]["href"]).content == content
    assert not contents
    unknown = shared.http.post(f"/api/jobs/{job}/outputs/fetch", json={"Names": [names[0], "x"]})
    assert unknown.status_code == 404
    assert "'x'" in unknown.json()["Message"]
    empty = shared.http.post(f"/api/jobs/{job}/outputs/fetch", json={"Names": []})
    assert empty.content == b'{"outputs": []}\n'


# -- jobs ------------------------------------------------------------------------------------


def test_a_job_sees_the_tree(api: Api) -> None:
    contents = [b"a", b"b", b"c"]
    rows = [
        row("x.txt", content, OriginalPath=f"C:\\{number}\\x.txt")
        for number, content in enumerate(contents)
    ]
    assert bulk(api, rows, contents).status_code == 200
    paths = ["x.txt", "one/x.txt", "one/two ü/x.txt"]
    required = [
        {"Name": "x.txt", "Timestamp": STAMP, "Sha256": one["Sha256"], "RelativePath": path}
        for one, path in zip(rows, paths, strict=True)
    ]
    body = {
        "Name": "tree",
        "Type": "Tree",
        "RequiredFiles": required,
        "autoPoolSpecification": {"targetDedicated": "1"},
    }
    job = api.post("jobs", body)["jobId"]
    assert api.finished(job)["status"] == "Complete", api.lines(job)
    assert {f"./{path}" for path in paths} <= set(api.lines(job))


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        (["../x.txt"], "no path below"),
        (["/x.txt"], "no path below"),
        (["a//x.txt"], "no path below"),
        (["a\\x.txt"], "no path below"),
        (["a/./x.txt"], "no path below"),
        (["a", "a/x.txt"], "both a file and a folder"),
        (["a/x.txt", "a/x.txt"], "Two different"),
    ],
)
def test_paths_that_cannot_be_are_refused(api: Api, paths: list[str], words: str) -> None:
    contents = [b"0", b"1"]
    rows = [
        row("x.txt", content, OriginalPath=content.decode()) for content in contents[: len(paths)]
    ]
    assert bulk(api, rows, contents[: len(paths)]).status_code == 200
    required = [
        {"Name": "x.txt", "Timestamp": STAMP, "Sha256": one["Sha256"], "RelativePath": path}
        for one, path in zip(rows, paths, strict=True)
    ]
    reply = api.http.post(
        "/api/jobs", json={"Name": "x", "Type": "Folder", "RequiredFiles": required}
    )
    assert reply.status_code == 400
    assert words in reply.json()["Message"]


def test_a_crash_leaves_no_half_of_many_files(tmp_path: Path) -> None:
    service = Service.make(tmp_path / "data")
    with running(service):
        api = service.api()
        contents = [f"{number}".encode() * 20 for number in range(2000)]
        rows = [row(f"{number}", content) for number, content in enumerate(contents)]
        assert bulk(api, rows, contents).status_code == 200
        service.stop(signal.SIGKILL)
        service.start()
        api = service.api()
        assert offer(api, *rows)["missing"] == []
        assert until(lambda: content_of(api, "1999")) == contents[1999]


def test_a_call_that_was_overtaken_cannot_change_what_is_stored(api: Api) -> None:
    content = b"right" * 1000
    begun = api.post("uploads", {"Name": "p", "Timestamp": STAMP, "Size": len(content)})
    path = f"uploads/{begun['id']}"
    started, completed = threading.Event(), threading.Event()

    def slow() -> Iterator[bytes]:
        yield b"wrong" * 500
        started.set()
        completed.wait(30)
        yield b"wrong" * 500

    with ThreadPoolExecutor() as threads:
        stale = threads.submit(api.http.put, f"/api/{path}/parts/0", content=slow())
        assert started.wait(30)
        time.sleep(1)  # until it has begun at the service, too
        assert api.http.put(f"/api/{path}/parts/0", content=content).is_success
        reply = api.http.post(f"/api/{path}/actions/complete", json={"Sha256": sha(content)})
        completed.set()
        assert stale.result().status_code == 503
    assert reply.status_code == 200, reply.text
    assert content_of(api, "p") == content
