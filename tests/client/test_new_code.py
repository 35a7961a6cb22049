"""What programs of today use: warnings, iteration, patience, and calls by asyncio."""

import asyncio
import gzip
import json
import logging
import threading
import time
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from batchapps_management import Client
from batchapps_management.api.jobs import list_jobs
from batchapps_management.models import JobList
from standin import FakeService, Reply
from support import until

from batchapps import (
    AzureOAuth,
    Configuration,
    ConnectionFailedException,
    Credentials,
    FileManager,
    JobManager,
    LogLine,
    NotFoundException,
    PoolManager,
    ServerErrorException,
    SubmittedJob,
    UnknownParameterWarning,
)

BLENDER = {"name": "Blender", "parameters": [{"name": n, "type": "INT"} for n in ("start", "end")]}
JOB = {"id": "1", "name": "n", "type": "t", "status": "InProgress"}


def submitting(service: FakeService) -> None:
    link = {"href": f"https://{service.endpoint}/api/jobs/1"}
    service.on("POST jobs", Reply(202, {"jobId": "1", "link": link}))


# -- misspelt parameters ---------------------------------------------------------------------


def test_a_misspelt_attribute_is_sent_and_warned_of_once(
    jobs: JobManager, service: FakeService
) -> None:
    submitting(service)
    service.on("GET jobtypes", Reply(body={"jobTypes": [BLENDER]}))
    job = jobs.create_job("x")
    job.strat = 5
    with pytest.warns(UnknownParameterWarning, match=r"'strat'.*'Blender'.*mean 'start'") as caught:
        job.submit()
    ours = [one for one in caught if one.category is UnknownParameterWarning]
    assert [one.filename for one in ours] == [__file__]
    sent = json.loads(service.made("POST jobs")[0].body)["Parameters"]
    assert {"Name": "strat", "Value": "5"} in sent
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        job.submit()
        job.end = 3  # defined
        job.version = "2"  # which version of the job type to run
        job.submit()
    job.zzz = 1
    with pytest.warns(UnknownParameterWarning, match=r"'zzz'.*does not define\.$") as caught:
        jobs.submit(job)
    assert len([one for one in caught if one.category is UnknownParameterWarning]) == 1
    assert len(service.made("GET jobtypes")) == 1


def test_what_is_configured_is_not_warned_of(jobs: JobManager, service: FakeService) -> None:
    submitting(service)
    service.on("GET jobtypes", Reply(body={"jobTypes": [BLENDER]}))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        jobs.submit(jobs.create_job("x"))  # 'format' is configured and not defined
    assert service.made("GET jobtypes") == []


@pytest.mark.parametrize(
    "answer",
    [
        Reply(404),
        Reply(400, {"Message": "What?"}),
        Reply(body={"jobTypes": [{"name": "Other", "parameters": []}]}),
        Reply(body={"jobTypes": [{"name": "Blender"}]}),
    ],
)
def test_a_service_that_does_not_tell_its_parameters_is_no_reason_to_warn(
    jobs: JobManager, service: FakeService, answer: Reply
) -> None:
    submitting(service)
    service.on("GET jobtypes", answer)
    for name in ("first", "second"):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            jobs.submit(jobs.create_job("x", params={name: 1}))
    assert len(service.made("GET jobtypes")) == 1


# -- iteration and patience ------------------------------------------------------------------


@pytest.fixture
def job(jobs: JobManager, service: FakeService) -> SubmittedJob:
    service.on("GET jobs/1", Reply(body=JOB))
    return jobs.get_job(jobid="1")


def line(number: int) -> dict[str, Any]:
    return {"timestamp": f"2015-07-01T10:00:0{number}Z", "text": f"line {number}"}


def page(*numbers: int) -> Reply:
    messages = [line(number) for number in numbers]
    return Reply(body={"messages": messages, "upTo": messages[-1]["timestamp"]})


NO_LINES = Reply(body={"messages": [], "upTo": "2015-07-01T10:00:09Z"})


def test_all_lines_of_a_log(job: SubmittedJob, service: FakeService) -> None:
    service.on("GET jobs/1/log", page(1, 2), page(3), NO_LINES)
    lines = job.iter_logs()
    assert next(lines) == LogLine(datetime(2015, 7, 1, 10, 0, 1, tzinfo=UTC), "line 1", None)
    assert len(service.made("GET jobs/1/log")) == 1
    assert [each.text for each in lines] == ["line 2", "line 3"]
    asked = [call.query.get("since") for call in service.made("GET jobs/1/log")]
    assert asked == [None, "2015-07-01T10:00:02Z", "2015-07-01T10:00:03Z"]


def test_a_log_is_followed_to_the_jobs_end_through_an_outage(
    job: SubmittedJob, service: FakeService, pauses: list[float]
) -> None:
    service.on("GET jobs/1", *[Reply(503)] * 4, Reply(body={**JOB, "status": "Complete"}))
    # One more line comes after the last look that found the job going on.
    service.on("GET jobs/1/log", page(1), NO_LINES, *[Reply(502)] * 4, page(2), NO_LINES)
    assert [each.text for each in job.iter_logs(follow=True)] == ["line 1", "line 2"]
    assert job.status == "Complete"


def test_patience_has_an_end(job: SubmittedJob, service: FakeService, pauses: list[float]) -> None:
    service.on("GET jobs/1/log", Reply(503))
    service.on("GET jobs/1", Reply(503))
    with pytest.raises(ServerErrorException):
        list(job.iter_logs(follow=True, patience=0.0))
    service.on("GET jobs/1/log", Reply(404))
    with pytest.raises(NotFoundException):
        list(job.iter_logs())


def test_a_log_without_a_mark_ends(job: SubmittedJob, service: FakeService) -> None:
    service.on("GET jobs/1/log", Reply(body={"messages": [line(1)]}))
    for follow in (False, True):
        assert [each.text for each in job.iter_logs(follow)] == ["line 1"]


def test_managers_give_all_they_have(
    files: FileManager, pools: PoolManager, service: FakeService
) -> None:
    service.on("GET files", Reply(body={"files": [{"name": "a"}, {"name": "b"}]}))
    service.on("GET pools", Reply(body={"pools": [{"id": "p"}, {"id": "q"}]}))
    assert [file.name for file in files] == ["a", "b"]
    assert [pool.id for pool in pools] == ["p", "q"]


def test_files_by_several_patterns(files: FileManager, tmp_path: Path) -> None:
    for name in ("a.png", "b.jpg", "c.txt", "sub/d.jpg"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).touch()
    found = files.files_from_dir(tmp_path / "in", True, ["*.png", "*.jpg", "a.*"])
    assert [file.name for file in found] == ["a.png", "b.jpg", "d.jpg"]


def test_missing_is_is_uploaded_by_a_better_name(
    files: FileManager, service: FakeService, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a").touch()
    service.on("POST files/query/byspecification", Reply(body={"files": []}))
    collection = files.files_from_dir(tmp_path / "in")
    assert list(collection.missing()) == list(collection.is_uploaded()) == list(collection)


# -- asyncio ---------------------------------------------------------------------------------


async def listed(creds: Credentials) -> object:
    async with creds.get_async_session() as session:
        client = Client(base_url="").set_async_httpx_client(session)
        return await list_jobs.asyncio(client=client, max_results=3)


def test_asynchronous_calls_are_as_the_others(
    creds: Credentials, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batchapps._http.FIRST_PAUSE", 0.01)
    service.on("GET jobs", Reply(503), Reply(200, {"jobs": []}, {}, 4), Reply(body={"jobs": []}))
    assert asyncio.run(listed(creds)) == JobList(jobs=[])
    calls = service.made()
    assert len(calls) == 3
    assert {call.headers["authorization"] for call in calls} == {"Bearer given-token"}
    assert len({call.headers["x-ms-client-request-id"] for call in calls}) == 1
    assert calls[0].headers["x-ms-version"] == "2014-10-01-preview"
    assert calls[0].headers["user-agent"] == "batchapps/1.0.0"
    service.on("GET jobs", Reply(404, {"Message": "None here."}))
    with pytest.raises(NotFoundException, match="None here"):
        asyncio.run(listed(creds))


def test_an_asynchronous_call_that_gets_no_answer(
    creds: Credentials, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batchapps._http.FIRST_PAUSE", 0.01)
    service.close()
    with pytest.raises(ConnectionFailedException, match="could not be reached"):
        asyncio.run(listed(creds))


def test_an_asynchronous_call_renews_the_token_beside_the_loop(
    cfg: Configuration, service: FakeService
) -> None:
    service.expires_in = 1
    creds = AzureOAuth.get_unattended_session(cfg)
    expired = time.time() + 1
    until(lambda: time.time() > expired, timeout=5)
    service.on("GET jobs", Reply(body={"jobs": []}))

    def slow(call: object) -> Reply:
        time.sleep(0.5)
        return Reply(body={"access_token": "late", "token_type": "Bearer", "expires_in": 3600})

    service.on("POST .*/token", slow)
    service.on("POST /studio/oauth2/v2.0/token", slow)

    async def both() -> tuple[object, int]:
        task = asyncio.ensure_future(listed(creds))
        turns = 0
        while not task.done():
            await asyncio.sleep(0.01)
            turns += 1
        return task.result(), turns

    result, turns = asyncio.run(both())
    assert result == JobList(jobs=[])
    assert service.made()[-1].headers["authorization"] == "Bearer late"
    assert turns > 20, "the loop stood still while the token was renewed"


def test_asynchronous_calls_run_side_by_side(creds: Credentials, service: FakeService) -> None:
    meeting = threading.Barrier(3)

    def meet(call: object) -> Reply:
        meeting.wait(10)
        return Reply(body={"jobs": []})

    service.on("GET jobs", meet)

    async def all_three() -> list[object]:
        return list(await asyncio.gather(*(listed(creds) for _ in range(3))))

    assert asyncio.run(all_three()) == [JobList(jobs=[])] * 3


def test_asynchronous_bodies_and_streams(creds: Credentials, service: FakeService) -> None:
    packed = {"Content-Encoding": "gzip"}
    service.on("GET files/big", Reply(200, gzip.compress(b"x" * 300_000), packed))
    service.on("PUT files/sent", Reply())

    async def send() -> None:
        async with creds.get_async_session() as session:
            await session.put("files/sent", content=b"a body")

    asyncio.run(send())
    assert service.made("PUT files/sent")[0].body == b"a body"

    async def read() -> int:
        async with creds.get_async_session() as session, session.stream("GET", "files/big") as got:
            assert got.headers["content-length"] == "300000"
            return sum([len(piece) async for piece in got.aiter_bytes()])

    assert asyncio.run(read()) == 300_000


# -- logs of both sides ----------------------------------------------------------------------


def test_every_call_is_in_the_log_with_its_id(
    jobs: JobManager, service: FakeService, caplog: pytest.LogCaptureFixture
) -> None:
    service.on("GET jobs", Reply(body={"jobs": []}))
    with caplog.at_level(logging.DEBUG, "batch_apps"):
        jobs.get_jobs()
    assert service.made()[0].headers["x-ms-client-request-id"] in caplog.text
