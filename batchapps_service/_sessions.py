"""OpenJD sessions: where a task's actions run."""

import contextlib
import os
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from openjd.model import ParameterValue, RevisionExtensions, SpecificationRevision, Step
from openjd.sessions import ActionState, ActionStatus, Session, SessionState

from batchapps_service import _work
from batchapps_service._attempts import Attempt
from batchapps_service._fence import Fence
from batchapps_service._processes import MARK, Family
from batchapps_service._taskoutput import Sink, router
from batchapps_service._templates import Bundle, Plan

CANCEL_GRACE = timedelta(seconds=0)


@lru_cache(maxsize=32)
def plan_of(root: Path, job_id: str) -> Plan:
    """A job's plan."""
    definition = _work.load(root / "work", job_id)
    return Plan.load(Bundle(definition.bundle).template, definition.values)


@lru_cache(maxsize=256)
def _step(root: Path, job_id: str, name: str) -> Step:
    return next(step for step in plan_of(root, job_id).steps if step.name == name)


class ActionFailed(Exception):
    """An action of the session did not succeed."""

    def __init__(self, action: str, status: ActionStatus, trouble: str | None) -> None:
        self.cancelled = status.state == ActionState.CANCELED
        self.exit_code = status.exit_code
        reason = status.fail_message or trouble
        if status.state == ActionState.TIMEOUT:
            reason = "it ran longer than the template allows"
        elif reason is None and status.exit_code is not None:
            reason = f"it ended with exit code {status.exit_code}"
        super().__init__(f"{action} failed: {reason or 'no reason was given'}")


@dataclass
class TaskSession:
    """An OpenJD session with the folder it runs in, for one task or, with environments, several."""

    folder: Path
    family: Family
    session: Session
    step: Step
    job_environments: list[Any]
    entered: list[str] = field(default_factory=list)
    symbols: Any = None
    """Values of the step's ``let`` bindings, where it has any."""
    fence: Fence | None = None
    finished: threading.Event = field(default_factory=threading.Event)
    progress: Callable[[int], None] = lambda _percent: None
    cancelled: bool = False

    @property
    def outputs(self) -> Path:
        return self.folder / _work.ANY_OUTPUTS

    def on_status(self, _session_id: str, status: ActionStatus) -> None:
        """The session's callback: must be quick and must not raise."""
        if status.progress is not None:
            self.progress(int(status.progress))
        if status.state != ActionState.RUNNING:
            self.finished.set()

    def act(self, what: str, start: Callable[[], Any], sink: Sink) -> ActionStatus:
        """Start an action and wait for its end. Raises ActionFailed."""
        self.finished.clear()
        if self.fence is None:
            start()
        else:
            self.fence.within(start)
        if self.cancelled:  # asked for while the action was being started
            self.stop()
        self.finished.wait()
        # The callback comes a moment before the session is ready for the next action.
        while self.session.state == SessionState.RUNNING:
            time.sleep(0.0005)
        status = self.session.action_status
        assert status is not None
        if status.state != ActionState.SUCCESS:
            raise ActionFailed(what, status, sink.trouble)
        return status

    def stop(self) -> None:
        """Stop the present action with everything it started; from any thread."""
        self.cancelled = True
        with contextlib.suppress(RuntimeError):  # no action is running
            self.session.cancel_action(time_limit=CANCEL_GRACE)
        self.family.end(commands=True)

    def close(self, sink: Sink) -> None:
        """Leave the environments and remove the session's folder."""
        self.cancelled = False
        with router.routed(self.session._session_id, sink):
            for identifier in reversed(self.entered):
                with contextlib.suppress(ActionFailed, RuntimeError):
                    leave = partial(
                        self.session.exit_environment,
                        identifier=identifier,
                        resolved_symtab=self.symbols,
                    )
                    self.act("Leaving an environment", leave, sink)
        self.family.close()
        self.session.cleanup()
        _work.remove(self.folder)


def open_session(attempt: Attempt, root: Path, folder: Path) -> TaskSession:
    """Make a session in the new ``folder`` for an attempt, and others at the same step."""
    plan = plan_of(root, attempt.job_id)
    outputs = folder / _work.ANY_OUTPUTS
    home, temporary = folder / "home", folder / "tmp"
    for one in (outputs, home, temporary):
        one.mkdir(parents=True)
    # The job's parameters name an output folder that stands for each task's own.
    placeholder = str(_work.job_folders(root / "work", attempt.job_id).outputs)
    values = {
        name: ParameterValue(type=one.type, value=_moved(one.value, placeholder, str(outputs)))
        if one.type.value == "PATH"
        else one
        for name, one in plan.values.items()
    }
    environment = {
        "HOME": str(home),
        "TMPDIR": str(temporary),
        MARK: attempt.mark,
        "BATCHAPPS_JOB_ID": attempt.job_id,
    }
    if os.name == "nt":
        environment |= {"USERPROFILE": str(home), "TEMP": str(temporary), "TMP": str(temporary)}
    made: list[TaskSession] = []

    def on_status(session_id: str, status: ActionStatus) -> None:
        made[0].on_status(session_id, status)

    session = Session(
        session_id=f"{attempt.mark}:{uuid.uuid4().hex}",
        job_parameter_values=values,
        job_name=plan.job.name,
        callback=on_status,
        os_env_vars=environment,
        session_root_directory=folder,
        revision_extensions=RevisionExtensions(
            spec_rev=SpecificationRevision.v2023_09, supported_extensions=plan.extensions
        ),
    )
    step = _step(root, attempt.job_id, attempt.step)
    environments = list(plan.job.jobEnvironments or [])
    symbols = plan.symbols[attempt.step] if attempt.step in plan.uses_let else None
    # A job that is run again has a new folder.
    made_at = (_work.job_folder(root / "work", attempt.job_id) / "job.json").stat().st_mtime_ns
    fence = _fence(root, attempt.job_id, made_at) if attempt.fenced else None
    family = Family(attempt.mark, folder)
    made.append(
        TaskSession(folder, family, session, step, environments, symbols=symbols, fence=fence)
    )
    return made[0]


@lru_cache(maxsize=32)
def _fence(root: Path, job_id: str, _made_at: int) -> Fence:
    definition = _work.load(root / "work", job_id)
    return Fence(root, _work.job_folder(root / "work", job_id), definition.bundle)


def _moved(value: str, source: str, target: str) -> str:
    if value == source or value.startswith(source + os.sep):
        return target + value[len(source) :]
    return value
