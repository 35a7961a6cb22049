"""Calls: what is sent, what is sent again, and what is raised."""

import gc
import pickle
import time
import warnings
from email.utils import formatdate
from pathlib import Path

import httpx
import pytest
from standin import FakeService, Reply

from batchapps import (
    BadRequestException,
    Configuration,
    ConflictException,
    ConnectionFailedException,
    Credentials,
    FileManager,
    JobManager,
    NotFoundException,
    PoolManager,
    RestCallException,
    ServerErrorException,
    SubmittedJob,
    TooManyRequestsException,
    UnexpectedReplyException,
    exceptions,
)

NO_JOBS = Reply(body={"jobs": []})
JOB = {"id": "1", "name": "n", "type": "t"}


def test_headers_of_a_call(jobs: JobManager, service: FakeService) -> None:
    service.on("GET jobs", NO_JOBS)
    jobs.get_jobs(20, 5, "a b&c")
    jobs.get_jobs()
    first, second = service.made()
    assert first.query == {"startIndex": "20", "maxResults": "5", "nameContains": "a b&c"}
    assert second.query == {"startIndex": "0", "maxResults": "10"}
    assert first.headers["x-ms-version"] == "2014-10-01-preview"
    assert first.headers["accept"] == "application/json"
    assert first.headers["user-agent"] == "batchapps/1.0.0"
    assert first.headers["x-ms-client-request-id"] != second.headers["x-ms-client-request-id"]


@pytest.mark.parametrize(
    ("status", "kind", "exp_type"),
    [
        (400, BadRequestException, ValueError),
        (401, exceptions.AuthenticationRefusedException, exceptions.AuthenticationException),
        (403, exceptions.StateConflictException, None),
        (404, NotFoundException, OSError),
        (409, ConflictException, ValueError),
        (418, RestCallException, ValueError),
        (429, TooManyRequestsException, ValueError),
        (500, ServerErrorException, ValueError),
        (520, ServerErrorException, ValueError),
    ],
)
def test_each_status_has_its_exception(
    jobs: JobManager,
    service: FakeService,
    pauses: list[float],
    status: int,
    kind: type[RestCallException],
    exp_type: type[BaseException] | None,
) -> None:
    service.on("GET jobs/1", Reply(status, {"Message": "What {was} wrong.", "RequestId": "r-7"}))
    with pytest.raises(RestCallException, match=r"What {was} wrong") as caught:
        jobs.get_job(jobid="1")
    error = caught.value
    assert type(error) is kind
    assert (error.type, error.status, error.request_id) == (exp_type, status, "r-7")
    assert error.server_message == "What {was} wrong."
    assert error.code
    assert "r-7" in error.msg
    assert str(error) == error.msg
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert vars(copy) == vars(error)


def test_exception_without_answer_can_be_pickled(
    jobs: JobManager, service: FakeService, pauses: list[float]
) -> None:
    service.close()
    with pytest.raises(ConnectionFailedException) as caught:
        jobs.get_jobs()
    assert caught.value.root_exception is caught.value.__cause__
    raw = pickle.dumps(caught.value)
    assert b"given-token" not in raw
    assert isinstance(caught.value.root_exception, httpx.ConnectError)
    assert b"given-token" not in pickle.dumps(caught.value.root_exception.request)
    copy = pickle.loads(raw)
    assert copy.msg == caught.value.msg
    assert "refused" in str(copy.root_exception)


@pytest.mark.parametrize("kind", [getattr(exceptions, name) for name in exceptions.__all__])
def test_exceptions_need_no_arguments(kind: type[Exception]) -> None:
    assert pickle.loads(pickle.dumps(kind())).args == kind().args
    assert issubclass(kind, Exception)


def test_exceptions_take_the_arguments_of_the_original() -> None:
    assert str(exceptions.FileMissingException("no {0} in {1}", "a", "b")) == "no a in b"
    assert str(exceptions.FileMissingException("{braces}")) == "{braces}"
    cause = ValueError("x")
    error = RestCallException(OSError, "at {0}", cause, "here", silent=True)
    assert (error.type, error.msg, error.root_exception) == (OSError, "at here", cause)


def test_what_was_wrong_where(jobs: JobManager, service: FakeService) -> None:
    faults = [{"Name": "width", "Message": "not a number"}]
    service.on("GET jobs", Reply(400, {"Message": "Bad input.", "ValidationErrors": faults}))
    with pytest.raises(BadRequestException, match="Bad input; width: not a number"):
        jobs.get_jobs()


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (502, b"<html><h1>Bad gateway</h1></html>", "a web page"),
        (503, b"", "the service failed"),
        (400, b"plain \xff words", "plain"),
        (404, b"", "Not Found"),
        (400, b"[1, 2]", "1, 2"),
        (400, b"{}", "Bad Request"),
        (500, b"null", "the service failed"),
    ],
)
def test_errors_that_are_not_the_services_own(
    jobs: JobManager,
    service: FakeService,
    pauses: list[float],
    status: int,
    body: bytes,
    words: str,
) -> None:
    service.on("GET jobs", Reply(status, body))
    with pytest.raises(RestCallException, match=words) as caught:
        jobs.get_jobs()
    assert caught.value.status == status
    assert caught.value.request_id == service.made()[0].headers["x-ms-client-request-id"]


@pytest.mark.parametrize(
    "body",
    [b"<html>Welcome</html>", b"", b"[]", b'{"jobs": 5}', b'{"jobs": [{"id": "1"}]}', b'"text"'],
)
def test_a_success_that_is_not_the_services_own(
    jobs: JobManager, service: FakeService, body: bytes
) -> None:
    service.on("GET jobs", Reply(200, body))
    with pytest.raises(UnexpectedReplyException, match="Check that the endpoint"):
        jobs.get_jobs()


def test_address_that_is_none(jobs: JobManager, service: FakeService) -> None:
    with pytest.raises(RestCallException, match="address"):
        jobs.get_job(url="https://host:port/api/jobs/1")
    with pytest.raises(ConnectionFailedException, match="protocol"):
        jobs.get_job(url="ftp://host/api/jobs/1")


def test_null_members_are_as_absent_ones(jobs: JobManager, service: FakeService) -> None:
    nulls = dict.fromkeys(["status", "taskCount", "outputLink", "instanceCount", "poolId"])
    service.on("GET jobs/1", Reply(body={**JOB, **nulls, "settings": "null"}))
    job = jobs.get_job(jobid="1")
    assert (job.status, len(job), job.output_url) == ("NotStarted", 0, None)
    assert job.xml_settings == "null"


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_every_success_is_one(
    jobs: JobManager, pools: PoolManager, service: FakeService, status: int
) -> None:
    service.on("GET jobs/1", Reply(body=JOB))
    service.on("POST jobs/1/actions/.*", Reply(status))
    service.on("GET pools", Reply(body={"pools": [{"id": "p"}]}))
    service.on("DELETE pools/p", Reply(status))
    job = jobs.get_job(jobid="1")
    assert job.cancel() is True
    assert job.reprocess() is True
    assert pools.clear_pools() == []


# -- sending again ---------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_may_be_sent_again_is(
    jobs: JobManager, service: FakeService, pauses: list[float], status: int
) -> None:
    service.on("GET jobs", Reply(status), Reply(status), NO_JOBS)
    assert jobs.get_jobs() == []
    assert len({call.headers["x-ms-client-request-id"] for call in service.made()}) == 1
    assert len(pauses) == 2
    assert 0.375 <= pauses[0] <= 0.5
    assert 0.75 <= pauses[1] <= 1.0


@pytest.mark.parametrize("status", [400, 404, 409, 501])
def test_what_would_fail_again_is_not_sent_again(
    jobs: JobManager, service: FakeService, pauses: list[float], status: int
) -> None:
    service.on("GET jobs", Reply(status))
    with pytest.raises(RestCallException):
        jobs.get_jobs()
    assert len(service.made()) == 1
    assert pauses == []


def test_it_ends_after_three_repetitions(
    jobs: JobManager, service: FakeService, pauses: list[float]
) -> None:
    service.on("GET jobs", Reply(503, {"Message": "Full."}))
    with pytest.raises(ServerErrorException, match="Full"):
        jobs.get_jobs()
    assert len(service.made()) == 4


def submitted(jobs: JobManager) -> SubmittedJob:
    return jobs.create_job("x").submit()


@pytest.mark.parametrize("answer", [Reply(500), Reply(502), Reply(504), Reply(200, b"{}", {}, 1)])
def test_a_job_is_not_submitted_twice(
    jobs: JobManager, service: FakeService, pauses: list[float], answer: Reply
) -> None:
    service.on("POST jobs", answer)
    with pytest.raises(RestCallException):
        submitted(jobs)
    assert len(service.made()) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_job_that_was_turned_away_is_submitted_again(
    jobs: JobManager, service: FakeService, pauses: list[float], status: int
) -> None:
    link = {"href": f"https://{service.endpoint}/api/jobs/1"}
    service.on("POST jobs", Reply(status), Reply(body={"jobId": "1", "link": link}))
    assert submitted(jobs).id == "1"
    first, second = service.made()
    assert first.body == second.body


def test_queries_for_files_are_sent_again(
    files: FileManager, service: FakeService, pauses: list[float]
) -> None:
    service.on("POST files/query/byname", Reply(502), Reply(body={"files": []}))
    assert files.find_files("a") == []
    assert len(pauses) == 1


def test_an_answer_that_breaks_off_is_asked_for_again(
    jobs: JobManager, service: FakeService, pauses: list[float]
) -> None:
    service.on("GET jobs", Reply(200, {"jobs": []}, {}, 4), NO_JOBS)
    assert jobs.get_jobs() == []
    assert len(pauses) == 1


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("7", 7.0, 7.0),
        ("0", 0.0, 0.0),
        (formatdate(time.time() + 3600 * 24 * 365, usegmt=True), None, None),
        ("90", None, None),
        ("soon", 0.375, 0.5),
        (formatdate(time.time() - 60, usegmt=True), 0.0, 0.0),
    ],
    # Those that pytest would make up hold the present time, and differ between processes.
    ids=["seconds", "none", "a year", "too long", "no time", "past"],
)
def test_retry_after(
    jobs: JobManager,
    service: FakeService,
    pauses: list[float],
    header: str,
    least: float | None,
    most: float | None,
) -> None:
    service.on("GET jobs", Reply(429, None, {"Retry-After": header}), NO_JOBS)
    if least is None or most is None:  # too long to sit out
        with pytest.raises(TooManyRequestsException, match=r"Try again in \d+ s") as caught:
            jobs.get_jobs()
        assert caught.value.retry_after is not None
        assert caught.value.retry_after > 60
        assert pauses == []
    else:
        assert jobs.get_jobs() == []
        assert least <= pauses[0] <= most


def test_a_file_is_sent_whole_again(
    files: FileManager, service: FakeService, pauses: list[float], tmp_path: Path
) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(range(256)) * 3000)
    service.on("POST files/bulk", Reply(500), Reply(503), Reply(body={}))
    result = files.file_from_path(tmp_path / "a.bin").upload(force=True)
    assert result
    (body,) = {call.body for call in service.made()}
    assert body.endswith(b"\n" + bytes(range(256)) * 3000)
    assert len(service.made()) == 3


def test_connections_go_with_the_last_that_uses_them(
    cfg: Configuration, service: FakeService
) -> None:
    service.on("GET jobs", Reply(body={"jobs": []}))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ResourceWarning)
        JobManager(Credentials(cfg, "artist", token="given-token")).get_jobs()
        gc.collect()
    assert [str(one.message) for one in told] == []
