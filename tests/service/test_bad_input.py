"""Requests that cannot be served: the right status, words that help, and nothing done."""

from typing import Any

import pytest
from support import STAMP, Api, Service, until


def submission(**changes: Any) -> dict[str, Any]:
    return {"Name": "x", "Type": "Words", "RequiredFiles": [], "Parameters": []} | changes


def parameter(name: str, value: str) -> dict[str, Any]:
    return {"Parameters": [{"Name": name, "Value": value}]}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (submission(Type="Nothing"), "no job type 'Nothing' on this service. Installed: '"),
        (submission(**parameter("Count", "many")), "Count"),
        (submission(**parameter("Count", "0")), "Count"),
        (submission(**parameter("Word", "bad")), "(bad) not in allowedValues: word, $(touch"),
        (submission(**parameter("Word", "a\0b")), "NUL"),
        (submission(Type="Single"), "Scene: is missing"),
        (submission(Type="Single", **parameter("Scene", "C:\\x\\no.txt")), "upload it and add it"),
        (submission(JobFile="start.bat"), "job file 'start.bat' is not among"),
        (submission(RequiredFiles=[{"Name": "no.txt", "Timestamp": STAMP}]), "Upload them"),
        (submission(poolId="no-such-pool"), "no pool 'no-such-pool'"),
        ({"Name": "x"}, '"Type" is a required property'),
        (submission(Parameters=[{"Name": "Count", "Value": 5}]), "Parameters/0/Value"),
        (submission(RequiredFiles="all"), "RequiredFiles"),
        ([], "body"),
    ],
)
def test_a_submission_that_cannot_run_is_refused(common: Api, body: Any, words: str) -> None:
    refused = common.post("jobs", body, status=400)
    assert words in refused["Message"]
    assert refused["RequestId"]
    assert common.get("jobs")["totalCount"] == 0
    assert common.get("pools")["totalCount"] == 0


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"nonsense",
        b'{"Name": "\\ud800", "Type": "Words"}',
        b"[" * 100_000,
        b'{"Name": 1e999999, "Type": "Words"}',
        b'{"Name": "x", "Type": "Words", "InstanceCount": NaN}',
    ],
)
def test_a_body_that_is_no_json_is_refused(common: Api, data: bytes) -> None:
    reply = common.http.post("/api/jobs", content=data)
    assert reply.status_code == 400, reply.text
    assert reply.json()["Message"].startswith("The body")


@pytest.mark.parametrize(
    ("path", "query", "name"),
    [
        ("jobs", {"maxResults": "many"}, "maxResults"),
        ("jobs", {"maxResults": "-1"}, "maxResults"),
        ("jobs", {"startIndex": "99999999999999999999999"}, "startIndex"),
    ],
)
def test_a_bad_query_is_refused(common: Api, path: str, query: dict[str, str], name: str) -> None:
    reply = common.http.get(f"/api/{path}", params=query)
    assert reply.status_code == 400, reply.text
    assert [one["Name"] for one in reply.json()["ValidationErrors"]] == [name]


def test_a_job_of_too_many_tasks_is_refused(api: Api) -> None:
    api.put("scene.blend")
    given = {"start": "0", "end": "1000000", "jobfile": "scene.blend"}
    body = submission(
        Type="Blender",
        RequiredFiles=[{"Name": "scene.blend", "Timestamp": STAMP}],
        Parameters=[{"Name": name, "Value": value} for name, value in given.items()],
    )
    refused = api.post("jobs", body, status=400)
    assert "The job would have 1,000,002 tasks; 1,000,000 is the most" in refused["Message"]
    assert api.get("jobs")["totalCount"] == 0


def test_two_required_files_of_one_name_are_refused(api: Api) -> None:
    api.put("a.txt", b"1", path="C:\\a.txt", stamp="2014-01-01T00:00:00Z")
    api.put("a.txt", b"2", path="D:\\a.txt", stamp="2015-01-01T00:00:00Z")
    both = [{"Name": "a.txt", "Timestamp": f"201{n}-01-01T00:00:00Z"} for n in (4, 5)]
    refused = api.post("jobs", submission(RequiredFiles=both), status=400)
    assert "rename one of them" in refused["Message"]


@pytest.mark.parametrize(
    "path",
    [
        "jobs/none",
        "jobs/none/log",
        "jobs/none/tasks",
        "jobs/none/outputs",
        "jobs/none/outputs/output",
        "jobs/none/outputs/preview",
        "jobs/none/outputs/files",
        "jobs/none/outputs/files/a.txt",
        "jobs/none/tasks/1/outputs/files",
        "files/none/content/a.txt",
        "pools/none",
        "nothing/here",
    ],
)
def test_what_is_not_there_is_404(common: Api, path: str) -> None:
    reply = common.http.get(f"/api/{path}")
    assert reply.status_code == 404
    assert reply.json()["Message"]
    assert (
        "none" in reply.json()["Message"]
        or "nothing" in reply.json()["Message"]
        or ("a.txt" in reply.json()["Message"])
    )


@pytest.mark.parametrize("path", ["/api/jobs/", "//api/pools/?x=1"])
def test_an_address_with_a_slash_at_the_end_leads_nowhere(common: Api, path: str) -> None:
    # Not joined to the client's base address: there is no way to spell two slashes at its start.
    url = f"https://{common.http.base_url.netloc.decode()}{path}"
    reply = common.http.get(url, headers={"Host": "elsewhere.example"})
    assert reply.status_code == 404
    assert "location" not in reply.headers
    assert "is not part of this API" in reply.json()["Message"]


def test_an_address_cannot_write_lines_into_the_log(service: Service) -> None:
    with service.anonymous() as anybody:
        assert anybody.get("/api/a%0Aforged%1B[2J☃").status_code == 404
    text = r"GET /api/a\nforged\x1b[2J☃ 404"
    until(lambda: text in service.log.read_text(), timeout=5)
    assert "\nforged" not in service.log.read_text()


def test_outputs_that_are_not_there_yet_are_404(api: Api) -> None:
    pool = api.post("pools", {"targetDedicated": "0"})["poolId"]
    job_id = api.submit("Words", pool=pool)
    for kind in ("output", "preview"):
        reply = api.http.get(f"/api/jobs/{job_id}/outputs/{kind}")
        assert reply.status_code == 404
        assert "NotStarted" in reply.json()["Message"]
    assert api.http.get(f"/api/jobs/{job_id}/tasks/x/outputs/files").status_code == 404
    for since in ("yesterday", "2015-02-30T00:00:00Z", "9999-12-31T23:59:59-01:00"):
        log = api.http.get(f"/api/jobs/{job_id}/log", params={"since": since})
        assert log.status_code == 400, since
    last = "9999-12-31T23:59:59.0000000Z"
    assert api.get(f"jobs/{job_id}/log", since=last) == {"messages": [], "upTo": last}
    assert api.get(f"jobs/{job_id}/log", since="0001-01-01")["messages"]


def test_a_method_that_a_path_does_not_have_is_405(common: Api) -> None:
    for path, methods in {
        "jobs": "GET, POST",
        "pools/none": "GET, DELETE",
        "files/query/byname": "POST",
        "files/none/content/a.txt": "GET, HEAD, DELETE",
        "files/a.txt": "PUT",
    }.items():
        reply = common.http.request("PATCH", f"/api/{path}")
        assert (reply.status_code, reply.headers["allow"]) == (405, methods)
    assert common.http.put("/api/files/query/byname", content=b"x").status_code == 405


def test_older_submission_forms_are_taken(api: Api) -> None:
    made = api.post("jobs", submission(InstanceCount="2", jobfile="None", NAME="ignored"))
    job = api.job(made["jobId"])
    assert job["name"] == "x"
    assert api.get(f"pools/{job['poolId']}")["targetDedicated"] == 2
    api.post(f"jobs/{made['jobId']}/actions/cancel")
    api.finished(made["jobId"])
    for none in ("lots", "9" * 5000, [1]):
        refused = api.post("jobs", submission(Pool={"InstanceCount": none}), status=400)
        assert "InstanceCount" in str(refused)
    huge = api.http.post("/api/jobs", content=b'{"Name":"","Type":"Words","InstanceCount":1e999}')
    assert huge.status_code == 400
    strange = api.post("jobs", submission(Pool="mine"))["jobId"]
    assert api.get(f"pools/{api.job(strange)['poolId']}")["targetDedicated"] == 1
    api.post(f"jobs/{strange}/actions/cancel")
    api.finished(strange)
