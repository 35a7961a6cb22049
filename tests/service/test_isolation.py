"""Two accounts: what one names of the other's is answered as what does not exist.

All operations of the description take part, and a new one that no test here covers fails.
"""

import uuid
from collections.abc import Iterator
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from conformance import operations
from pictures import PNG
from support import STAMP, Api, Service

OPERATIONS = {
    operation["operationId"]: (method, path, operation) for path, method, operation in operations()
}
BY_ID = sorted(name for name, (_, path, _) in OPERATIONS.items() if "Id}" in path)
LISTINGS = sorted(
    name for name, (method, path, _) in OPERATIONS.items() if method == "get" and "{" not in path
)
FILE = "secret scene.png"
JOB = "secret job"
OUTPUT = "secret scene.png_thumbnail.png"


def submission(**members: Any) -> dict[str, Any]:
    return {"Name": "x", "Type": "Words", **members}


def specifications(name: str) -> dict[str, Any]:
    return {"Specifications": [{"FileName": name, "Timestamp": STAMP}]}


# What each operation's body may name: bodies made of a name or an id.
BODIES = {
    "submitJob": [
        (lambda it: submission(poolId=it), "poolId"),
        (lambda it: submission(RequiredFiles=[{"Name": it, "Timestamp": STAMP}]), "name"),
        (lambda it: submission(RequiredFiles=[{"Name": it, "Timestamp": ""}]), "name"),
        (lambda it: submission(JobFile=it), "name"),
        (lambda it: submission(Type="Single", Parameters=[{"Name": "Scene", "Value": it}]), "name"),
        (lambda it: submission(Type=it), "jobId"),
    ],
    "queryFilesByName": [(lambda it: {"Names": [it]}, "name")],
    "queryFilesBySpecification": [(specifications, "name")],
    "queryMissingFiles": [(specifications, "name")],
    "offerFiles": [
        (
            lambda it: {
                "Files": [{"Name": "x", "Timestamp": STAMP, "Size": len(PNG), "Sha256": it}]
            },
            "digest",
        )
    ],
    # Digests of lists; test_bulk.py tests that they are known to their account alone.
    "recallOffers": [],
    # Their bodies name nothing, or what is below the id in the path.
    "startUpload": [],
    "completeUpload": [],
    "fetchJobOutputFiles": [],
    "createPool": [],
    "resizePool": [],
}
NAMED_IN_BODY = [
    pytest.param(name, make, kind, id=f"{name}-{number}")
    for name, bodies in BODIES.items()
    for number, (make, kind) in enumerate(bodies)
]


class Owner:
    """An account with one of everything."""

    def __init__(self, api: Api) -> None:
        self.api = api
        file = api.put(FILE, PNG)
        pool = api.post("pools", {})["poolId"]
        self.complete = api.submit("ImageResize", [FILE], name=JOB)
        self.waiting = api.submit("Words", [FILE], pool, name=JOB)
        assert api.finished(self.complete)["status"] == "Complete", api.lines(self.complete)
        names = [one["name"] for one in api.get(f"jobs/{self.complete}/outputs/files")["outputs"]]
        assert OUTPUT in names
        begun = api.post("uploads", {"Name": FILE, "Timestamp": STAMP, "Size": 5})
        self.ids = {
            **{"jobId": self.complete, "taskId": "1", "poolId": pool, "fileId": file["id"]},
            **{"uploadId": begun["id"], "number": "0", "digest": sha256(PNG).hexdigest()},
        }

    def everything(self) -> list[Any]:
        """All that the account sees of its own."""
        found = [self.api.get(path) for path in ("jobs", "files", "pools")]
        for job in (self.complete, self.waiting):
            for part in ("", "/log", "/outputs", "/outputs/files"):
                found.append(self.api.get(f"jobs/{job}{part}"))
        found.append(self.api.get(f"jobs/{self.complete}/tasks"))
        link = found[1]["files"][0]["link"]["href"]
        return [*found, self.api.http.get(link).content]


@pytest.fixture(scope="module")
def owner(service: Service) -> Owner:
    return Owner(service.api(service.add_account()))


@pytest.fixture(autouse=True, scope="module")
def unharmed(owner: Owner) -> Iterator[None]:
    """After all these tests, nothing of the owner's has changed."""
    before = owner.everything()
    yield
    assert owner.everything() == before


def answer(reply: httpx.Response, *named: str) -> tuple[int, str]:
    """Status and words, without what was named and the id of the request."""
    text = reply.text.replace(reply.headers["x-ms-request-id"], "REQUEST")
    for one in named:
        text = text.replace(one, "NAMED")
    return reply.status_code, text


def test_every_operation_is_covered() -> None:
    tested = {*BY_ID, *LISTINGS, *BODIES, "uploadFile", "uploadFiles"}
    assert tested == OPERATIONS.keys()
    with_body = {
        name
        for name, (_, _, operation) in OPERATIONS.items()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    }
    assert with_body == BODIES.keys(), "say what the bodies of new operations may name"


@pytest.mark.parametrize("name", BY_ID)
@pytest.mark.parametrize("job", ["complete", "waiting"])
def test_ids_of_others_are_as_unknown_ones(owner: Owner, common: Api, name: str, job: str) -> None:
    method, path, operation = OPERATIONS[name]
    media = operation.get("requestBody", {}).get("content", {}).get("application/json")
    theirs = {**owner.ids, "jobId": getattr(owner, job)}
    theirs["name"] = OUTPUT if path.startswith("/jobs") else FILE
    unknown = {key: str(uuid.uuid4()) for key in ("jobId", "poolId", "fileId")}
    unknown["uploadId"] = sha256(b"unknown").hexdigest()

    def called(**values: str) -> tuple[int, str]:
        address = path.format(**{key: quote(text) for key, text in values.items()})
        body = media["example"] if media else None
        reply = common.http.request(method, f"/api{address}", json=body)
        return answer(reply, *(text for key, text in values.items() if len(text) > 1))

    status, words = called(**{**theirs, **unknown})
    assert status == 404
    assert words or method == "head"
    assert called(**theirs) == (status, words)


@pytest.mark.parametrize(("name", "make", "kind"), NAMED_IN_BODY)
def test_what_a_body_names_of_others_is_as_unknown(
    owner: Owner, common: Api, name: str, make: Any, kind: str
) -> None:
    _, path, _ = OPERATIONS[name]
    theirs = FILE if kind == "name" else owner.ids[kind]
    unknown = "other scene.png" if kind == "name" else str(uuid.uuid4())
    if kind == "digest":
        unknown = sha256(b"unknown").hexdigest()
    answers = [
        answer(common.http.post(f"/api{path}", json=make(one)), one) for one in (unknown, theirs)
    ]
    assert answers[0] == answers[1]
    assert answers[0][0] == (400 if name == "submitJob" else 200)
    if name == "submitJob":
        assert common.get("jobs")["totalCount"] == 0


@pytest.mark.parametrize("name", LISTINGS)
@pytest.mark.usefixtures("owner")
def test_listings_tell_a_stranger_nothing(service: Service, common: Api, name: str) -> None:
    _, path, operation = OPERATIONS[name]
    texts = [one["name"] for one in operation["parameters"] if one["schema"]["type"] == "string"]
    queries: list[dict[str, str]] = [{}, *({text: JOB} for text in texts)]
    with service.api(service.add_account()).http as newcomer:
        for query in queries:
            found = common.http.get(f"/api{path}", params=query)
            assert answer(found) == answer(newcomer.get(f"/api{path}", params=query))
            assert not any(secret in found.text for secret in (FILE, JOB))


def test_an_upload_of_the_same_name_is_another_file(owner: Owner, api: Api) -> None:
    path = f"C:\\in\\{FILE}"
    made = api.put(FILE, b"other content", path=path)
    assert made["id"] != owner.ids["fileId"]
    assert api.http.get(made["link"]["href"]).content == b"other content"
    # A content that is stored already is received and answered like any other.
    known, new = api.put("a.png", PNG), api.put("b.png", PNG + b"0")
    assert known.keys() == new.keys()
