"""That the tests' own check of answers against the description finds what is wrong."""

from typing import Any

import httpx
import pytest
from conformance import check_request, check_response

HEADERS = {"x-ms-request-id": "1"}
JOB = {"id": "1", "name": "x", "type": "Words", "percentComplete": 5}
LINK = {"href": "https://h/api/jobs/1"}


def answered(method: str, path: str, **answer: Any) -> None:
    whole: dict[str, Any] = {"status_code": 200, "headers": HEADERS} | answer
    client = httpx.Client(
        base_url="https://h",
        transport=httpx.MockTransport(lambda request: httpx.Response(**whole)),
        event_hooks={"response": [check_response]},
    )
    client.request(method, path)


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("GET", "/api/jobs/1", {"json": JOB}),
        ("GET", "//api/jobs/1", {"json": JOB | {"outputLink": LINK}}),
        ("HEAD", "/api/jobs/1/outputs/output", {"headers": HEADERS | {"Content-Length": "5"}}),
        ("DELETE", "/api/pools/1", {"json": {"anything": 1}}),
        ("GET", "/api/nothing", {"status_code": 404, "json": {"Message": "There is none."}}),
        ("GET", "/tenant/oauth2/token", {"status_code": 201, "headers": {}}),
    ],
)
def test_what_is_described_passes(method: str, path: str, answer: dict[str, Any]) -> None:
    answered(method, path, **answer)


@pytest.mark.parametrize(
    ("method", "path", "answer", "words"),
    [
        ("GET", "/api/jobs/1", {"json": JOB | {"percentComplete": 5.5}}, "percentComplete"),
        ("GET", "/api/jobs/1", {"json": JOB | {"startTime": None}}, "startTime: null"),
        ("GET", "/api/jobs/1", {"json": JOB | {"surprise": 1}}, "surprise"),
        ("GET", "/api/jobs/1", {"json": {"id": "1"}}, '"name" is a required'),
        ("GET", "/api/jobs", {"json": {"jobs": [JOB | {"outputLink": {}}]}}, "jobs/0/outputLink"),
        ("GET", "/api/jobs/1", {"json": JOB, "headers": {}}, "x-ms-request-id"),
        ("GET", "/api/jobs/1", {"text": "x"}, "where JSON is described"),
        ("POST", "/api/jobs", {"json": {}, "status_code": 201}, "not a success that"),
        ("PATCH", "/api/jobs", {"json": {}}, "no such operation"),
        ("GET", "/api/jobs", {"status_code": 401, "json": {}}, "no header WWW-Authenticate"),
        ("GET", "/api/jobs", {"status_code": 503, "json": {}}, "no header Retry-After"),
        ("GET", "/api/jobs", {"status_code": 500, "json": {"message": "x"}}, "message"),
        ("GET", "/api/jobs/1/outputs/output", {"stream": httpx.ByteStream(b"x")}, "Content-Length"),
        ("HEAD", "/api/jobs/1/outputs/output", {"content": b"x"}, "a body, where HEAD"),
    ],
)
def test_what_is_not_described_fails(
    method: str, path: str, answer: dict[str, Any], words: str
) -> None:
    with pytest.raises(AssertionError, match=words):
        answered(method, path, **answer)


@pytest.mark.parametrize(
    ("method", "address", "content", "words"),
    [
        ("POST", "jobs", b'{"name": "x", "Type": "Words"}', '"Name" is a required'),
        ("POST", "pools", b'{"targetDedicated": "many"}', "targetDedicated"),
        ("GET", "jobs?maxResults=-1", None, "maxResults in the query"),
        ("GET", "jobs?maxresults=1", None, "unknown in the query"),
        ("PUT", "files/a.txt?originalFilePath=x", None, "no timestamp"),
        ("GET", "job", None, "no such operation"),
    ],
)
def test_a_call_that_is_not_described_fails(
    method: str, address: str, content: bytes | None, words: str
) -> None:
    with pytest.raises(AssertionError, match=words):
        check_request(method, f"https://h/api/{address}", content)
