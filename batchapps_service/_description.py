"""The API's description, as the service uses it: operations, and validation of what comes in."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema_rs

from batchapps_service._errors import bad_request

METHODS = ("get", "head", "put", "post", "delete")


@dataclass(frozen=True)
class QueryParameter:
    """A parameter in an operation's query."""

    name: str
    required: bool
    types: frozenset[str]
    validator: jsonschema_rs.Draft202012Validator


@dataclass(frozen=True)
class Operation:
    """One method on one path."""

    id: str
    method: str
    path: str
    query: tuple[QueryParameter, ...] = ()
    body: "BodyRules | None" = None
    """How to read a JSON body; None where there is none."""
    body_required: bool = False


@dataclass(frozen=True)
class BodyRules:
    """The schema of a JSON body."""

    schema: dict[str, Any]
    validator: jsonschema_rs.Draft202012Validator = field(repr=False)


class Description:
    """``openapi.json``, made from the hand-written description."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._named: dict[str, BodyRules] = {}

    def operations(self) -> Iterator[Operation]:
        """All operations, in the document's order."""
        for path, item in self._document["paths"].items():
            shared = item.get("parameters", [])
            for method in METHODS:
                if method in item:
                    yield self._operation(path, method, item[method], shared)

    def _operation(self, path: str, method: str, spec: Any, shared: list[Any]) -> Operation:
        parameters = [self._resolve(one) for one in [*shared, *spec.get("parameters", [])]]
        query = tuple(
            QueryParameter(
                one["name"],
                one.get("required", False),
                _types(self._resolve(one["schema"])),
                self._validator(one["schema"]),
            )
            for one in parameters
            if one["in"] == "query"
        )
        request = self._resolve(spec.get("requestBody", {}))
        media = request.get("content", {}).get("application/json")
        rules = BodyRules(media["schema"], self._validator(media["schema"])) if media else None
        return Operation(
            spec["operationId"], method, path, query, rules, request.get("required", False)
        )

    def _validator(self, schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
        # The components travel along so that references resolve.
        whole = {**schema, "components": {"schemas": self._document["components"]["schemas"]}}
        return jsonschema_rs.Draft202012Validator(whole)

    def _resolve(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            target: Any = self._document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            schema = target
        return schema

    def read_body(self, rules: BodyRules, data: bytes) -> Any:
        """The JSON body, validated, its members spelt as described. Raises ApiError (400)."""
        try:
            value = json.loads(data, parse_constant=_no_constant)
            # Half of a surrogate pair is legal JSON, but no text that could be stored.
            if b"\\ud" in data or b"\\uD" in data:
                json.dumps(value, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            reason = "it is nested too deeply" if isinstance(error, RecursionError) else error
            raise bad_request(f"The body is no JSON that can be read: {reason}") from None
        if not self._resolve(rules.schema).get("x-batchapps-extension"):
            value = self._canonical(rules.schema, value)
        if rules.validator.is_valid(value):
            return value
        problems = {
            "/".join(map(str, error.instance_path)) or "body": _shorten(self._words(error))
            for error in rules.validator.iter_errors(value)
        }
        listed = "; ".join(f"{name}: {text}" for name, text in list(problems.items())[:5])
        raise bad_request(f"The body is not as described: {listed}", problems)

    def read_schema(self, name: str, data: bytes) -> Any:
        """As ``read_body``, for the component schema of that name."""
        if name not in self._named:
            schema = {"$ref": f"#/components/schemas/{name}"}
            self._named[name] = BodyRules(schema, self._validator(schema))
        return self.read_body(self._named[name], data)

    def _words(self, error: jsonschema_rs.ValidationError) -> str:
        """What is wrong, without talk of the schema where the sender has a choice."""
        if error.kind.name != "anyOf":
            return error.message
        choices: Any = self._document  # the schemas of bodies are components
        for part in error.schema_path:
            choices = choices[part]
        for one in map(self._resolve, choices):
            if one.get("type") == "integer":
                numbers = f"a whole number from {one['minimum']} to {one['maximum']}"
                return f"must be {numbers}, as a number or digits in a text"
        return "must be a text"

    def _canonical(self, schema: dict[str, Any], value: Any) -> Any:
        """``value`` with its members' names in the described case, whatever case they came in."""
        schema = self._resolve(schema)
        if isinstance(value, list):
            return [self._canonical(schema.get("items", {}), item) for item in value]
        if not isinstance(value, dict):
            return value
        members = schema.get("properties", {})
        known: dict[str, str] = {name.lower(): name for name in members}
        result: dict[str, Any] = {}
        # A name in the right case wins over another spelling of it.
        for name, item in sorted(value.items(), key=lambda pair: pair[0] in members):
            canonical = known.get(name.lower()) or name
            result[canonical] = self._canonical(members.get(canonical, {}), item)
        return result


def read_query(operation: Operation, sent: Mapping[str, str]) -> dict[str, Any]:
    """The query's described parameters, typed and validated. Raises ApiError (400)."""
    lowered = {name.lower(): value for name, value in sent.items()}
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for parameter in operation.query:
        text = lowered.get(parameter.name.lower())
        if text is None:
            if parameter.required:
                problems[parameter.name] = "is missing"
            continue
        value: Any = text
        if parameter.types & {"integer", "number"} and re.fullmatch(r"[+-]?[0-9]{1,18}", text):
            value = int(text)
        elif "number" in parameter.types and re.fullmatch(
            r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", text
        ):
            value = float(text)
        error = next(iter(parameter.validator.iter_errors(value)), None)
        if error:
            problems[parameter.name] = _shorten(error.message)
        elif "\0" in text:
            problems[parameter.name] = "holds a NUL character"
        values[parameter.name] = value
    if problems:
        listed = "; ".join(f"{name}: {text}" for name, text in problems.items())
        raise bad_request(f"The query is not as described: {listed}", problems)
    return values


def _no_constant(name: str) -> None:
    # Python's own addition to JSON.
    raise ValueError(f"{name} is no JSON value")


def _types(schema: dict[str, Any]) -> frozenset[str]:
    kinds = schema.get("type", [])
    return frozenset([kinds] if isinstance(kinds, str) else kinds)


def _shorten(message: str, length: int = 300) -> str:
    return message if len(message) <= length else message[:length] + " …"


@cache
def load() -> Description:
    """The description that came with this release."""
    text = files("batchapps_management").joinpath("openapi.json").read_text(encoding="utf-8")
    return Description(json.loads(text))
