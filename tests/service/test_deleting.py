"""Deleting jobs and files, with what depends on them."""

import sqlite3
from pathlib import Path

import httpx
from support import STAMP, Api, Service, bundle, until


def delete(api: Api, path: str) -> httpx.Response:
    return api.http.delete(path if path.startswith("https") else f"/api/{path}")


def rows(service: Service, job_id: str) -> dict[str, int]:
    """How many rows of each table belong to the job."""
    with sqlite3.connect(f"file:{service.directory}/service.db?mode=ro", uri=True) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master")]
        found = {}
        for table in tables:
            columns = [one[1] for one in database.execute(f"PRAGMA table_info({table})")]
            key = "job_id" if "job_id" in columns else "id" if table == "job" else None
            if key:
                count = f"SELECT count(*) FROM {table} WHERE {key} = ?"
                found[table] = database.execute(count, [job_id]).fetchone()[0]
    return found


def test_a_deleted_job_is_gone_with_its_tasks_log_and_outputs(
    service: Service, shared: Api, pool: str
) -> None:
    shared.put("kept.txt", b"kept\n")
    other = shared.submit("Words", ["kept.txt"], pool, Count="1", name="stays")
    job_id = shared.submit("Words", ["kept.txt"], pool, Count="2", name="goes")
    job = shared.finished(job_id)
    assert shared.finished(other)["status"] == job["status"] == "Complete", shared.lines(job_id)
    links = [job[name]["href"] for name in ("outputLink", "taskListLink")]
    links += [one["link"]["href"] for one in shared.get(f"jobs/{job_id}/outputs/files")["outputs"]]
    assert all(rows(service, job_id).values())
    assert len(rows(service, job_id)) >= 5
    assert delete(shared, f"jobs/{job_id}").status_code == 200
    assert not any(rows(service, job_id).values())
    for path in (*links, f"/api/jobs/{job_id}", f"/api/jobs/{job_id}/log"):
        assert shared.http.get(path).status_code == 404
    assert delete(shared, f"jobs/{job_id}").status_code == 404
    assert [one["name"] for one in shared.get("jobs", nameContains="goes")["jobs"]] == []
    # The same contents, of another job and of the account's files, are still there.
    assert shared.http.get(shared.job(other)["outputLink"]["href"]).text == "kept\nword 1\n"
    (file,) = shared.post("files/query/byname", {"Names": ["kept.txt"]})["files"]
    assert shared.http.get(file["link"]["href"]).text == "kept\n"


def test_a_job_that_has_not_ended_is_not_deleted(shared: Api, api: Api, pool: str) -> None:
    queued = api.submit("Words", pool=api.post("pools", {})["poolId"])
    running = shared.submit("Words", pool=pool, Count="1", Sleep="60")
    until(lambda: shared.job(running)["status"] == "InProgress")
    for account, job_id, state in ((api, queued, "NotStarted"), (shared, running, "InProgress")):
        refused = delete(account, f"jobs/{job_id}")
        assert refused.status_code == 403
        assert f"it is {state}. Cancel it" in refused.json()["Message"]
        account.post(f"jobs/{job_id}/actions/cancel")
        assert account.finished(job_id)["status"] == "Cancelled"
        assert delete(account, f"jobs/{job_id}").status_code == 200


SLOW_TO_LEAVE = """\
specificationVersion: jobtemplate-2023-09
name: SlowToLeave
jobEnvironments:
- name: Slow
  script:
    actions:
      onEnter: {command: "true"}
      onExit: {command: bash, args: ["-c", "sleep 2; echo said after the end"]}
steps:
- name: Nothing
  script:
    actions:
      onRun: {command: "true"}
"""


def test_what_environments_say_when_their_job_is_deleted_harms_nothing(
    service: Service, shared: Api, pool: str, tmp_path: Path
) -> None:
    service.add_jobtype(bundle(tmp_path, "SlowToLeave", SLOW_TO_LEAVE))
    job_id = shared.submit("SlowToLeave", pool=pool)
    assert shared.finished(job_id)["status"] == "Complete"
    # Its environment is still being left.
    assert delete(shared, f"jobs/{job_id}").status_code == 200
    until(lambda: not (service.directory / "work" / job_id).exists())
    next_one = shared.submit("Words", pool=pool, Count="1")
    assert shared.finished(next_one)["status"] == "Complete"
    assert not any(rows(service, job_id).values())
    assert "the engine takes its jobs up again" not in service.log.read_text()


def test_jobs_keep_the_content_of_a_deleted_file(api: Api) -> None:
    pool = api.post("pools", {})["poolId"]
    link = api.put("gone.txt", b"content\n")["link"]["href"]
    job_id = api.submit("Words", ["gone.txt"], pool, Count="1")
    assert delete(api, link).status_code == 200
    assert api.get("files")["files"] == []
    assert api.http.get(link).status_code == 404
    assert api.http.head(link).status_code == 404
    assert delete(api, link).status_code == 404
    wanted = [{"Name": "gone.txt", "Timestamp": STAMP}]
    refused = {"Name": "x", "Type": "Words", "RequiredFiles": wanted}
    assert "not uploaded" in api.post("jobs", refused, status=400)["Message"]
    api.post(f"pools/{pool}/actions/resize", {"targetDedicated": "1"})
    job = api.finished(job_id)
    assert api.http.get(job["outputLink"]["href"]).text == "content\nword 1\n"
    # It can be uploaded again.
    again = api.put("gone.txt", b"content\n")["link"]["href"]
    assert api.http.get(again).text == "content\n"


def test_only_the_one_file_is_deleted(api: Api) -> None:
    first = api.put("same.txt", b"same", path="C:\\1\\same.txt")
    second = api.put("same.txt", b"same", path="C:\\2\\same.txt")
    assert delete(api, f"files/{first['id']}/content/other.txt").status_code == 404
    assert delete(api, first["link"]["href"]).status_code == 200
    assert [one["id"] for one in api.get("files")["files"]] == [second["id"]]
    assert api.http.get(second["link"]["href"]).content == b"same"
