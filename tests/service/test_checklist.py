"""What clients of the original rely on, point by point.

Points that other tests make already are not made again here: uploads in chunks, without a length
and with a doubled slash (``test_files.py``); the 403 of states and the 409 of quotas
(``test_jobs.py``, ``test_pools.py``); words for each kind of bad input (``test_bad_input.py``);
tasks numbered from 1, the newest job first, unknown parameters named in the log
(``test_jobs.py``). Every raw call of every test checks that only 200 and 202 are sent, that a POST
is answered with JSON, that ``null`` is never sent and that numbers are numbers
(``conformance.py``).
"""

import re
import socket
import ssl
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from conformance import operations
from support import STAMP, Api, Service, until

AWKWARD = "b{curly} #1 100% ☃.txt"


@pytest.fixture(scope="module")
def folder_job(service: Service, pool: str) -> tuple[Api, str]:
    """An account with an uploaded file, and its complete job whose outputs have awkward names."""
    api = service.api()
    api.put(AWKWARD, b"content")
    job_id = api.submit("Folder", [AWKWARD], pool=pool)
    assert api.finished(job_id)["status"] == "Complete", api.lines(job_id)
    return api, job_id


def listings(job_id: str) -> list[str]:
    return [
        *("jobs", f"jobs/{job_id}", f"jobs/{job_id}/log", f"jobs/{job_id}/tasks"),
        *(f"jobs/{job_id}/outputs", f"jobs/{job_id}/outputs/files"),
        *(f"jobs/{job_id}/tasks/1/outputs/files", "files", "pools", "jobtypes"),
    ]


def links(value: Any) -> Iterator[str]:
    """All addresses in an answer."""
    if isinstance(value, dict):
        if isinstance(value.get("href"), str):
            yield value["href"]
        for item in value.values():
            yield from links(item)
    elif isinstance(value, list):
        for item in value:
            yield from links(item)


def test_1_a_doubled_slash_is_as_good_as_one(folder_job: tuple[Api, str]) -> None:
    api, job_id = folder_job
    base = str(api.http.base_url).rstrip("/")
    for path in listings(job_id):
        assert api.http.get(f"{base}//api/{path}").json().keys() == api.get(path).keys()
    for action in ("cancel", "reprocess"):
        assert api.http.post(f"{base}//api/jobs/{job_id}/actions/{action}").status_code == 403
    made = api.http.post(f"{base}//api/pools", json={}).json()
    resized = api.http.post(
        f"{base}//api/pools/{made['poolId']}/actions/resize", json={"targetDedicated": "0"}
    )
    assert (resized.status_code, resized.json()) == (200, {})
    assert api.http.delete(f"{base}//api/pools/{made['poolId']}").status_code == 200


def test_1_calls_of_old_clients_say_json_where_they_send_none(folder_job: tuple[Api, str]) -> None:
    api, job_id = folder_job
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    for path in listings(job_id):
        assert api.http.get(f"/api/{path}", headers=headers).status_code == 200
    link = api.job(job_id)["outputLink"]["href"]
    assert api.http.get(link, headers=headers).status_code == 200
    assert api.http.head(link, headers=headers).status_code == 200
    pool = api.post("pools", {})["poolId"]
    assert api.http.delete(f"/api/pools/{pool}", headers=headers).status_code == 200


def test_2_what_is_not_known_yet_is_left_out(api: Api) -> None:
    pool = api.post("pools", {})["poolId"]
    job = api.job(api.submit("Words", pool=pool))
    unknown = {"startTime", "completionTime", "outputFileName", "outputLink", "previewLink"}
    assert not unknown & job.keys()
    assert "resizeError" not in api.get(f"pools/{pool}")


def test_3_links_are_absolute_encoded_and_lead_somewhere(
    service: Service, folder_job: tuple[Api, str]
) -> None:
    api, job_id = folder_job
    found = {link for path in listings(job_id) for link in links(api.get(path))}
    assert any("%7Bcurly%7D%20%231%20100%25%20%E2%98%83" in link for link in found)
    assert any("/outputs/files/a%20b_c_same%20%231" in link for link in found)
    for link in found:
        assert link.startswith(f"{service.account.endpoint}/api/")
        assert re.fullmatch(r"https://[\w.:-]+(/([\w.~-]|%[0-9A-F]{2})+)+", link, re.ASCII), link
        assert api.http.get(link).status_code == 200, link


def test_4_downloads_have_their_length_and_are_never_compressed(
    folder_job: tuple[Api, str],
) -> None:
    api, job_id = folder_job
    outputs = api.get(f"jobs/{job_id}/outputs/files")["outputs"]
    outputs += api.get(f"jobs/{job_id}/outputs")["jobOutputs"]
    for link in links([outputs, api.get("files")]):
        for headers in ({}, {"Accept-Encoding": "gzip, deflate"}):
            got = api.http.get(link, headers=headers)
            head = api.http.head(link, headers=headers)
            assert got.headers["content-length"] == str(len(got.content))
            assert head.headers["content-length"] == got.headers["content-length"]
            for reply in (got, head):
                assert "content-encoding" not in reply.headers
                assert "transfer-encoding" not in reply.headers


@pytest.mark.parametrize(
    "stamp",
    [
        "2014-08-04T03:53:30Z",
        "2014-08-04T03:53:30.1234567Z",
        "2014-08-04T03:53:30.100Z",
        "2014-08-04T05:53:30+02:00",
    ],
)
def test_5_the_time_of_a_file_comes_back_byte_for_byte(common: Api, stamp: str) -> None:
    path = r"c:\my assets\..\a #1 %41+☃ /x.txt"
    common.put("x.txt", b"x", path=path, stamp=stamp)
    wanted = {"FileName": "x.txt", "Timestamp": stamp, "OriginalPath": path}
    (found,) = common.post("files/query/byspecification", {"Specifications": [wanted]})["files"]
    assert (found["lastModifiedTime"], found["originalFilePath"]) == (stamp, path)
    others = [wanted | {"Timestamp": text} for text in (stamp[:-1], f"{stamp} ", stamp.lower())]
    missing = common.post("files/query/missing", {"Specifications": others})["files"]
    assert missing == [{"name": "x.txt"}] * 3


def test_6_an_upload_in_one_piece_is_as_good_as_in_chunks(api: Api) -> None:
    content = bytes(range(256)) * 100
    chunks = iter([content[at : at + 4096] for at in range(0, len(content), 4096)])
    for name, body in (("chunks.bin", chunks), ("one.bin", content)):
        address = f"/api/files/{name}?timestamp={STAMP}&originalFilePath={name}"
        assert api.http.put(address, content=body).status_code == 200
    etags = {api.http.head(link).headers["etag"] for link in links(api.get("files"))}
    assert len(etags) == 1


def spelt(value: Any, how: str) -> Any:
    """The value with its members' names in another case."""
    if isinstance(value, dict):
        return {getattr(name, how)(): spelt(item, how) for name, item in value.items()}
    return [spelt(item, how) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("how", ["lower", "upper", "swapcase"])
def test_7_members_and_queries_are_known_in_any_case(api: Api, how: str) -> None:
    certificate = {"thumbprint": "AB12", "storeName": "My"}
    size = {"targetDedicated": "0", "maxTasksPerTVM": "3", "certificateReferences": [certificate]}
    pool = api.post("pools", spelt(size, how))["poolId"]
    made = api.get(f"pools/{pool}")
    assert (made["maxTasksPerTVM"], made["certificateReferences"]) == (3, [certificate])
    api.put("in.txt")
    job = {
        "Name": how,
        "Type": "Words",
        "RequiredFiles": [{"Name": "in.txt", "Timestamp": STAMP}],
        "Parameters": [{"Name": "Count", "Value": "2"}],
        "JobFile": "in.txt",
        "Settings": "{}",
        "poolId": pool,
    }
    found = api.job(api.post("jobs", spelt(job, how))["jobId"])
    assert (found["name"], found["settings"], found["poolId"]) == (how, "{}", pool)
    assert until(lambda: api.job(found["id"]).get("taskCount")) == 3
    wanted = {"FileName": "in.txt", "Timestamp": STAMP}
    for path, body in (
        ("byname", {"Names": ["in.txt"]}),
        ("byspecification", {"Specifications": [wanted]}),
    ):
        assert len(api.post(f"files/query/{path}", spelt(body, how))["files"]) == 1
    query = spelt({"maxResults": 1, "nameContains": how, "startIndex": 0}, how)
    assert [one["name"] for one in api.get("jobs", **query)["jobs"]] == [how]
    assert api.get("jobs", **spelt({"startIndex": 1}, how))["jobs"] == []


@pytest.mark.parametrize("number", ["2", "02", 2])
def test_7_numbers_in_texts_are_numbers(api: Api, number: object) -> None:
    size = {"targetDedicated": number, "maxTasksPerTVM": number}
    pool = api.get(f"pools/{api.post('pools', size)['poolId']}")
    assert (pool["targetDedicated"], pool["maxTasksPerTVM"]) == (2, 2)
    assert api.http.delete(f"/api/pools/{pool['id']}").status_code == 200
    body = {"Name": "x", "Type": "Words", "autoPoolSpecification": size}
    job_id = api.post("jobs", body)["jobId"]
    pool = api.get(f"pools/{api.job(job_id)['poolId']}")
    assert (pool["targetDedicated"], pool["maxTasksPerTVM"]) == (2, 2)
    api.post(f"jobs/{job_id}/actions/cancel")
    api.finished(job_id)


UNKNOWN = [
    pytest.param(method, path, operation, id=operation["operationId"])
    for path, method, operation in operations()
    if "{" in path and operation["operationId"] != "uploadFile"
]


@pytest.mark.parametrize(("method", "path", "operation"), UNKNOWN)
@pytest.mark.parametrize(
    "value", ["none", "0", "00000000-0000-0000-0000-000000000000", "%00", "☃", "9" * 30, "9" * 5000]
)
def test_8_what_is_unknown_is_404_for_every_operation(
    common: Api, method: str, path: str, operation: dict[str, Any], value: str
) -> None:
    media = operation.get("requestBody", {}).get("content", {}).get("application/json")
    body = media["example"] if media else None
    reply = common.http.request(method, "/api" + re.sub(r"\{\w+\}", value, path), json=body)
    assert reply.status_code == 404, reply.text
    assert reply.headers["x-ms-request-id"]
    if method != "head":
        assert reply.json()["Message"].startswith(("There is no", "The job has no"))


@pytest.mark.parametrize("number", ["none", "0", "-1", "5", "1.0", "%31%30", "9" * 30, "9" * 5000])
def test_8_a_task_that_a_job_does_not_have_is_404(folder_job: tuple[Api, str], number: str) -> None:
    api, job_id = folder_job
    for method, rest in (("get", "outputs/files"), ("post", "actions/cancel")):
        reply = api.http.request(method, f"/api/jobs/{job_id}/tasks/{number}/{rest}")
        assert reply.status_code == 404, reply.text
        assert "no task" in reply.json()["Message"]


@pytest.mark.parametrize("number", [10**30, "9" * 30, "9" * 5000])
def test_8_a_number_beyond_all_measure_is_refused_with_words(api: Api, number: object) -> None:
    reply = api.http.post("/api/pools", json={"targetDedicated": number})
    assert reply.status_code in (400, 409), reply.text
    reply = api.http.post("/api/pools", json={"maxTasksPerTVM": number})
    assert reply.status_code == 400, reply.text
    size = {"maxTasksPerTVM": number, "targetDedicated": number}
    body = {"Name": "x", "Type": "Words", "autoPoolSpecification": size}
    assert "Message" in api.post("jobs", body, status=400)
    assert api.get("pools")["totalCount"] == 0


def test_9_a_pool_has_its_jobs_under_both_names(api: Api) -> None:
    pool = api.post("pools", {})["poolId"]
    idle = api.get(f"pools/{pool}")
    assert idle["activeJobs"] == idle["jobs"] == []
    job_id = api.submit("Words", pool=pool, name="waits")
    for busy in (api.get(f"pools/{pool}"), api.get("pools")["pools"][0]):
        assert busy["activeJobs"] == busy["jobs"] == [{"id": job_id, "name": "waits"}]
    api.post(f"jobs/{job_id}/actions/cancel")
    api.finished(job_id)
    until(lambda: api.get(f"pools/{pool}")["jobs"] == [])


def test_10_the_last_task_of_a_job_with_a_merge_is_the_merge(folder_job: tuple[Api, str]) -> None:
    api, without = folder_job
    assert api.job(without)["taskCount"] == 2
    job_id = api.submit("Chain", pool=api.job(without)["poolId"])
    seen = [api.job(job_id)["percentComplete"]]
    while api.job(job_id)["status"] in ("NotStarted", "InProgress"):
        seen.append(api.job(job_id)["percentComplete"])
    assert seen == sorted(seen)
    job = api.job(job_id)
    assert (job["status"], job["percentComplete"], job["taskCount"]) == ("Complete", 100, 4)
    tasks = api.get(f"jobs/{job_id}/tasks")["tasks"]
    assert [(task["id"], task["step"]) for task in tasks][-1] == (4, "Third")


@pytest.mark.parametrize(
    "name",
    [
        "..%2F..%2F..%2F..%2Fservice.json",
        "../../../../service.json",
        "%2Fetc%2Fpasswd",
        "..%5Cservice.json",
        "a%20b/c/same%20%231.txt",
        "a%20b%2Fc%2Fsame%20%231.txt",
        ".",
        "..",
        "",
    ],
)
def test_11_an_outputs_name_has_no_path(
    service: Service, folder_job: tuple[Api, str], name: str
) -> None:
    api, job_id = folder_job
    # httpx would tidy the path; the wire is written by hand.
    where = urlsplit(service.account.endpoint)
    context = ssl.create_default_context(cafile=service.account.ca_cert)
    plain = socket.create_connection((where.hostname, where.port or 443))
    with context.wrap_socket(plain, server_hostname=where.hostname) as wire:
        token = api.http.headers["Authorization"]
        wire.sendall(
            f"GET /api/jobs/{job_id}/outputs/files/{name} HTTP/1.1\r\n"
            f"Host: x\r\nAuthorization: {token}\r\nConnection: close\r\n\r\n".encode()
        )
        reply = b"".join(iter(lambda: wire.recv(65536), b"")).decode()
    assert reply.startswith("HTTP/1.1 404"), reply
    assert "The job has no output" in reply


def test_12_what_old_configurations_add_is_ignored(api: Api) -> None:
    pool = api.post("pools", {})["poolId"]
    added: dict[str, Any] = {"default_jobtype": "True", "endpoint": "x", "client_id": "y"}
    job_id = api.submit("Words", pool=pool, Count="1", **added)
    assert until(lambda: api.job(job_id).get("taskCount")) == 2
    ignored = [line for line in api.lines(job_id) if "was ignored" in line]
    assert sorted(line.split("'")[1] for line in ignored) == sorted(added)
