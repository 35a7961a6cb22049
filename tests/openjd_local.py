"""Runs a job type's template on this machine with the OpenJD libraries alone.

It gives path parameters the values that the service gives them, runs all tasks one after another
with one output folder for all, and keeps what they printed. For the scripts and templates of job
types; how a service runs them is tested through the service.
"""

import json
import logging
import os
import sys
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from openjd.model import (
    JobParameterValues,
    Step,
    StepDependencyGraph,
    StepParameterSpaceIterator,
    create_job_with_symbol_tables,
    decode_job_template,
    preprocess_job_parameters,
)
from openjd.sessions import LOG, ActionState, ActionStatus, LogContent, Session, SessionState

ROOT = Path(__file__).parents[1]
JOB_TYPES = ROOT / "jobtypes"
PHOTOS = ROOT / "examples" / "photos"
EXTENSIONS = ["EXPR", "FEATURE_BUNDLE_1", "REDACTED_ENV_VARS", "TASK_CHUNKING"]


@dataclass
class TaskRun:
    """How one task went."""

    step: str
    parameters: dict[str, str]
    succeeded: bool
    message: str | None
    progress: float | None
    lines: list[str]


@dataclass
class JobRun:
    """How a job went; it stops at the first step with a failed task."""

    output: Path
    tasks: list[TaskRun] = field(default_factory=list)

    @property
    def succeeded(self) -> bool:
        return all(task.succeeded for task in self.tasks)

    @property
    def lines(self) -> list[str]:
        return [line for task in self.tasks for line in task.lines]

    def of(self, step: str) -> list[TaskRun]:
        return [task for task in self.tasks if task.step == step]

    def names(self) -> set[str]:
        return {path.name for path in self.output.iterdir()}


def plan(
    bundle: Path,
    inputs: Path,
    output: Path,
    files: Sequence[str],
    parameters: Mapping[str, str],
    job_file: str = "",
) -> tuple[Any, JobParameterValues]:
    """The job and the values of its parameters. Raises what OpenJD raises for bad ones."""
    document = yaml.safe_load((bundle / "template.yaml").read_text(encoding="utf-8"))
    template = decode_job_template(template=document, supported_extensions=EXTENSIONS)
    values: dict[str, str] = dict(parameters)
    for one in template.parameterDefinitions or []:
        flow, kind = getattr(one, "dataFlow", None), getattr(one, "objectType", None)
        if one.type.value == "LIST[PATH]":
            values[one.name] = json.dumps([str(inputs / name) for name in files])
        elif one.type.value != "PATH" or flow is None:
            continue
        elif flow.value == "OUT":
            values[one.name] = str(output)
        elif kind and kind.value == "FILE":
            values[one.name] = str(inputs / values.get(one.name, job_file))
        elif one.default is None:
            values[one.name] = str(inputs)
    processed = preprocess_job_parameters(
        job_template=template,
        job_parameter_values=values,
        job_template_dir=bundle.absolute(),
        current_working_dir=inputs,
    )
    return create_job_with_symbol_tables(
        job_template=template, job_parameter_values=processed
    ), processed


def run(
    bundle: Path,
    folder: Path,
    files: Mapping[str, bytes],
    parameters: Mapping[str, str] | None = None,
    job_file: str = "",
) -> JobRun:
    """Run a whole job in ``folder``. ``files`` are the job's files with their content."""
    inputs, output, sessions = folder / "in", folder / "out", folder / "sessions"
    for one in (inputs, output, sessions):
        one.mkdir()
    for name, content in files.items():
        (inputs / name).write_bytes(content)
    made, values = plan(bundle, inputs, output, list(files), parameters or {}, job_file)
    done = JobRun(output)
    for step in StepDependencyGraph(job=made.job).topo_sorted():
        runner = _StepRunner(made, values, step, sessions)
        for task in StepParameterSpaceIterator(space=step.parameterSpace):
            done.tasks.append(runner.run(task))
        if not done.succeeded:
            break
    return done


class _StepRunner:
    """Runs tasks of one step, each in a session of its own, in a clean environment."""

    def __init__(self, made: Any, values: JobParameterValues, step: Step, root: Path) -> None:
        self._made, self._values, self._step, self._root = made, values, step, root
        self._symbols = made.step_symbol_tables[step.name]

    def run(self, parameters: Any) -> TaskRun:
        name = uuid.uuid4().hex
        home = self._root / name
        home.mkdir()
        ended = threading.Event()
        messages: list[str | None] = []
        progress: list[float] = []

        def on_status(_session: str, status: ActionStatus) -> None:
            messages.append(status.fail_message)
            if status.progress is not None:
                progress.append(status.progress)
            if status.state != ActionState.RUNNING:
                ended.set()

        path = os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin:/usr/bin:/bin"])
        session = Session(
            session_id=name,
            job_parameter_values=self._values,
            job_name=self._made.job.name,
            callback=on_status,
            os_env_vars={"PATH": path, "HOME": str(home), "TMPDIR": str(home), "LANG": "C.UTF-8"},
            session_root_directory=home,
        )
        with _Captured(name) as lines, session:
            self._act(session, ended, lambda: self._run_task(session, parameters))
            status = session.action_status
        assert status is not None
        shown = {key: str(one.value) for key, one in parameters.items()}
        return TaskRun(
            self._step.name,
            shown,
            status.state == ActionState.SUCCESS,
            next((one for one in reversed(messages) if one), None),
            progress[-1] if progress else None,
            list(lines),
        )

    def _run_task(self, session: Session, parameters: Any) -> None:
        session.run_task(
            step_script=self._step.script,
            task_parameter_values=parameters,
            step_name=self._step.name,
            resolved_symtab=self._symbols,
        )

    def _act(self, session: Session, ended: threading.Event, start: Any) -> None:
        start()
        assert ended.wait(300), "the task did not end"
        while session.state == SessionState.RUNNING:
            time.sleep(0.001)


class _Captured(logging.Handler):
    """What the commands of one session print."""

    def __init__(self, session: str) -> None:
        super().__init__()
        self._session = session
        self._lines: list[str] = []

    def __enter__(self) -> list[str]:
        LOG.addHandler(self)
        LOG.setLevel(logging.INFO)
        LOG.propagate = False
        return self._lines

    def __exit__(self, *_exception: object) -> None:
        LOG.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        content = getattr(record, "openjd_log_content", None) or LogContent(0)
        told = LogContent.COMMAND_OUTPUT in content or record.levelno >= logging.ERROR
        if told and getattr(record, "session_id", "") == self._session:
            self._lines.append(record.getMessage())
