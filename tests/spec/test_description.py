"""What `spec/openapi.yaml` must have: completeness, and the wire format of client 0.5.2."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
import yaml

from .conftest import ROOT, Checkout

METHODS = ("get", "put", "post", "delete", "head", "patch", "options")

# What 0.5.2 calls, and the additions.
OPERATIONS = {
    "listJobs": "GET /jobs",
    "submitJob": "POST /jobs",
    "getJob": "GET /jobs/{jobId}",
    "deleteJob": "DELETE /jobs/{jobId}",
    "getJobLog": "GET /jobs/{jobId}/log",
    "cancelJob": "POST /jobs/{jobId}/actions/cancel",
    "reprocessJob": "POST /jobs/{jobId}/actions/reprocess",
    "holdJob": "POST /jobs/{jobId}/actions/hold",
    "resumeJob": "POST /jobs/{jobId}/actions/resume",
    "listJobOutputs": "GET /jobs/{jobId}/outputs",
    "getJobOutput": "GET /jobs/{jobId}/outputs/output",
    "headJobOutput": "HEAD /jobs/{jobId}/outputs/output",
    "getJobPreview": "GET /jobs/{jobId}/outputs/preview",
    "headJobPreview": "HEAD /jobs/{jobId}/outputs/preview",
    "listJobOutputFiles": "GET /jobs/{jobId}/outputs/files",
    "getJobOutputFile": "GET /jobs/{jobId}/outputs/files/{name}",
    "headJobOutputFile": "HEAD /jobs/{jobId}/outputs/files/{name}",
    "listTasks": "GET /jobs/{jobId}/tasks",
    "listTaskOutputs": "GET /jobs/{jobId}/tasks/{taskId}/outputs/files",
    "cancelTask": "POST /jobs/{jobId}/tasks/{taskId}/actions/cancel",
    "listFiles": "GET /files",
    "queryFilesByName": "POST /files/query/byname",
    "queryFilesBySpecification": "POST /files/query/byspecification",
    "queryMissingFiles": "POST /files/query/missing",
    "uploadFile": "PUT /files/{name}",
    "getFile": "GET /files/{fileId}/content/{name}",
    "headFile": "HEAD /files/{fileId}/content/{name}",
    "offerFiles": "POST /files/offer",
    "recallOffers": "POST /files/offer/recall",
    "uploadFiles": "POST /files/bulk",
    "startUpload": "POST /uploads",
    "cancelUpload": "DELETE /uploads/{uploadId}",
    "uploadPart": "PUT /uploads/{uploadId}/parts/{number}",
    "completeUpload": "POST /uploads/{uploadId}/actions/complete",
    "fetchJobOutputFiles": "POST /jobs/{jobId}/outputs/fetch",
    "deleteFile": "DELETE /files/{fileId}/content/{name}",
    "listPools": "GET /pools",
    "createPool": "POST /pools",
    "getPool": "GET /pools/{poolId}",
    "resizePool": "POST /pools/{poolId}/actions/resize",
    "deletePool": "DELETE /pools/{poolId}",
    "listJobTypes": "GET /jobtypes",
}

DOWNLOADS = {"getFile", "getJobOutput", "getJobOutputFile", "getJobPreview"}

# The members of responses that 0.5.2 cannot do without. One more would make clients refuse answers
# that were good enough so far.
REQUIRED_IN_RESPONSES = {
    "Link": ["href"],
    "SubmitResult": ["jobId", "link"],
    "Job": ["id", "name", "type"],
    "JobList": ["jobs"],
    "JobOutputList": ["jobOutputs"],
    "OutputList": ["outputs"],
    "TaskList": ["tasks"],
    "UserFileList": ["files"],
    "MissingFileList": ["files"],
    "CreatedPool": ["poolId", "link"],
    "PoolList": ["pools"],
    "JobTypeParameter": ["name", "type"],
    "JobType": ["name"],
    "JobTypeList": ["jobTypes"],
    # None of these is known to clients of old.
    "OfferAnswer": ["missing", "worthHashing", "refused"],
    "RecallAnswer": ["unknown"],
    "RefusedFile": ["index", "message"],
    "Upload": ["id", "partSize", "parts"],
    "UploadedPart": ["number", "sha256"],
}


def load() -> dict[str, Any]:
    """Parse the description, for parametrization."""
    parsed: dict[str, Any] = yaml.safe_load(
        (ROOT / "spec" / "openapi.yaml").read_text(encoding="utf-8")
    )
    return parsed


def resolve(description: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference within the description."""
    while "$ref" in item:
        found: Any = description
        for part in item["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        item = found
    return item


def operations_of(description: dict[str, Any]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Each operation by its id, with its method and path, path parameters put into it."""
    return {
        operation["operationId"]: (
            f"{method.upper()} {path}",
            operation
            | {"parameters": path_item.get("parameters", []) + operation.get("parameters", [])},
        )
        for path, path_item in description["paths"].items()
        for method, operation in path_item.items()
        if method in METHODS
    }


def walk(item: Any, path: str = "#") -> Iterator[tuple[str, Any]]:
    """Everything in the description, with where it is, but for the inside of examples."""
    yield path, item
    if isinstance(item, dict):
        for key, value in item.items():
            in_schema_of_that_name = path.endswith("/properties")
            if key not in ("example", "examples", "value") or in_schema_of_that_name:
                yield from walk(value, f"{path}/{key}")
    elif isinstance(item, list):
        for index, value in enumerate(item):
            yield from walk(value, f"{path}/{index}")


def is_schema(path: str) -> bool:
    """Whether what is there is a schema of its own, and not a part of a choice between schemas."""
    parts = path.split("/")
    return (
        parts[-1] in ("schema", "items")
        or parts[-2:-1] == ["properties"]
        or parts[1:-1] == ["components", "schemas"]
    )


def examples_of(description: dict[str, Any]) -> list[tuple[str, dict[str, Any], Any]]:
    """Every example, with where it is and the schema that it must fit."""
    found = []
    for path, item in walk(description):
        if not isinstance(item, dict):
            continue
        if is_schema(path) and "$ref" not in item:
            found += [(path, item, value) for value in item.get("examples", [])]
        elif "schema" in item:
            if "example" in item:
                found.append((path, item["schema"], item["example"]))
            for name, example in item.get("examples", {}).items():
                value = resolve(description, example)["value"]
                found.append((f"{path}/examples/{name}", item["schema"], value))
    return found


def schemas_used_by(description: dict[str, Any], start: Any) -> set[str]:
    """The names of the schemas that something refers to, directly or not."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for _, item in walk(waiting.pop()):
            reference = item.get("$ref", "") if isinstance(item, dict) else ""
            if not isinstance(reference, str) or reference in found:
                continue
            if reference.startswith("#/components/"):
                found.add(reference)
                waiting.append(resolve(description, item))
    prefix = "#/components/schemas/"
    return {name.removeprefix(prefix) for name in found if name.startswith(prefix)}


OPERATION_IDS = sorted(operations_of(load()))


def test_linters_have_nothing_to_say(checkout: Checkout) -> None:
    run = checkout.lint()
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("      summary: List jobs\n", "", "operation-summary"),
        ("      operationId: listPools", "      operationId: listFiles", "listFiles"),
        ("        totalCount: 12", "        totalCount: twelve", "no-invalid-media-type-examples"),
    ],
)
def test_linters_find_what_is_wrong(copied: Checkout, old: str, new: str, expected: str) -> None:
    copied.replace(old, new)
    run = copied.lint()
    assert run.returncode == 1
    assert expected in run.stderr


def test_operations_are_those_of_the_api(description: dict[str, Any]) -> None:
    found = {name: address for name, (address, _) in operations_of(description).items()}
    assert found == OPERATIONS


@pytest.mark.parametrize("name", OPERATION_IDS)
def test_operation_is_described(description: dict[str, Any], name: str) -> None:
    _, operation = operations_of(description)[name]
    assert operation["summary"].strip()
    assert operation["description"].strip()
    assert len(operation["tags"]) == 1
    tag = next(tag for tag in description["tags"] if tag["name"] == operation["tags"][0])
    assert tag["description"].strip()


@pytest.mark.parametrize("name", OPERATION_IDS)
def test_operation_tells_its_errors(description: dict[str, Any], name: str) -> None:
    address, operation = operations_of(description)[name]
    method, path = address.split(" ")
    expected = {"401", "429", "503", "default"}
    parameters = [resolve(description, parameter) for parameter in operation["parameters"]]
    if "requestBody" in operation or any(found["in"] == "query" for found in parameters):
        expected.add("400")
    if "/actions/" in path and name != "completeUpload":
        expected.add("403")
    if "{" in path and name != "uploadFile":
        expected.add("404")
    if name in ("submitJob", "createPool", "resizePool", "completeUpload"):
        expected.add("409")
    if name in DOWNLOADS:
        expected |= {"412", "416"}
    if name == "uploadFiles":
        expected.add("413")
    if name in ("deletePool", "deleteJob"):
        expected.add("403")
    responses = {
        status: resolve(description, response)
        for status, response in operation["responses"].items()
    }
    assert {status for status in responses if not status.startswith("2")} == expected
    for status in expected:
        headers = responses[status].get("headers", {})
        assert "x-ms-request-id" in headers
        assert ("WWW-Authenticate" in headers) == (status == "401")
        assert ("Retry-After" in headers) == (status in ("429", "503"))
        if method == "HEAD" or status == "416":
            assert "content" not in responses[status]
        else:
            schema = responses[status]["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Error"}


@pytest.mark.parametrize("name", OPERATION_IDS)
def test_success_is_what_clients_take_for_it(description: dict[str, Any], name: str) -> None:
    address, operation = operations_of(description)[name]
    good = {
        status: resolve(description, response)
        for status, response in operation["responses"].items()
        if status.startswith(("1", "2", "3"))
    }
    assert good
    # A range comes only where a client asked for it, which those of old do not.
    assert good.keys() <= ({"200", "206"} if name in DOWNLOADS else {"200", "202"})
    for response in good.values():
        if address.startswith("HEAD"):
            assert "content" not in response
            assert resolve(description, response["headers"]["Content-Length"])["required"]
        elif name == "fetchJobOutputFiles":
            assert list(response["content"]) == ["application/octet-stream"]
        elif address.startswith("POST"):
            assert list(response["content"]) == ["application/json"]
        elif address.startswith("GET"):
            assert len(response["content"]) == 1
            if "application/octet-stream" in response["content"]:
                assert resolve(description, response["headers"]["Content-Length"])["required"]


@pytest.mark.parametrize("name", OPERATION_IDS)
def test_operation_has_examples(description: dict[str, Any], name: str) -> None:
    _, operation = operations_of(description)[name]
    for parameter in operation["parameters"]:
        assert "example" in resolve(description, parameter)
    bodies = [resolve(description, found) for found in operation["responses"].values()]
    if "requestBody" in operation:
        bodies.append(resolve(description, operation["requestBody"]))
    for body in bodies:
        for header in body.get("headers", {}).values():
            assert "example" in resolve(description, header)
        for media_type in body.get("content", {}).values():
            assert "example" in media_type or media_type["examples"]


def test_examples_fit_their_schemas(description: dict[str, Any]) -> None:
    # Members that a schema does not name are legal on the wire; in an example they are a slip.
    closed = copy.deepcopy(description)
    for schema in closed["components"]["schemas"].values():
        if schema["type"] == "object":
            schema["additionalProperties"] = False
    examples = examples_of(closed)
    assert len(examples) > 200
    wrong = []
    for path, schema, example in examples:
        validator = jsonschema_rs.Draft202012Validator(
            {"components": closed["components"], **schema}
        )
        wrong += [f"{path}: {error.message}" for error in validator.iter_errors(example)]
        assert "None" not in repr(example).replace("'None'", "")
    assert wrong == []


def test_everything_is_described(description: dict[str, Any]) -> None:
    silent = []
    for path, item in walk(description):
        if not isinstance(item, dict) or "$ref" in item:
            continue
        # A parameter or header is described itself, and not in its schema.
        of_parameter = re.search(r"/(parameters|headers)/[^/]+/schema$", path)
        named = re.match("#/components/(parameters|headers|responses|requestBodies)/[^/]+$", path)
        wants_text = named or "in" in item or (is_schema(path) and not of_parameter)
        if wants_text and not item.get("description", "").strip():
            silent.append(path)
    assert silent == []


def test_every_schema_and_property_has_examples(description: dict[str, Any]) -> None:
    for name, schema in description["components"]["schemas"].items():
        assert schema["examples"], name
        for property_name, member in schema.get("properties", {}).items():
            assert member["examples"], f"{name}.{property_name}"


def test_vocabularies_are_open(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    vocabularies = {name for name, schema in schemas.items() if "enum" in schema}
    assert {
        "JobStatus",
        "TaskStatus",
        "OutputKind",
        "PoolState",
        "AllocationState",
        "Priority",
    } <= (vocabularies)
    for path, item in walk(description):
        if not isinstance(item, dict):
            continue
        assert "const" not in item
        assert "enum" not in item or path.startswith("#/components/schemas/")
        name = str(item.get("$ref", "")).rpartition("/")[2]
        if name in vocabularies:
            holder: Any = description
            for part in path.removeprefix("#/").split("/")[:-1]:
                holder = holder[int(part) if isinstance(holder, list) else part]
            assert holder == [{"$ref": f"#/components/schemas/{name}"}, {"type": "string"}], path


def test_responses_require_only_what_clients_need(description: dict[str, Any]) -> None:
    responses: set[str] = set()
    for _, operation in operations_of(description).values():
        responses |= schemas_used_by(description, operation["responses"])
    schemas = description["components"]["schemas"]
    required = {
        name: schemas[name]["required"] for name in responses if "required" in schemas[name]
    }
    assert required == REQUIRED_IN_RESPONSES


def test_null_is_never_sent(description: dict[str, Any]) -> None:
    for path, item in walk(description):
        if isinstance(item, dict):
            assert item.get("type") != "null", path
            assert not isinstance(item.get("type"), list), path
            assert "nullable" not in item, path


def test_requests_have_no_defaults(description: dict[str, Any]) -> None:
    # The generated client would send them even where its caller said nothing.
    for path, item in walk(description):
        if is_schema(path):
            assert "default" not in item, path


@pytest.mark.parametrize("value", [3, "3", 0, "0", "007"])
def test_sizes_may_be_numbers_or_digits(description: dict[str, Any], value: Any) -> None:
    assert is_valid(description, "ResizeRequest", {"targetDedicated": value})


@pytest.mark.parametrize("value", [-1, "-1", "", "three", 1.5, "1.5", None, True, [3]])
def test_sizes_may_be_nothing_else(description: dict[str, Any], value: Any) -> None:
    assert not is_valid(description, "ResizeRequest", {"targetDedicated": value})


@pytest.mark.parametrize("value", [0, "0", "000"])
def test_a_worker_runs_one_task_at_least(description: dict[str, Any], value: Any) -> None:
    assert not is_valid(description, "PoolSpecification", {"maxTasksPerTVM": value})
    assert is_valid(description, "PoolSpecification", {"maxTasksPerTVM": "10"})


@pytest.mark.parametrize(
    "message",
    [
        # As 0.5.2 writes it, its whole section of the configuration among the parameters.
        {
            "Name": "First Job",
            "Type": "my_job_type",
            "RequiredFiles": [],
            "Parameters": [{"Name": "default_jobtype", "Value": "True"}],
            "JobFile": "None",
            "Settings": "",
            "Priority": "Medium",
            "autoPoolSpecification": {
                "targetDedicated": "1",
                "maxTasksPerTVM": "1",
                "communication": False,
                "certificateReferences": [],
            },
        },
        {"Name": "", "Type": "t", "Priority": "Whenever", "poolId": "p"},
        {"Name": "n", "Type": "t", "InstanceCount": "5", "CommercialAgreementId": "x"},
        {"Name": "n", "Type": "t", "Pool": {"InstanceCount": 5}},
    ],
)
def test_submissions_of_all_times_are_valid(
    description: dict[str, Any], message: dict[str, Any]
) -> None:
    assert is_valid(description, "JobSubmission", message)


@pytest.mark.parametrize(
    "message",
    [
        {},
        [],
        {"Name": "n"},
        {"Type": "t"},
        {"Name": None, "Type": "t"},
        {"Name": "n", "Type": "t", "Parameters": {"width": "500"}},
        {"Name": "n", "Type": "t", "Parameters": [{"Name": "width", "Value": 500}]},
        {"Name": "n", "Type": "t", "RequiredFiles": [{"Name": "beach.jpg"}]},
        {"Name": "n", "Type": "t", "autoPoolSpecification": {"targetDedicated": "many"}},
    ],
)
def test_broken_submissions_are_not(description: dict[str, Any], message: Any) -> None:
    assert not is_valid(description, "JobSubmission", message)


@pytest.mark.parametrize(
    ("time", "good"),
    [
        ("2014-08-04T03:53:30Z", True),
        ("2014-08-04T03:53:30.1234567Z", True),
        ("2014-08-04T03:53:30+02:00", True),
        ("2014-08-04", False),
        ("2014-08-04T03:53:30Z\n", False),
        ("yesterday", False),
        ("", False),
    ],
)
def test_time_of_an_upload(description: dict[str, Any], time: str, good: bool) -> None:
    _, operation = operations_of(description)["uploadFile"]
    schema = next(
        parameter["schema"]
        for parameter in operation["parameters"]
        if parameter.get("name") == "timestamp"
    )
    assert jsonschema_rs.Draft202012Validator(schema).is_valid(time) == good


def test_extensions_are_marked_and_say_so(description: dict[str, Any]) -> None:
    marked = set()
    for path, item in walk(description):
        if isinstance(item, dict) and "description" in item and path != "#/info":
            text = item["description"]
            says = isinstance(text, str) and "xtension of the 2014-10-01-preview API" in " ".join(
                text.split()
            )
            assert says == (item.get("x-batchapps-extension") is True) or path.startswith("#/tags")
            if says:
                marked.add(path)
    assert {"#/paths//jobtypes/get", "#/components/schemas/Task/properties/progress"} <= marked


def test_all_calls_need_a_token(description: dict[str, Any]) -> None:
    (requirement,) = description["security"]
    (scheme,) = requirement
    found = description["components"]["securitySchemes"][scheme]
    assert (found["type"], found["scheme"]) == ("http", "bearer")
    assert all("security" not in operation for _, operation in operations_of(description).values())


def is_valid(description: dict[str, Any], name: str, value: Any) -> bool:
    """Whether a value fits the schema of that name."""
    schema = {"components": description["components"], "$ref": f"#/components/schemas/{name}"}
    return jsonschema_rs.Draft202012Validator(schema).is_valid(value)
