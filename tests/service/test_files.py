"""Uploaded files, by raw calls."""

import hashlib
import socket
import ssl
from urllib.parse import urlsplit

import pytest
from support import STAMP, Api, Service, until

NAMES = [
    "plain.txt",
    "with space.txt",
    "hash # and % and {braces}.txt",
    "snowman ☃ 🎨.png",
    "a'quote\"&=+;.txt",
    "x" * 251 + ".txt",
]


@pytest.mark.parametrize("name", NAMES)
def test_any_bare_name_makes_the_round_trip(common: Api, name: str) -> None:
    content = name.encode() * 1000
    made = common.put(name, content, path=f"C:\\in\\{name}")
    assert made["name"] == name
    listed = common.post("files/query/byname", {"Names": [name]})["files"]
    assert [(one["name"], one["lastModifiedTime"], one["originalFilePath"]) for one in listed] == [
        (name, STAMP, f"C:\\in\\{name}")
    ]
    href = listed[0]["link"]["href"]
    assert not set('{}" ') & set(href)
    reply = common.http.get(href)
    assert reply.content == content
    assert reply.headers["content-length"] == str(len(content))
    assert reply.headers["etag"] == f'"{hashlib.sha256(content).hexdigest()}"'
    assert common.http.head(href).headers["content-length"] == str(len(content))


def test_links_do_not_come_from_the_header_host(service: Service, common: Api) -> None:
    common.put("linked.txt")
    body = {"Names": ["linked.txt"]}
    elsewhere = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    reply = common.http.post("/api/files/query/byname", json=body, headers=elsewhere)
    (listed,) = reply.json()["files"]
    assert listed["link"]["href"].startswith(f"{service.account.endpoint}/api/files/")


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("..%2Fup.txt", "separator"),
        ("a%2Fb.txt", "separator"),
        ("a/b.txt", "separator"),
        ("a%5Cb.txt", "separator"),
        ("%2e%2e", "folder"),
        ("%00.txt", "control"),
        ("a%0Ab.txt", "control"),
        ("%20", "empty"),
        ("", "empty"),
        ("n" * 300, "longer than 255"),
    ],
)
def test_a_name_that_is_no_bare_name_is_refused(
    service: Service, common: Api, name: str, word: str
) -> None:
    # httpx would tidy the path; the wire is written by hand.
    where = urlsplit(service.account.endpoint)
    context = ssl.create_default_context(cafile=service.account.ca_cert)
    plain = socket.create_connection((where.hostname, where.port or 443))
    with context.wrap_socket(plain, server_hostname=where.hostname) as wire:
        token = common.http.headers["Authorization"]
        wire.sendall(
            f"PUT /api/files/{name}?timestamp={STAMP}&originalFilePath=x HTTP/1.1\r\n"
            f"Host: x\r\nAuthorization: {token}\r\nContent-Length: 1\r\n"
            "Connection: close\r\n\r\nx".encode()
        )
        reply = b"".join(iter(lambda: wire.recv(65536), b"")).decode()
    assert reply.startswith("HTTP/1.1 400"), reply
    assert word in reply
    assert "x" not in {one["originalFilePath"] for one in common.get("files")["files"]}


def test_an_empty_file_is_a_file(api: Api) -> None:
    href = api.put("empty.txt")["link"]["href"]
    assert api.http.get(href).content == b""
    assert api.http.head(href).headers["content-length"] == "0"


def test_a_chunked_upload_needs_no_length(api: Api) -> None:
    chunks = [b"a" * 4096] * 700
    reply = api.http.put(
        f"{api.http.base_url}//api/files/chunked.bin",
        params={"Timestamp": STAMP, "OriginalFilePath": "x"},
        content=iter(chunks),
        headers={"Content-Type": "application/octet-stream"},
    )
    assert reply.status_code == 200, reply.text
    href = api.get("files")["files"][0]["link"]["href"]
    assert api.http.get(href).content == b"".join(chunks)


def test_a_cut_upload_leaves_nothing(service: Service, api: Api) -> None:
    where = urlsplit(service.account.endpoint)
    context = ssl.create_default_context(cafile=service.account.ca_cert)
    plain = socket.create_connection((where.hostname, where.port or 443))
    with context.wrap_socket(plain, server_hostname=where.hostname) as wire:
        token = api.http.headers["Authorization"]
        wire.sendall(
            f"PUT /api/files/cut.bin?timestamp={STAMP}&originalFilePath=x HTTP/1.1\r\n"
            f"Host: x\r\nAuthorization: {token}\r\nTransfer-Encoding: chunked\r\n\r\n"
            "5\r\nhello\r\n".encode()
        )
    assert api.get("files")["files"] == []
    until(lambda: not list((service.directory / "store" / "tmp").iterdir()), timeout=10)


def test_the_same_name_and_path_again_replaces_the_file(api: Api) -> None:
    api.put("a.txt", b"old")
    api.put("a.txt", b"new", stamp="2015-01-01T00:00:00Z")
    api.put("a.txt", b"other folder", path="D:\\a.txt")
    listed = {one["originalFilePath"]: one for one in api.get("files")["files"]}
    assert set(listed) == {"C:\\in\\a.txt", "D:\\a.txt"}
    assert listed["C:\\in\\a.txt"]["lastModifiedTime"] == "2015-01-01T00:00:00Z"
    assert api.http.get(listed["C:\\in\\a.txt"]["link"]["href"]).content == b"new"


def test_queries_find_by_name_and_by_specification(api: Api) -> None:
    api.put("a.txt", path="C:\\in\\a.txt")
    api.put("b.txt")
    by_name = api.post("files/query/byname", {"names": ["a.txt", "nowhere.txt"]})
    assert [one["name"] for one in by_name["files"]] == ["a.txt"]
    wanted = [
        {"FileName": "a.txt", "Timestamp": STAMP, "OriginalPath": "C:/in/a.txt"},
        {"FileName": "a.txt", "Timestamp": STAMP, "OriginalPath": "D:\\a.txt"},
        {"FileName": "b.txt", "Timestamp": "2014-08-04T03:53:31Z"},
    ]
    found = api.post("files/query/byspecification", {"Specifications": wanted})
    assert [one["name"] for one in found["files"]] == ["a.txt"]
    missing = api.post("files/query/missing", {"specifications": wanted})
    assert missing == {"files": [{"name": "a.txt"}, {"name": "b.txt"}]}


def test_accounts_do_not_see_each_others_files(service: Service, api: Api) -> None:
    href = api.put("mine.txt", b"secret")["link"]["href"]
    other = service.api(service.add_account())
    assert other.get("files")["files"] == []
    assert other.post("files/query/byname", {"Names": ["mine.txt"]})["files"] == []
    assert other.http.get(href).status_code == 404
    refused = other.post("jobs", _submission("mine.txt"), status=400)
    assert "not uploaded" in refused["Message"]


def _submission(name: str) -> dict[str, object]:
    return {"Name": "x", "Type": "Words", "RequiredFiles": [{"Name": name, "Timestamp": STAMP}]}
