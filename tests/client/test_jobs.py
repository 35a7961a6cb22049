"""Jobs before and after submission, and tasks."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standin import Call, FakeService, Reply

from batchapps import (
    Configuration,
    Credentials,
    FileCollection,
    FileDownloadException,
    FileManager,
    FileUploadException,
    InvalidConfigException,
    JobManager,
    JobSubmission,
    NotFoundException,
    RestCallException,
    ServerErrorException,
    SubmittedJob,
    Task,
)


def submitting(service: FakeService) -> None:
    link = {"href": f"https://{service.endpoint}/api/jobs/1"}
    service.on("POST jobs", Reply(202, {"jobId": "1", "link": link}))


def body(service: FakeService) -> dict[str, Any]:
    sent: dict[str, Any] = json.loads(service.made("POST jobs")[-1].body)
    return sent


def parameters(service: FakeService) -> dict[str, str]:
    return {p["Name"]: p["Value"] for p in body(service)["Parameters"]}


def test_what_is_sent(jobs: JobManager, service: FakeService) -> None:
    submitting(service)
    job = jobs.create_job("First Job")
    job.example_parameter = "test123"
    expected = {
        "Name": "First Job",
        "Type": "Blender",
        "RequiredFiles": [],
        "Parameters": [
            {"Name": "filename", "Value": "output"},
            {"Name": "format", "Value": "png"},
            {"Name": "start", "Value": "1"},
            {"Name": "end", "Value": "10"},
            {"Name": "command", "Value": "PNG"},
            {"Name": "example_parameter", "Value": "test123"},
        ],
        "JobFile": "",
        "Settings": "",
        "Priority": "Medium",
        "autoPoolSpecification": {
            "targetDedicated": "1",
            "maxTasksPerTVM": "1",
            "communication": False,
            "certificateReferences": [],
        },
    }
    assert job._create_job_message() == expected
    job.submit()
    assert body(service) == expected


def test_parameters_set_as_attributes(jobs: JobManager, service: FakeService) -> None:
    submitting(service)
    job = jobs.create_job("x", params={"start": 1, "gone": "x", "none": None})
    job.start = 5
    job.start = 6
    job.flag = True
    job.sizes = [1, "b"]
    job.nothing = None
    del job.gone
    assert job.start == "6"
    assert job.nothing is None
    with pytest.raises(AttributeError, match="gone"):
        job.gone  # noqa: B018
    with pytest.raises(AttributeError, match="gone"):
        del job.gone
    with pytest.raises(AttributeError, match=r"params\['submit'\]"):
        setattr(job, "submit", 3)  # noqa: B010
    job.params["submit"] = 3
    job.submit()
    assert parameters(service) == {"start": "6", "flag": "True", "sizes": '[1, "b"]', "submit": "3"}


def test_declared_attributes_are_not_parameters(jobs: JobManager, service: FakeService) -> None:
    submitting(service)
    job = jobs.create_job("x", params={}, instances=3, pool=None, settings="<a/>", job_file="f")
    assert (job.instances, job.source, job.settings, job.pool) == (3, "f", "<a/>", None)
    job.submit()
    assert body(service)["autoPoolSpecification"]["targetDedicated"] == "3"
    job.name = "y"
    job.source = "scene.blend"
    job.settings = '{"Plugins": []}'
    job.pool = "pool-1"
    job.submit()
    sent = body(service)
    assert sent["Parameters"] == []
    assert sent["poolId"] == "pool-1"
    assert "autoPoolSpecification" not in sent
    assert (sent["Name"], sent["JobFile"]) == ("y", "scene.blend")
    assert sent["Settings"] == '{"Plugins": []}'
    assert (
        jobs.create_job("z", params={}, priority="High")._create_job_message()["Priority"] == "High"
    )
    assert "'y'" in str(job)


def test_pool_object(jobs: JobManager, service: FakeService) -> None:
    from batchapps import PoolManager

    submitting(service)
    service.on("GET pools", Reply(body={"pools": [{"id": "p-9"}]}))
    (pool,) = PoolManager(jobs._api._credentials).get_pools()
    assert jobs.create_job("x", pool=pool).submit().pool_id == "p-9"
    assert body(service)["poolId"] == "p-9"


def test_default_parameters_are_those_of_the_current_job_type(
    cfg: Configuration, creds: Credentials
) -> None:
    cfg.set_default_jobtype()
    mgr = JobManager(creds, cfg)
    assert "default_jobtype" not in mgr.create_job("x").params
    cfg.current_jobtype("Test")
    assert mgr.create_job("x").params == {"param1": "abc", "param2": "xyz"}
    assert mgr.create_job("x")._create_job_message()["Type"] == "Test"
    cfg.jobtype = ""
    with pytest.raises(InvalidConfigException, match="No job type is chosen"):
        mgr.create_job("x")


def test_files_of_a_job(
    jobs: JobManager, files: FileManager, service: FakeService, tmp_path: Path
) -> None:
    submitting(service)
    for name in "abc":
        (tmp_path / name).write_text(name)
    collection = files.files_from_dir(tmp_path, pattern="[ab]")
    job = jobs.create_job("x", files=collection)
    assert job.required_files is collection
    job.set_job_file(0)
    assert job.source == "a"
    job.set_job_file(-1)
    assert job.source == "b"
    job.set_job_file(files.file_from_path(tmp_path / "c"))
    assert job.source == "c"
    assert [f.name for f in job.required_files] == ["a", "b", "c"]
    for wrong in (9, "a", None):
        with pytest.raises(ValueError):
            job.set_job_file(wrong)  # type: ignore[arg-type]
    assert job.source == "c"
    job.submit()
    assert [f["Name"] for f in body(service)["RequiredFiles"]] == ["a", "b", "c"]
    assert all(set(f) == {"Name", "Timestamp"} for f in body(service)["RequiredFiles"])
    job.add_file_collection()
    assert len(job.required_files) == 0
    job.add_file(collection[0])
    assert isinstance(job.required_files, FileCollection)
    with pytest.raises(TypeError, match="FileCollection"):
        job.add_file_collection([])  # type: ignore[arg-type]


def test_what_submit_returns(jobs: JobManager, service: FakeService) -> None:
    submitting(service)
    new = jobs.create_job("x").submit()
    assert isinstance(new, SubmittedJob)
    assert new["id"] == new.id == "1"
    assert new["link"] == f"https://{service.endpoint}/api/jobs/1"
    with pytest.warns(DeprecationWarning, match=r"\['id'\]"):
        assert new["jobId"] == "1"
    assert new.get("link") == new["link"]
    assert new.get("other", 5) == 5
    assert "link" in new
    assert "other" not in new
    with pytest.raises(KeyError):
        new["other"]
    assert new
    assert len(new) == 0
    assert new.status is "NotStarted"  # noqa: F632  # as programs were shown to compare
    assert len(service.made()) == 1


def test_manager_uploads_what_is_missing_first(
    jobs: JobManager, files: FileManager, service: FakeService, tmp_path: Path
) -> None:
    submitting(service)
    (tmp_path / "a").write_text("a")
    service.keep()
    service.on("POST files/bulk", Reply(400, {"Message": "Not this."}), Reply(body={}))
    job = jobs.create_job("x", files=files.files_from_dir(tmp_path, pattern="a"))
    with pytest.raises(FileUploadException, match=r"'x' was not submitted.*Not this"):
        jobs.submit(job)
    assert service.made("POST jobs") == []
    told: list[tuple[float, ...]] = []
    assert jobs.submit(job, 2, lambda *numbers: told.append(numbers)).id == "1"
    assert told[-1] == (100.0, 1.0, 1.0)
    assert jobs.submit(jobs.create_job("no files")).id == "1"
    with pytest.raises(TypeError, match="create_job"):
        jobs.submit("x")  # type: ignore[arg-type]


def test_unknown_settings_are_told_of(jobs: JobManager, caplog: pytest.LogCaptureFixture) -> None:
    jobs.create_job("x", job_type="Blender")
    assert "'job_type'" in caplog.text


DETAILS = {
    "id": "1",
    "name": "n",
    "type": "t",
    "status": "InProgress",
    "percentComplete": 40,
    "settings": "s",
    "submissionTime": "2015-07-01T10:00:00.1234567Z",
    "startTime": "2015-07-01T10:00:07Z",
    "instanceCount": 2,
    "taskCount": 3,
    "poolId": "p",
    "somethingNew": {"x": 1},
}


def test_what_the_service_says_of_a_job(jobs: JobManager, service: FakeService) -> None:
    service.on("GET jobs/1", Reply(body=DETAILS))
    job = jobs.get_job(jobid="1")
    assert (job.id, job.name, job.type) == ("1", "n", "t")
    assert job.submission == {
        "percentage": 40,
        "xml_settings": "s",
        "status": "InProgress",
        "time_submitted": "2015-07-01T10:00:00.1234567Z",
        "time_started": "2015-07-01T10:00:07Z",
        "time_completed": None,
        "requested_instances": 2,
        "number_tasks": 3,
        "output_filename": None,
        "output_url": None,
        "thumb_url": None,
        "tasks_url": None,
        "pool_id": "p",
    }
    assert job.submitted_at == datetime(2015, 7, 1, 10, 0, 0, 123456, tzinfo=UTC)
    assert job.started_at == datetime(2015, 7, 1, 10, 0, 7, tzinfo=UTC)
    assert job.completed_at is None
    assert len(job) == 3
    assert type(job.status) is str
    assert job.status is "InProgress"  # noqa: F632
    assert job.details["somethingNew"] == {"x": 1}
    for name in ("status", "percentage", "output_url"):
        with pytest.raises(ValueError, match=name):
            setattr(job, name, "x")
        with pytest.raises(ValueError, match=name):
            delattr(job, name)
    job.tag = "programs may hang on what they like"


def test_unknown_words_are_let_through(jobs: JobManager, service: FakeService) -> None:
    service.on("GET jobs", Reply(body={"jobs": [{**DETAILS, "status": "Dreaming"}]}))
    assert jobs.get_jobs()[0].status == "Dreaming"


def test_get_job(jobs: JobManager, service: FakeService) -> None:
    service.on("GET jobs/1", Reply(body=DETAILS), Reply(body={**DETAILS, "status": "Complete"}))
    job = jobs.get_job(jobid="1")
    assert jobs.get_job(job) is job
    assert job.status == "Complete"
    assert jobs.get_job(url=f"https://{service.endpoint}//api/jobs/1").id == "1"
    with pytest.raises(ValueError):
        jobs.get_job()
    with pytest.raises(NotFoundException):
        jobs.get_job(jobid="../2")
    assert service.made()[-1].path == "/api/jobs/..%2F2"


def test_pages_and_iteration(jobs: JobManager, service: FakeService) -> None:
    ids = [str(number) for number in range(7)]

    def page(call: Call) -> Reply:
        start, count = int(call.query["startIndex"]), int(call.query["maxResults"])
        if start == 3 and ids[0] != "new":
            ids.insert(0, "new")  # submitted while the pages are read
        some = [{**DETAILS, "id": i} for i in ids[start : start + count]]
        return Reply(body={"totalCount": len(ids), "jobs": some})

    service.on("GET jobs", page)
    assert len(jobs) == 0
    assert jobs
    assert jobs.count is None
    assert [job.id for job in jobs.get_jobs(0, 3)] == ["0", "1", "2"]
    assert len(jobs) == jobs.count == 7
    assert [job.id for job in jobs.iter_jobs(per_call=3)] == [str(n) for n in range(7)]
    assert next(iter(jobs)).id == "new"


@pytest.fixture
def job(jobs: JobManager, service: FakeService) -> SubmittedJob:
    service.on("GET jobs/1", Reply(body=DETAILS))
    return jobs.get_job(jobid="1")


def test_actions(job: SubmittedJob, service: FakeService) -> None:
    service.on("GET jobs/1", Reply(body={**DETAILS, "status": "Cancelling"}))
    service.on("POST jobs/1/actions/cancel", Reply(200, {}), Reply(403, b"Too late."), Reply(404))
    service.on("POST jobs/1/actions/reprocess", Reply(202, {"jobId": "1"}), Reply(403, b"No."))
    assert job.cancel() is True
    assert job.status == "Cancelling"
    assert job.cancel() is False
    with pytest.raises(NotFoundException):
        job.cancel()
    assert job.reprocess() is True
    assert job.reprocess() is False
    service.on("POST jobs/1/actions/hold", Reply(200, {}), Reply(403, b"No."))
    service.on("POST jobs/1/actions/resume", Reply(200, {}), Reply(403, b"No."))
    service.on("GET jobs/1", Reply(body={**DETAILS, "status": "OnHold"}))
    assert job.hold() is True
    assert job.status == "OnHold"
    assert job.hold() is False
    assert job.resume() is True
    assert job.resume() is False


def test_logs(job: SubmittedJob, service: FakeService) -> None:
    log = {"upTo": "T2", "messages": [{"taskId": 1, "timestamp": "T1", "text": "hello"}]}
    service.on("GET jobs/1/log", Reply(body=log), Reply(body={}), Reply(500), Reply(404))
    assert job.get_logs() == log
    assert job.get_logs("T2", None) == {"messages": []}
    assert [call.query for call in service.made("GET jobs/1/log")] == [
        {"maxResults": "100"},
        {"since": "T2"},
    ]
    with pytest.raises(NotFoundException):
        job.get_logs()


def test_waiting(job: SubmittedJob, service: FakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    naps: list[float] = []
    monkeypatch.setattr("time.sleep", naps.append)
    going, down = Reply(body=DETAILS), Reply(503)
    done = Reply(body={**DETAILS, "status": "Complete"})
    service.on("GET jobs/1", *[going] * 3, *[down] * 8, going, done)
    seen: list[str] = []
    assert job.wait(callback=lambda j: seen.append(j.status)) is job
    assert job.status == "Complete"
    assert seen == ["InProgress"] * 6 + ["Complete"]
    assert naps[:3] == pytest.approx([0, 0.5, 0.75], abs=0.1)
    assert max(naps) <= 10.0
    for end in ("Error", "Cancelled", "OnHold"):
        service.on("GET jobs/1", Reply(body={**DETAILS, "status": end}))
        assert job.wait().status == end


def test_waiting_has_an_end(
    job: SubmittedJob, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = time.monotonic()
    with pytest.raises(TimeoutError, match=r"InProgress at 40 % after 0\.3 s"):
        job.wait(timeout=0.3, poll=0.1)
    assert 0.3 <= time.monotonic() - started < 2
    service.on("GET jobs/1", Reply(404))
    with pytest.raises(NotFoundException):
        job.wait()
    monkeypatch.setattr("batchapps._http.FIRST_PAUSE", 0.01)
    service.on("GET jobs/1", Reply(503))
    with pytest.raises(ServerErrorException):
        job.wait(poll=0.1, patience=0.2)


def output(service: FakeService, name: str, kind: str = "TaskOutput") -> dict[str, Any]:
    href = f"https://{service.endpoint}/api/jobs/1/outputs/files/{name}"
    return {"name": name, "kind": kind, "link": {"href": href}, "taskId": 1}


def test_outputs(job: SubmittedJob, service: FakeService, tmp_path: Path) -> None:
    root = f"https://{service.endpoint}/api/jobs/1/outputs"
    finished = {
        **DETAILS,
        "status": "Complete",
        "outputFileName": "all.zip",
        "outputLink": {"href": f"{root}/output"},
        "previewLink": {"href": f"{root}/preview"},
    }
    with pytest.raises(FileDownloadException, match=r"InProgress and has no output yet.*wait\(\)"):
        job.get_output(tmp_path)
    with pytest.raises(FileDownloadException, match="no preview"):
        job.get_thumbnail()
    service.on("GET jobs/1/log", Reply(body={"messages": [{"text": "out of paint"}]}))
    service.on("GET jobs/1", Reply(body={**DETAILS, "status": "Error"}))
    with pytest.raises(FileDownloadException, match="Its log ends: out of paint"):
        job.download(tmp_path)
    service.on("GET jobs/1", Reply(body=finished))
    service.on("GET jobs/1/outputs/output", Reply(200, b"zip"))
    service.on("GET jobs/1/outputs/preview", Reply(200, b"png"))
    service.on("GET jobs/1/outputs/files", Reply(body={"outputs": [output(service, "a.png")]}))
    service.on("GET jobs/1/outputs/files/a.png", Reply(200, b"a"))
    assert job.download(tmp_path) == [str(tmp_path / "all.zip")]
    assert job.download(tmp_path, intermediate=True) == [
        str(tmp_path / "all.zip"),
        str(tmp_path / "a.png"),
    ]
    (listed,) = job.list_all_outputs()
    assert listed == {"name": "a.png", "link": f"{root}/files/a.png", "type": "TaskOutput"}
    no_link = {"name": "a.png", "type": "TaskOutput"}
    assert job.get_output(tmp_path / "2", no_link) == str(tmp_path / "2" / "a.png")
    finals = [{"name": "all.zip", "kind": "JobOutput"}, {"name": "sheet.jpg", "kind": "JobPreview"}]
    service.on("GET jobs/1/outputs", Reply(body={"jobOutputs": finals}))
    thumbnail = Path(job.get_thumbnail())
    assert (thumbnail.read_bytes(), thumbnail.suffix) == (b"png", ".jpg")
    assert job.get_thumbnail(tmp_path, "small.png", True) == str(tmp_path / "small.png")
    assert job.get_thumbnail(tmp_path, "deeper/small.png") == str(tmp_path / "deeper/small.png")


def test_tasks(job: SubmittedJob, service: FakeService, tmp_path: Path) -> None:
    outputs = [output(service, "a"), output(service, "p1.jpg", "TaskPreview")]
    outputs.append(output(service, "p2.jpg", "TaskPreview"))
    told = {
        "id": 1,
        "status": "Complete",
        "startTime": "2015-07-01T10:00:00Z",
        "completionTime": "2015-07-01T10:00:01Z",
        "instanceId": "w",
        "deploymentId": "d",
        "coreCount": 2,
        "chargeTime": 5,
        "nonChargeTime": 0,
        "outputs": outputs,
        "exitCode": 0,
    }
    service.on("GET jobs/1/tasks", Reply(body={"tasks": [told, {"id": 2}]}))
    task, bare = job.get_tasks()
    assert job.tasks == [task, bare]
    assert (task.id, task.status, task.completion_time) == (1, "Complete", "2015-07-01T10:00:01Z")
    assert (task.instance, task.deployment, task.cores) == ("w", "d", 2)
    assert (task.charge_time, task.non_charge_time) == (5, 0)
    assert task.completed_at is not None
    assert task.started_at is not None
    assert (task.completed_at - task.started_at).seconds == 1
    assert task.details.exit_code == 0
    assert [o["type"] for o in task.outputs] == ["TaskOutput", "TaskPreview", "TaskPreview"]
    assert (bare.status, bare.outputs, bare.cores) == (None, [], None)
    service.on("GET jobs/1/outputs/files/.*", lambda call: Reply(200, call.path[-6:].encode()))
    names = [o["name"] for o in task.outputs]
    thumbnail = task.get_thumbnail()
    assert thumbnail.endswith(".jpg")
    assert Path(thumbnail).read_bytes() == b"p2.jpg"
    assert task.get_thumbnail(tmp_path, "t.png", True) == str(tmp_path / "t.png")
    assert [o["name"] for o in task.outputs] == names
    assert task.get_output(task.outputs[0], tmp_path) == str(tmp_path / "a")
    with pytest.raises(FileDownloadException, match="no preview"):
        bare.get_thumbnail()
    service.on("GET jobs/1/tasks/2/outputs/files", Reply(body={"outputs": outputs[:1]}))
    assert bare.list_outputs() == bare.outputs == task.outputs[:1]
    service.on("POST jobs/1/tasks/2/actions/cancel", Reply(200, {}), Reply(403), Reply(409))
    assert bare.cancel() is True
    assert bare.cancel() is False
    with pytest.raises(RestCallException):
        bare.cancel()


def test_tasks_come_page_by_page(job: SubmittedJob, service: FakeService) -> None:
    ids = [2, 4, 6, 8, 10]

    def page(call: Call) -> Reply:
        start, count = int(call.query["startIndex"]), int(call.query["maxResults"])
        told = {"tasks": [{"id": number} for number in ids[start : start + count]]}
        if start == 0:
            ids.insert(0, 1)  # starts between two calls
        return Reply(body=told)

    service.on("GET jobs/1/tasks", page)
    assert [task.id for task in job.iter_tasks(2)] == [2, 4, 6, 8, 10]
    assert len(service.made("GET jobs/1/tasks")) == 4
    # A service without pages gives all each time, however many that are.
    service.on("GET jobs/1/tasks", Reply(body={"tasks": [{"id": 1}, {"id": 2}]}))
    for per_call in (1, 2, 3):
        assert [task.id for task in job.iter_tasks(per_call)] == [1, 2]


def test_things_are_made_with_a_service_only() -> None:
    with pytest.raises(TypeError, match="JobManager"):
        JobSubmission(None, "x")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="SubmittedJob"):
        Task(None, "1", id=1)  # type: ignore[arg-type]
