"""Pools, by raw calls."""

import contextlib
import socket

import psutil
import pytest
from support import Api, Service, until


def test_a_pool_is_made_resized_and_deleted(api: Api) -> None:
    certificate = {
        "thumbprint": "AB12",
        "thumbprintAlgorithm": "SHA1",
        "storeLocation": "CurrentUser",
        "storeName": "My",
    }
    made = api.post(
        "pools",
        {
            "targetDedicated": "1",
            "maxTasksPerTVM": "2",
            "communication": True,
            "certificateReferences": [certificate | {"unknown": None}],
        },
    )
    pool = api.get(made["link"]["href"])
    assert pool["id"] == made["poolId"]
    assert (pool["targetDedicated"], pool["maxTasksPerTVM"]) == (1, 2)
    assert (pool["autoPool"], pool["communication"], pool["state"]) == (False, True, "active")
    assert pool["certificateReferences"] == [certificate]
    assert "resizeError" not in pool
    ready = until(lambda: (p := api.get(f"pools/{pool['id']}"))["currentDedicated"] == 1 and p)
    assert ready["allocationState"] == "steady"
    api.post(f"pools/{pool['id']}/actions/resize", {"targetDedicated": 0})
    until(lambda: api.get(f"pools/{pool['id']}")["currentDedicated"] == 0)
    assert api.http.delete(f"/api/pools/{pool['id']}").status_code == 200
    assert api.get("pools")["pools"] == []
    assert api.http.delete(f"/api/pools/{pool['id']}").status_code == 404


def test_beyond_the_quota_is_409_with_words(api: Api) -> None:
    refused = api.post("pools", {"targetDedicated": "17"}, status=409)
    assert "16 workers" in refused["Message"]
    refused = api.post("pools", {"maxTasksPerTVM": "65"}, status=409)
    assert "64 tasks at once" in refused["Message"]
    pool = api.post("pools", {})["poolId"]
    refused = api.post(f"pools/{pool}/actions/resize", {"targetDedicated": "17"}, status=409)
    assert "17 were asked for" in refused["Message"]
    assert api.get(f"pools/{pool}")["targetDedicated"] == 0
    for _ in range(19):
        api.post("pools", {})
    assert "the most it may have" in api.post("pools", {}, status=409)["Message"]


@pytest.mark.parametrize("target", ["-1", "many", 1.5, True, -1, 10**30])
def test_a_size_that_is_none_is_refused(api: Api, target: object) -> None:
    number = "must be a whole number from {} to 999999999, as a number or digits in a text"
    for name, least in (("targetDedicated", 0), ("maxTasksPerTVM", 1)):
        refused = api.post("pools", {name: target}, status=400)
        assert f"{name}: {number.format(least)}" in refused["Message"]
    certificate = {"storeLocation": 5}
    refused = api.post("pools", {"certificateReferences": [certificate]}, status=400)
    assert "storeLocation: must be a text" in refused["Message"]
    assert api.get("pools")["pools"] == []


def test_workers_serve_no_web_pages(service: Service, pool: str) -> None:
    until(lambda: service.api().get(f"pools/{pool}")["currentDedicated"] == 2)
    assert service.process is not None
    whole = psutil.Process(service.process.pid)
    ports: set[int] = set()
    for process in [whole, *whole.children(recursive=True)]:
        with contextlib.suppress(psutil.Error):  # it has ended meanwhile
            found = process.net_connections("tcp")
            ports |= {one.laddr.port for one in found if one.status == psutil.CONN_LISTEN}
    assert len(ports) > 2
    for port in ports:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=5) as connection,
            contextlib.suppress(OSError),  # what speaks TLS hangs up sooner or later
        ):
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert not connection.recv(1000).startswith(b"HTTP/"), port


def test_a_pool_with_jobs_is_not_deleted(api: Api) -> None:
    pool = api.post("pools", {})["poolId"]
    job_id = api.submit("Words", pool=pool)
    reply = api.http.delete(f"/api/pools/{pool}")
    assert reply.status_code == 403
    assert "1 job" in reply.json()["Message"]
    api.post(f"jobs/{job_id}/actions/cancel")
    assert api.finished(job_id)["status"] == "Cancelled"
    assert api.http.delete(f"/api/pools/{pool}").status_code == 200


def test_a_busy_worker_stays_until_its_task_is_done(api: Api) -> None:
    pool = api.post("pools", {"targetDedicated": "2"})["poolId"]
    job_id = api.submit("Words", pool=pool, Count="2", Sleep="4")
    until(lambda: len(api.get(f"jobs/{job_id}/tasks")["tasks"]) == 2)
    api.post(f"pools/{pool}/actions/resize", {"targetDedicated": "1"})
    assert api.finished(job_id)["status"] == "Complete"
    assert all(task["attempts"] == 1 for task in api.get(f"jobs/{job_id}/tasks")["tasks"])
    until(lambda: api.get(f"pools/{pool}")["currentDedicated"] == 1)


def test_pools_of_others_are_not_there(service: Service, api: Api) -> None:
    pool = api.post("pools", {})["poolId"]
    other = service.api(service.add_account())
    assert other.get("pools")["pools"] == []
    assert other.http.get(f"/api/pools/{pool}").status_code == 404
    assert other.http.delete(f"/api/pools/{pool}").status_code == 404
    body = {"Name": "x", "Type": "Words", "poolId": pool}
    assert "no pool" in other.post("jobs", body, status=400)["Message"]


def test_a_pool_that_grows_runs_several_jobs_side_by_side(api: Api) -> None:
    pool = api.post("pools", {"targetDedicated": "1"})["poolId"]
    jobs = [api.submit("Words", pool=pool, Count="1", Sleep="3", name=str(n)) for n in range(3)]
    named = [{"id": job_id, "name": str(n)} for n, job_id in enumerate(jobs)]
    found = api.get(f"pools/{pool}")
    assert found["activeJobs"] == found["jobs"] == named
    api.post(f"pools/{pool}/actions/resize", {"targetDedicated": "3"})
    assert api.get(f"pools/{pool}")["targetDedicated"] == 3
    until(lambda: (p := api.get(f"pools/{pool}"))["allocationState"] == "steady" and p)
    assert api.get(f"pools/{pool}")["currentDedicated"] == 3
    for job_id in jobs:
        assert api.finished(job_id)["status"] == "Complete"
        assert api.get(f"jobs/{job_id}/tasks")["tasks"][0]["attempts"] == 1
    workers = {api.get(f"jobs/{one}/tasks")["tasks"][0]["instanceId"] for one in jobs}
    assert len(workers) > 1
    assert api.get(f"pools/{pool}")["activeJobs"] == []


def test_a_pool_that_shrinks_while_tasks_come_loses_none(api: Api) -> None:
    pool = api.post("pools", {"targetDedicated": "3"})["poolId"]
    job_id = api.submit("Words", pool=pool, Count="40", Sleep="0.1")
    until(lambda: api.job(job_id)["status"] == "InProgress")
    for size in ("1", "2", "1"):
        api.post(f"pools/{pool}/actions/resize", {"targetDedicated": size})
        until(lambda: api.get(f"pools/{pool}")["allocationState"] == "steady")
    assert api.finished(job_id)["status"] == "Complete"
    assert {task["attempts"] for task in api.get(f"jobs/{job_id}/tasks")["tasks"]} == {1}
