"""The list of what 0.5.2 offers, `surface-0.5.2.yaml`, and how signatures are compared."""

import inspect
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

Argument = tuple[str, str, str | None]  # name, kind, and default as Python writes it


@cache
def listed() -> dict[str, Any]:
    text = (Path(__file__).parent / "surface-0.5.2.yaml").read_text("utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def classes(surface: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Module, name and contents of each class in the list."""
    for module, contents in surface["modules"].items():
        for name, details in contents.get("classes", {}).items():
            yield module, name, details


def arguments(function: Callable[..., Any]) -> list[Argument]:
    """The arguments that a call takes, without ``self``."""
    found = list(inspect.signature(function).parameters.values())
    if found and found[0].name == "self":
        found = found[1:]
    return [
        (one.name, str(one.kind), None if one.default is one.empty else repr(one.default))
        for one in found
    ]


def written(text: str) -> list[Argument]:
    """The arguments in a text of the list, such as ``(a, b=None)``."""
    scope: dict[str, Any] = {}
    exec(f"def function{text}: ...", scope)
    return arguments(scope["function"])


def differences(wanted: list[Argument], present: list[Argument]) -> list[str]:
    """What calls that fit `wanted` miss in `present`. What is new there must not be needed."""
    found = []
    wide = any(kind == "VAR_KEYWORD" for _, kind, _ in present)
    for place, (name, kind, default) in enumerate(wanted):
        if place >= len(present):
            found.append(f"argument {name} is missing")
            continue
        ours, our_kind, our_default = present[place]
        if kind == "VAR_KEYWORD" and not wide:
            found.append(f"**{name} is missing")
        elif kind != "VAR_KEYWORD" and (ours, our_kind) != (name, kind):
            found.append(f"argument {place + 1} is {ours}, not {name}")
        elif default is not None and our_default != default:
            found.append(f"{name} is {our_default} by default, not {default}")
    for name, kind, default in present[len(wanted) :]:
        if default is None and "VAR" not in kind:
            found.append(f"{name} is new and has no default")
    return found
