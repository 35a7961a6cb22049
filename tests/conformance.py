"""Whether what goes over the wire is what the description says."""

import copy
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import jsonschema_rs

METHODS = ("get", "put", "post", "delete", "head")


@cache
def description() -> dict[str, Any]:
    """The description that the service runs by."""
    text = files("batchapps_management").joinpath("openapi.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method and definition of each operation; its path's parameters are among its own."""
    for path, item in description()["paths"].items():
        for method in METHODS:
            if method in item:
                shared = item.get("parameters", [])
                own = item[method].get("parameters", [])
                parameters = [resolve(one) for one in [*shared, *own]]
                yield path, method, item[method] | {"parameters": parameters}


def resolve(part: dict[str, Any]) -> dict[str, Any]:
    """The part of the description, or the one that it refers to."""
    while "$ref" in part:
        target: Any = description()
        for name in part["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        part = target
    return part


def check(
    method: str, url: str, status: int, headers: Mapping[str, str], content: bytes | None
) -> None:
    """Fail where an answer of the API is not as described.

    ``headers`` find their values in whatever case; ``content`` is None where it was not looked at.
    Calls beside the API, such as a login, are none of the description's business.
    """
    path = re.sub("^//+", "/", urlsplit(url).path)
    if not path.startswith("/api/"):
        return
    what = f"{method} {path} -> {status}"
    assert headers.get("x-ms-request-id"), f"{what}: no x-ms-request-id"
    found = _operation(method.lower(), path.removeprefix("/api"))
    if found is None:
        assert status in (404, 405), f"{what}: the description has no such operation"
        response = resolve({"$ref": "#/components/responses/UnexpectedError"})
    else:
        responses = found["responses"]
        assert not 200 <= status < 300 or str(status) in responses, (
            f"{what}: not a success that the description has; it has {sorted(responses)}"
        )
        response = resolve(responses.get(str(status)) or responses["default"])
    for name, rules in response.get("headers", {}).items():
        _check_header(what, name, resolve(rules), headers)
    _check_content(what, method, response, headers, content)


def check_request(method: str, url: str, content: bytes | None) -> None:
    """Fail where a call of the API is not as described, letter for letter.

    ``content`` is None where it was not looked at.
    """
    parts = urlsplit(url)
    path = re.sub("^//+", "/", parts.path)
    if not path.startswith("/api/"):
        return
    what = f"{method} {path}"
    operation = _operation(method.lower(), path.removeprefix("/api"))
    assert operation is not None, f"{what}: the description has no such operation"
    known = {one["name"]: one for one in operation["parameters"] if one["in"] == "query"}
    sent = dict(parse_qsl(parts.query, keep_blank_values=True))
    assert sent.keys() <= known.keys(), f"{what}: unknown in the query: {sent.keys() - known}"
    for name, rules in known.items():
        assert name in sent or not rules.get("required"), f"{what}: no {name} in the query"
        if name in sent:
            schema = resolve(rules["schema"])
            value = int(sent[name]) if schema.get("type") == "integer" else sent[name]
            _validate(f"{what}: {name} in the query", schema, value)
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is not None and body:
        _validate(f"{what}: the request", body["schema"], json.loads(content))


def check_response(response: httpx.Response) -> None:
    """As an event hook of a client: fail where the answer is not as described."""
    content = None
    if response.request.method == "HEAD" or _is_json(response.headers):
        content = response.read()
    request = response.request
    check(request.method, str(request.url), response.status_code, response.headers, content)


def _operation(method: str, path: str) -> dict[str, Any] | None:
    """The operation of a path; one that is spelt out wins over one with parameters."""
    matching = [
        (path_.count("{"), operation)
        for path_, method_, operation in operations()
        if method_ == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path_), path)
    ]
    return min(matching, key=lambda pair: pair[0])[1] if matching else None


def _is_json(headers: Mapping[str, str]) -> bool:
    return headers.get("content-type", "").split(";")[0] == "application/json"


def _check_header(what: str, name: str, rules: dict[str, Any], headers: Mapping[str, str]) -> None:
    value = headers.get(name.lower())
    # A client cannot go on without these, whether or not the description insists.
    needed = rules.get("required") or name in ("WWW-Authenticate", "Retry-After")
    assert value is not None or not needed, f"{what}: no header {name}"
    if value is not None and resolve(rules["schema"])["type"] == "integer":
        _validate(f"{what}: {name}", rules["schema"], int(value))


def _check_content(
    what: str,
    method: str,
    response: dict[str, Any],
    headers: Mapping[str, str],
    content: bytes | None,
) -> None:
    if method == "HEAD":
        assert not content, f"{what}: a body, where HEAD has none"
        return
    media = response.get("content", {})
    if "application/json" in media:
        assert _is_json(headers), (
            f"{what}: {headers.get('content-type')!r}, where JSON is described"
        )
    if "application/json" not in media or content is None:
        return
    _validate(what, media["application/json"]["schema"], json.loads(content), whole=True)


def _validate(what: str, schema: dict[str, Any], value: Any, whole: bool = False) -> None:
    errors = list(_validator(json.dumps(schema), whole).iter_errors(value))
    listed = "\n".join(
        f"  {'/'.join(map(str, error.instance_path)) or 'the whole'}: {error.message[:300]}"
        for error in errors
    )
    assert not errors, f"{what} is not as described:\n{listed}"


@cache
def _validator(schema: str, whole: bool) -> jsonschema_rs.Draft202012Validator:
    """With ``whole``, a member that the description does not have is wrong too.

    Clients are to expect such members, so the description allows them; but this service is to say
    nothing that is not written down.
    """
    schemas = copy.deepcopy(description()["components"]["schemas"])
    if whole:
        for one in schemas.values():
            if one["type"] == "object":
                one["additionalProperties"] = False
    return jsonschema_rs.Draft202012Validator(
        {**json.loads(schema), "components": {"schemas": schemas}}
    )
