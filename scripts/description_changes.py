"""What a change of an OpenAPI description breaks for those who use the API.

What is sent may be widened and not narrowed, what is answered may be narrowed and not widened, and
nothing that programs name may go. There is no library for this in Python that knows OpenAPI 3.1 and
is kept up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

METHODS = ("get", "put", "post", "delete", "head", "patch", "options")
_LEAST = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_MOST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")

Node = Mapping[str, Any]


def breaking_changes(old: Node, new: Node) -> list[str]:
    """What breaks users of `old` when `new` takes its place, in words, without repetitions."""
    return list(dict.fromkeys(_Comparison(old, new).everything()))


class _Comparison:
    def __init__(self, old: Node, new: Node) -> None:
        self.old, self.new = old, new
        self.seen: set[tuple[str, str, bool]] = set()

    def everything(self) -> Iterator[str]:
        before, after = dict(_operations(self.old)), dict(_operations(self.new))
        if self.old.get("security") != self.new.get("security"):
            yield "security has changed"
        for call, operation in before.items():
            if call in after:
                yield from self.operation(call, operation, after[call])
            else:
                yield f"{call} is gone"
        # Schemas are classes of the generated package, used or not.
        for name in _schemas(self.old):
            if name not in _schemas(self.new):
                yield f"schema {name} is gone"

    def operation(self, call: str, old: Node, new: Node) -> Iterator[str]:
        for name in ("operationId", "tags", "security"):  # the first two are names in the package
            if old.get(name) != new.get(name):
                yield f"{call}: {name} was {old.get(name)} and is {new.get(name)}"
        before = {self.key(one): self.resolved(self.old, one) for one in old.get("parameters", [])}
        after = {
            self.key(one, self.new): self.resolved(self.new, one)
            for one in new.get("parameters", [])
        }
        for key, parameter in before.items():
            if key not in after:
                yield f"{call}: {key} is gone"
                continue
            yield from self.need(f"{call}: {key}", parameter, after[key])
            schemas = parameter.get("schema", {}), after[key].get("schema", {})
            yield from self.schema(f"{call}: {key}", *schemas, sent=True)
        for key in after.keys() - before.keys():
            if after[key].get("required"):
                yield f"{call}: {key} is new and required"
        yield from self.body(call, old.get("requestBody"), new.get("requestBody"))
        yield from self.responses(call, old.get("responses", {}), new.get("responses", {}))

    def key(self, parameter: Node, document: Node | None = None) -> str:
        found = self.resolved(document or self.old, parameter)
        return f"{found.get('in')} parameter {found.get('name')}"

    def need(self, where: str, old: Node, new: Node) -> Iterator[str]:
        if new.get("required") and not old.get("required"):
            yield f"{where} has become required"

    def body(self, call: str, old: Node | None, new: Node | None) -> Iterator[str]:
        before, after = self.resolved(self.old, old or {}), self.resolved(self.new, new or {})
        if old is not None and new is None:
            yield f"{call}: the request has no body any more"
            return
        yield from self.need(f"{call}: the request's body", before, after)
        yield from self.content(f"{call} request", before, after, sent=True)

    def responses(self, call: str, old: Node, new: Node) -> Iterator[str]:
        for status, response in old.items():
            if status not in new:
                yield f"{call}: response {status} is gone"
                continue
            before, after = self.resolved(self.old, response), self.resolved(self.new, new[status])
            for header in before.get("headers", {}):
                if header not in after.get("headers", {}):
                    yield f"{call} {status}: header {header} is gone"
            yield from self.content(f"{call} {status}", before, after, sent=False)
        for status in new.keys() - old.keys():
            if status.startswith("2"):
                yield f"{call}: response {status} is a new success, which clients do not know"

    def content(self, where: str, old: Node, new: Node, *, sent: bool) -> Iterator[str]:
        after = new.get("content", {})
        for kind, media in old.get("content", {}).items():
            if kind not in after:
                yield f"{where}: {kind} is gone"
            else:
                schemas = media.get("schema", {}), after[kind].get("schema", {})
                yield from self.schema(where, *schemas, sent=sent)

    def schema(
        self, where: str, old: Any, new: Any, *, sent: bool, open_: bool = False
    ) -> Iterator[str]:
        if not isinstance(old, Mapping) or not isinstance(new, Mapping):
            if old != new:
                yield f"{where} was {old} and is {new}"
            return
        if "$ref" in old or "$ref" in new:
            names = str(old.get("$ref")), str(new.get("$ref")), sent
            if names in self.seen and not open_:
                return
            self.seen.add(names)
            if "$ref" in old and "$ref" in new:
                where = names[0].rpartition("/")[2]
                if names[0] != names[1]:
                    yield f"{where} has become {names[1].rpartition('/')[2]}"
        old, new = self.whole(self.old, old), self.whole(self.new, new)
        yield from self.values(where, old, new, sent=sent, open_=open_)
        yield from self.properties(where, old, new, sent=sent)
        for part in ("items", "additionalProperties"):
            if part in old or part in new:
                inner = old.get(part, True), new.get(part, True)
                yield from self.schema(f"{where}[{part}]", *inner, sent=sent)
        for kind in ("anyOf", "oneOf"):
            before, after = old.get(kind, []), new.get(kind, [])
            if len(before) != len(after):
                yield f"{where}: {kind} had {len(before)} alternatives and has {len(after)}"
            any_word = not sent and any(_is_any_word(self.whole(self.new, one)) for one in after)
            for one, other in zip(before, after, strict=False):
                yield from self.schema(where, one, other, sent=sent, open_=any_word)

    def values(self, where: str, old: Node, new: Node, *, sent: bool, open_: bool) -> Iterator[str]:
        before, after = _types(old), _types(new)
        if not (before <= after if sent else after <= before):
            yield f"{where}: type was {_said(before)} and is {_said(after)}"
        listed, lists = old.get("enum"), new.get("enum")
        if listed is not None and lists is not None:
            for value in listed:
                if value not in lists:
                    yield f"{where}: value {value!r} is gone"
            for value in [] if sent or open_ else lists:
                if value not in listed:
                    yield f"{where}: value {value!r} is new in a closed list"
        elif (lists is None) != (listed is None) and sent == (listed is None):
            yield f"{where}: {'only some values are' if sent else 'any value is'} possible now"
        for name in ("const", "format", "default"):
            if old.get(name) != new.get(name):
                yield f"{where}: {name} was {old.get(name)} and is {new.get(name)}"
        if sent:
            yield from self.limits(where, old, new)

    def limits(self, where: str, old: Node, new: Node) -> Iterator[str]:
        for name in (*_LEAST, *_MOST):
            was, is_ = old.get(name), new.get(name)
            tighter = is_ is not None and (
                was is None or (is_ > was if name in _LEAST else is_ < was)
            )
            if tighter:
                yield f"{where}: {name} was {was} and is {is_}"
        if new.get("pattern") not in (None, old.get("pattern")):
            yield f"{where}: pattern was {old.get('pattern')} and is {new['pattern']}"

    def properties(self, where: str, old: Node, new: Node, *, sent: bool) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name, schema in before.items():
            if name in after:
                yield from self.schema(f"{where}.{name}", schema, after[name], sent=sent)
            else:
                yield f"{where}.{name} is gone"
        was, is_ = set(old.get("required", [])), set(new.get("required", []))
        for name in sorted(is_ - was if sent else was - is_):
            yield f"{where}.{name} {'has become required' if sent else 'may be left out now'}"

    def resolved(self, document: Node, node: Node) -> Node:
        while "$ref" in node:
            found: Any = document
            for step in str(node["$ref"]).removeprefix("#/").split("/"):
                found = found[step.replace("~1", "/").replace("~0", "~")]
            node = found
        return node

    def whole(self, document: Node, schema: Node) -> Node:
        """The schema with what it refers to, and with its `allOf` put together."""
        beside = {name: value for name, value in schema.items() if name != "$ref"}
        merged = {**self.resolved(document, schema), **beside} if "$ref" in schema else beside
        for part in merged.pop("allOf", []):
            inner = self.whole(document, part)
            properties = {**inner.get("properties", {}), **merged.get("properties", {})}
            required = [*inner.get("required", []), *merged.get("required", [])]
            merged = {**inner, **merged}
            if properties:
                merged["properties"] = properties
            if required:
                merged["required"] = required
        return merged


def _operations(document: Node) -> Iterator[tuple[str, Node]]:
    for path, item in document.get("paths", {}).items():
        for method in METHODS:
            if method in item:
                shared = item.get("parameters", [])
                own = item[method].get("parameters", [])
                yield f"{method.upper()} {path}", {**item[method], "parameters": [*shared, *own]}


def _schemas(document: Node) -> Node:
    found: Node = document.get("components", {}).get("schemas", {})
    return found


def _types(schema: Node) -> set[str]:
    found = schema.get("type", [])
    names = {found} if isinstance(found, str) else set(found)
    if not names:
        names = {"any of several"} if {"anyOf", "oneOf"} & schema.keys() else {"anything"}
    return names | {"integer"} if "number" in names else names


def _said(types: set[str]) -> str:
    return " or ".join(sorted(types))


def _is_any_word(schema: Node) -> bool:
    return schema.get("type") == "string" and not {"enum", "const", "pattern"} & schema.keys()
