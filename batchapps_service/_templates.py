"""Open Job Description templates: reading bundles, and making a job of one.

OpenJD's own metadata decides what the service fills in: a ``PATH`` parameter's ``objectType``
and ``dataFlow`` tell the job's files, its job file and the output folder apart.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from openjd.model import (
    DecodeValidationError,
    Job,
    JobParameterValues,
    JobTemplate,
    ParameterValue,
    ParameterValueType,
    Step,
    StepDependencyGraph,
    StepParameterSpaceIterator,
    TaskParameterSet,
    create_job_with_symbol_tables,
    decode_job_template,
    preprocess_job_parameters,
)

from batchapps_service import _names
from batchapps_service._errors import CommandError

EXTENSIONS = ("EXPR", "FEATURE_BUNDLE_1", "REDACTED_ENV_VARS", "TASK_CHUNKING")
TEMPLATE_FILES = ("template.yaml", "template.yml", "template.json")
MAX_TEMPLATE_BYTES = 1 << 20
MAX_TEMPLATE_VALUES = 100_000
"""With what YAML's aliases repeat, which can be any amount in a few lines."""


class TemplateError(CommandError):
    """A bundle is no job type; the text says where and why."""


class ParameterError(Exception):
    """A job's parameters or files do not fit the template."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {text}" for name, text in problems.items()))
        self.problems = dict(problems)


@dataclass(frozen=True)
class Folders:
    """Where a task finds its files and leaves its outputs."""

    inputs: Path
    outputs: Path


@dataclass(frozen=True)
class Submission:
    """What a job brings to a template."""

    parameters: Mapping[str, str]
    files: Sequence[str]
    """Relative paths of the required files, in the order of submission; mostly bare names."""
    job_file: str = ""

    def file(self, sent: str) -> str | None:
        """The required file that is meant, by its relative path or by its name."""
        # Users write the path on their own machine as often as the bare name.
        for wanted in (sent.replace("\\", "/"), _names.bare_name(sent)):
            if wanted and wanted in self.files:
                return wanted
        name = _names.bare_name(sent)
        return next((path for path in self.files if name and _names.bare_name(path) == name), None)


class Bundle:
    """A folder with a template and the files it needs."""

    def __init__(self, folder: Path) -> None:
        """Read the template. Raises TemplateError."""
        self.folder = folder
        path = next((folder / name for name in TEMPLATE_FILES if (folder / name).is_file()), None)
        if path is None:
            raise TemplateError(f"{folder} holds none of {', '.join(TEMPLATE_FILES)}.")
        if path.stat().st_size > MAX_TEMPLATE_BYTES:
            raise TemplateError(f"{path} is larger than {MAX_TEMPLATE_BYTES} bytes.")
        try:
            text = path.read_text(encoding="utf-8")
            document = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
        except (ValueError, yaml.YAMLError, RecursionError) as error:
            raise TemplateError(f"{path} cannot be read: {error}") from error
        if not isinstance(document, dict):
            raise TemplateError(f"{path} is no template: it holds no mapping.")
        if _weight(document, {}) > MAX_TEMPLATE_VALUES:
            raise TemplateError(f"{path} holds more than {MAX_TEMPLATE_VALUES} values.")
        try:
            self.template: JobTemplate = decode_job_template(
                template=document, supported_extensions=EXTENSIONS
            )
        except (DecodeValidationError, NotImplementedError, RecursionError) as error:
            raise TemplateError(f"{path} does not validate: {error}") from error

    @property
    def definitions(self) -> list[Any]:
        """The template's job parameter definitions."""
        return list(self.template.parameterDefinitions or [])

    @property
    def name(self) -> str:
        """The job type's name: the template's, or the folder's where that is an expression."""
        name = str(self.template.name)
        return self.folder.name if "{{" in name else name

    @property
    def description(self) -> str | None:
        """The template's description."""
        text = self.template.description
        return str(text) if text else None

    def parameters(self) -> list[dict[str, Any]]:
        """The parameters a user may set, as the API lists them."""
        return [_described(one) for one in self.definitions if not self._filled_by_service(one)]

    def _filled_by_service(self, definition: Any) -> bool:
        kind, flow, target = definition.type.value, _flow(definition), _object(definition)
        if kind == "LIST[PATH]":
            return flow == "IN"
        if kind != "PATH":
            return False
        return target == "DIRECTORY" and (flow != "NONE" or self._in_bundle(definition))

    def _in_bundle(self, definition: Any) -> bool:
        """Whether the parameter's default is a path inside the bundle."""
        default = definition.default
        if not isinstance(default, str) or not default:
            return False
        path = (self.folder / default).resolve()
        return path.is_relative_to(self.folder.resolve()) and path.exists()

    def plan(self, submission: Submission, folders: Folders) -> "Plan":
        """Make a job of the template. Raises ParameterError."""
        defined = {one.name: one for one in self.definitions}
        ignored = sorted(name for name in submission.parameters if name not in defined)
        sent = {name: value for name, value in submission.parameters.items() if name in defined}
        values: dict[str, str] = {}
        problems: dict[str, str] = {}
        for name, definition in defined.items():
            try:
                value = self._value(definition, sent.get(name), submission, folders)
            except ValueError as error:
                problems[name] = str(error)
                continue
            if value is not None:
                problem = _beyond_zero(definition, value)
                if problem:
                    problems[name] = problem
                values[name] = value
            elif definition.default is None:
                problems[name] = "is missing, and the job type has no default for it"
        if problems:
            raise ParameterError(problems)
        try:
            processed = preprocess_job_parameters(
                job_template=self.template,
                job_parameter_values=values,
                job_template_dir=self.folder.absolute(),
                current_working_dir=folders.inputs,
            )
            return Plan(self.template, processed, ignored)
        except (DecodeValidationError, ValueError) as error:
            words = _words(error)
            named = re.search(r"[Pp]arameters?:? '?(\w+)", words)
            culprit = named[1] if named and named[1] in defined else "Parameters"
            if "allowedValues" in words and culprit in defined:
                allowed = _described(defined[culprit]).get("allowedValues", [])
                words = f"{words.rstrip('.')}: {', '.join(allowed)}"
            raise ParameterError({culprit: words}) from error

    def _value(
        self, definition: Any, sent: str | None, submission: Submission, folders: Folders
    ) -> str | None:
        """The value for a parameter; None leaves it to the template's default."""
        kind = definition.type.value
        if kind == "LIST[PATH]" and _flow(definition) == "IN":
            return json.dumps([str(folders.inputs / name) for name in submission.files])
        if kind != "PATH":
            return sent
        flow, target = _flow(definition), _object(definition)
        if target == "DIRECTORY":
            if flow in {"OUT", "INOUT"}:
                return str(folders.outputs)
            if self._in_bundle(definition):
                return None
            return str(folders.inputs) if flow == "IN" else sent
        if flow == "OUT":
            wanted = sent if sent is not None else definition.default
            return str(folders.outputs / _checked(str(wanted))) if wanted else None
        if flow in {"IN", "INOUT"}:
            return self._input_file(definition, sent, submission, folders)
        return sent

    def _input_file(
        self, definition: Any, sent: str | None, submission: Submission, folders: Folders
    ) -> str | None:
        named = submission.file(sent or submission.job_file)
        if named:
            folder = folders.outputs if _flow(definition) == "INOUT" else folders.inputs
            return str(folder / named)
        if sent:
            raise ValueError(
                f"'{sent}' is not among the job's required files; upload it and add it to the job"
            )
        if definition.default is not None:
            return None
        raise ValueError("is missing: name one of the job's required files, or set the job file")


def _weight(value: object, known: dict[int, int]) -> int:
    """How many values there would be if each were written out where it is named."""
    if not isinstance(value, dict | list):
        return 1
    if id(value) not in known:
        known[id(value)] = MAX_TEMPLATE_VALUES  # found again in there, it has no end
        inside = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_weight(one, known) for one in inside)
    return known[id(value)]


def _words(error: Exception) -> str:
    """The library's message without the places in the template, which the user has not written."""
    lines = [
        re.sub(r"^\s*(let binding '\w+': )?", "", line)
        for line in str(error).splitlines()
        # Headings, and the expressions that failed with carets below them.
        if not re.match(r"  |\d+ validation errors? for |\w+(\[\d+\])?( -> .*)?:$", line)
    ]
    return "; ".join(dict.fromkeys(line for line in lines if line)) or str(error)


def _beyond_zero(definition: Any, value: str) -> str | None:
    """What is wrong with a number beyond a limit of 0, which openjd-model 0.14 does not check."""
    try:
        number = float(value)
    except ValueError:
        return None
    if getattr(definition, "minValue", None) == 0 and number < 0:
        return f"{value} is less than 0"
    if getattr(definition, "maxValue", None) == 0 and number > 0:
        return f"{value} is more than 0"
    return None


def _checked(name: str) -> str:
    problem = _names.problem_with(name)
    if problem:
        raise ValueError(f"'{name}' {problem}")
    return name


def _flow(definition: Any) -> str:
    flow = getattr(definition, "dataFlow", None)
    return flow.value if flow else "NONE"


def _object(definition: Any) -> str:
    # "DIRECTORY" is the specification's default.
    target = getattr(definition, "objectType", None)
    return target.value if target else "DIRECTORY"


def _described(definition: Any) -> dict[str, Any]:
    described = {
        "name": definition.name,
        "type": definition.type.value,
        "description": definition.description,
        "default": None if definition.default is None else _text(definition.default),
        "allowedValues": [_text(one) for one in getattr(definition, "allowedValues", None) or []],
        "minValue": _number(getattr(definition, "minValue", None)),
        "maxValue": _number(getattr(definition, "maxValue", None)),
    }
    return {key: value for key, value in described.items() if value not in (None, [])}


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool | list) else str(value)


def _number(value: Any) -> float | int | None:
    if value is None or isinstance(value, int):
        return value
    return float(value)


class Plan:
    """A job made of a template: its steps in an order that respects their dependencies."""

    def __init__(
        self, template: JobTemplate, values: JobParameterValues, ignored: list[str]
    ) -> None:
        made = create_job_with_symbol_tables(job_template=template, job_parameter_values=values)
        self.job: Job = made.job
        self.values = values
        self.ignored = ignored
        """Parameters that were sent and that the template does not define."""
        self.symbols = made.step_symbol_tables
        """Values of steps' ``let`` bindings, for the session that runs them."""
        self.uses_let = {
            str(step.name) for step in template.steps if getattr(step, "let", None) is not None
        }
        self.extensions = list(template.extensions or [])
        self.works_in_place = any(
            _flow(one) == "INOUT" for one in template.parameterDefinitions or []
        )
        """Whether the job changes its inputs; they are then put in the output folder."""
        graph = StepDependencyGraph(job=self.job)
        self.steps: list[Step] = graph.topo_sorted()
        nodes = {step.name: graph.step_node(stepname=step.name) for step in self.steps}
        self.depends_on = {
            name: {edge.origin.step.name for edge in node.in_edges} for name, node in nodes.items()
        }

    @classmethod
    def load(cls, template: JobTemplate, values: Mapping[str, tuple[str, Any]]) -> "Plan":
        """The plan again, from what ``saved_values`` gave."""
        restored = {
            name: ParameterValue(type=ParameterValueType(kind), value=value)
            for name, (kind, value) in values.items()
        }
        return cls(template, restored, [])

    def saved_values(self) -> dict[str, tuple[str, Any]]:
        """The job's parameter values in a form JSON can hold."""
        return {name: (one.type.value, one.value) for name, one in self.values.items()}

    @cached_property
    def merge(self) -> str | None:
        """The name of the merge step: the last, with dependencies and without a parameter space."""
        last = self.steps[-1]
        merges = self.depends_on[last.name] and last.parameterSpace is None
        return last.name if merges else None

    def ancestors(self, step: str) -> set[str]:
        """All steps that ``step`` depends on, directly or through others."""
        found: set[str] = set()
        waiting = list(self.depends_on[step])
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(self.depends_on[name])
        return found

    def task_count(self) -> int:
        """How many tasks the job has, without making them."""
        return sum(len(_space(step)) for step in self.steps)

    def tasks(self) -> Iterator[tuple[str, dict[str, tuple[str, str]]]]:
        """All tasks in order: the step's name, and ``{parameter: (type, value)}``."""
        for step in self.steps:
            for parameters in _space(step):
                yield (
                    step.name,
                    {name: (one.type.value, str(one.value)) for name, one in parameters.items()},
                )


def _space(step: Step) -> StepParameterSpaceIterator:
    return StepParameterSpaceIterator(space=step.parameterSpace)


def task_parameters(saved: Mapping[str, Sequence[str]]) -> TaskParameterSet:
    """Task parameters again, from what ``Plan.tasks`` gave."""
    return {
        name: ParameterValue(type=ParameterValueType(kind), value=value)
        for name, (kind, value) in saved.items()
    }
