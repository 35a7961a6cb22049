"""Names that mean more to some system than a name, wherever an operation takes one."""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from conformance import operations, resolve
from support import STAMP, Api, Service

NAMES = [
    *("..", ".", "...", "../../etc/passwd", "..\\..\\service.json", "/etc/passwd", "a/../../b"),
    *("C:\\Windows\\win.ini", "C:win.ini", "\\\\host\\share\\a", "//host/share", "a.txt:stream"),
    *("CON", "nul.txt", "COM1", "a. ", "a.", " ", "~", "~root", "-rf", "*", "?", "a\tb", "a\nb"),
    *("a\0b", "\0", "x" * 256, "é" * 200, "x" * 5000, "%2e%2e%2f", "%00", "..%c0%af", "file:///a"),
    *("\u202egnp.exe", "\uff0e\uff0e\uff0fa", "\u2025", "e\u0301", "\ufeffa", "\U0001f600"),
    *("a\u2028b", "\x7f", "\x1b[2J", "$(touch a)", "{{Param.Output}}", "' OR 1=1 --", "<a>"),
]
# All of them with every operation only in the long version; see test_schemathesis.py.
CASES = "BATCHAPPS_CASES" in os.environ
OPERATIONS = {one["operationId"]: (method, path, one) for path, method, one in operations()}


def escaped(text: str) -> str:
    """Every byte as ``%XX``, so that no client tidies it up."""
    return "".join(f"%{byte:02X}" for byte in text.encode())


def spoiled(value: Any, name: str) -> Iterator[Any]:
    """The body with one text after the other replaced by the name."""
    if isinstance(value, str):
        yield name
    if isinstance(value, dict | list):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            for other in spoiled(one, name):
                changed = value.copy()
                changed[key] = other
                yield changed


def calls(method: str, path: str, operation: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    parameters = operation["parameters"]
    good = {one["name"]: "1" for one in parameters if one["in"] == "path"}
    query = {
        one["name"]: STAMP if one["name"] == "timestamp" else "1"
        for one in parameters
        if one["in"] == "query" and one.get("required")
    }
    media = resolve(operation.get("requestBody", {})).get("content", {})
    example = media.get("application/json", {}).get("example")
    content = None if example is not None or not media else b"x"
    for one in good:
        address = path.format(**good | {one: escaped(name)})
        yield {"url": address, "params": query, "json": example, "content": content}
    for one in (one["name"] for one in parameters if one["in"] == "query"):
        address = path.format(**good)
        yield {"url": address, "params": query | {one: name}, "json": example, "content": content}
    for body in spoiled(example, name):
        yield {"url": path.format(**good), "params": query, "json": body}


def around(service: Service) -> list[str]:
    """All files beside the data directory and, but for contents and jobs, in it."""
    root = service.directory.parent
    changing = {"store", "work", "service.db", "service.db-wal", "service.db-shm"}
    return sorted(
        str(path)
        for path in root.rglob("*")
        if not changing & set(path.relative_to(root).parts) and not path.name.endswith(".log")
    )


@pytest.mark.parametrize("operation", OPERATIONS)
def test_hostile_names_do_no_harm(service: Service, common: Api, operation: str) -> None:
    method, path, definition = OPERATIONS[operation]
    before = around(service)
    for name in NAMES if CASES else NAMES[len(operation) % 7 :: 7]:
        for call in calls(method, path, definition, name):
            url = f"/api{call.pop('url')}"
            if call.get("json") is not None:
                text = json.dumps(call.pop("json"))
                call["content"] = text.encode()
            else:
                call.pop("json", None)
            reply = common.http.request(method, url, **call)
            assert reply.status_code < 500, (name, call)
    assert around(service) == before


def test_names_that_are_no_text_are_refused_and_not_changed(api: Api) -> None:
    for name, path in (("%FF", "a"), ("a%C3", "a"), ("a", "%FF"), ("a", "%ED%A0%80")):
        url = f"/api/files/{name}?timestamp={STAMP}&originalFilePath={path}"
        reply = api.http.put(url, content=b"x")
        assert reply.status_code == 400, reply.text
        assert "UTF-8" in reply.json()["Message"]
    assert api.get("files")["files"] == []


def test_no_name_leaves_the_folder_of_a_job(api: Api, service: Service) -> None:
    taken = []
    for number, name in enumerate(NAMES):
        reply = api.http.put(
            f"/api/files/{escaped(name)}",
            params={"timestamp": STAMP, "originalFilePath": f"{number}/{name[:50]}"},
            content=b"x",
        )
        if reply.status_code == 200:
            taken.append(name)
    assert {"CON", "-rf", "$(touch a)", "\U0001f600"} <= set(taken)
    for name in taken:
        assert os.path.basename(name) == name
        assert "\\" not in name
    # The same as places in the folder of a job.
    submission = {"Name": "x", "Type": "Words", "poolId": api.post("pools", {})["poolId"]}
    for name in set(NAMES) - set(taken):
        for place in (name, f"a/{name}", f"a/{name}/b"):
            file = {"Name": "CON", "Timestamp": STAMP, "RelativePath": place}
            reply = api.http.post("/api/jobs", json=submission | {"RequiredFiles": [file]})
            assert reply.status_code == 400, place
    before = around(service)
    job = api.submit("Words", taken, Count="1")
    assert api.finished(job)["status"] == "Complete"
    assert around(service) == before
