"""Runs on a Dask worker: one attempt at a task a call, in a folder of its own."""

import contextlib
import logging
import os
import shutil
import signal
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Literal

from distributed import Worker, WorkerPlugin, get_worker
from openjd.model import ParameterValue, RevisionExtensions, SpecificationRevision, Step
from openjd.sessions import LOG, ActionState, ActionStatus, LogContent, Session, SessionState

from batchapps_service import _previews, _work
from batchapps_service._attempts import TOPIC, Attempt, Event, EventKind, Produced, Result
from batchapps_service._processes import MARK, kill_marked
from batchapps_service._store import Store, hash_file
from batchapps_service._templates import Bundle, Plan, task_parameters

FLUSH_SECONDS = 0.03
"""Events wait so long for others to go with."""
EVENTS_AT_ONCE = 500
MAX_LINES = 20_000
"""Lines of one attempt that reach the job's log."""
KEPT_VARIABLES = frozenset({"SYSTEMROOT", "COMSPEC", "PATHEXT", "WINDIR", "NUMBER_OF_PROCESSORS"})
"""What Windows programs cannot do without."""
HIDDEN = ("openjd_progress:", "openjd_env:", "openjd_unset_env:", "openjd_redacted_env:")
SHOWN = ("openjd_status:", "openjd_fail:")
CANCEL_GRACE = timedelta(seconds=0)


# --- the worker process ---------------------------------------------------------------------


class Setup(WorkerPlugin):
    """Prepares a worker process: a clean environment, and the tasks' output on its way."""

    name = "batchapps"

    def setup(self, worker: Worker) -> None:
        """Called by Dask in each new worker."""
        with contextlib.suppress(ValueError):  # not in the main thread
            # Ctrl-C reaches all of a terminal's processes; the service ends its workers itself.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        _clean_environment()
        LOG.propagate = False
        if _router not in LOG.handlers:
            LOG.addHandler(_router)
        _router.start(worker)


def _clean_environment() -> None:
    # Sessions hand the process's environment on to tasks.
    for name in list(os.environ):
        if name.upper() not in KEPT_VARIABLES:
            del os.environ[name]
    folders = [str(Path(sys.executable).parent), *os.defpath.split(os.pathsep)]
    if os.name != "nt":
        folders += ["/usr/local/bin", "/usr/bin", "/bin"]
    os.environ["PATH"] = os.pathsep.join(dict.fromkeys(folder for folder in folders if folder))
    os.environ["LANG"] = "C.UTF-8"


# --- what tasks print -----------------------------------------------------------------------


@dataclass
class _Sink:
    """Where the output of a session goes: to a task of a job."""

    job_id: str
    task_id: int
    lines: int = 0
    trouble: str | None = None
    """What the session itself said of a failure."""
    events: list[Event] = field(default_factory=list)
    """Not sent yet."""


class _Router(logging.Handler):
    """Takes records of all sessions, sorts them by session, and sends them in batches."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.sinks: dict[str, _Sink] = {}
        self._full: dict[int, _Sink] = {}
        self._wake = threading.Event()
        self._guard = threading.Lock()

    def start(self, worker: Worker) -> None:
        """Send to ``worker``'s scheduler from now on."""
        pump = threading.Thread(target=self._pump, args=(worker,), daemon=True)
        pump.name = "batchapps-events"
        pump.start()

    def _pump(self, worker: Worker) -> None:
        while True:
            self._wake.wait()
            time.sleep(FLUSH_SECONDS)
            with self._guard:
                self._wake.clear()
                events = [event for sink in self._full.values() for event in sink.events]
                for sink in self._full.values():
                    sink.events = []
                self._full.clear()
                # Under the guard, so that these go before the task's result, which has the rest.
                for start in range(0, len(events), EVENTS_AT_ONCE):
                    worker.log_event(TOPIC, events[start : start + EVENTS_AT_ONCE])

    def post(self, sink: _Sink, kind: EventKind, value: str | int) -> None:
        """Add an event, to be sent soon."""
        with self._guard:
            sink.events.append((sink.job_id, sink.task_id, kind, value))
            self._full[id(sink)] = sink
            self._wake.set()

    def rest(self, sink: _Sink) -> list[Event]:
        """The sink's events that were not sent, and are not going to be."""
        with self._guard:
            self._full.pop(id(sink), None)
            events, sink.events = sink.events, []
            return events

    @contextlib.contextmanager
    def routed(self, session_id: str, sink: _Sink) -> Iterator[None]:
        """Output of the session goes to ``sink`` within the block."""
        self.sinks[session_id] = sink
        try:
            yield
        finally:
            del self.sinks[session_id]

    def emit(self, record: logging.LogRecord) -> None:
        sink = self.sinks.get(getattr(record, "session_id", ""))
        if sink is None:
            return
        content = getattr(record, "openjd_log_content", None) or LogContent(0)
        text = record.getMessage()
        if LogContent.EXCEPTION_INFO in content or record.levelno >= logging.ERROR:
            sink.trouble = sink.trouble or text.strip()
        elif LogContent.COMMAND_OUTPUT not in content or LogContent.BANNER in content:
            return
        if text.startswith(HIDDEN):
            return
        if text.startswith(SHOWN):
            text = text.partition(":")[2].strip()
        sink.lines += 1
        if sink.lines > MAX_LINES:
            if sink.lines > MAX_LINES + 1:
                return
            text = f"(more than {MAX_LINES} lines; the rest is left out)"
        self.post(sink, "line", text)


_router = _Router()


# --- sessions -------------------------------------------------------------------------------


@lru_cache(maxsize=32)
def _plan(root: Path, job_id: str) -> tuple[Plan, bool]:
    """A job's plan, and whether it works in place."""
    definition = _work.load(root / "work", job_id)
    return Plan.load(
        Bundle(definition.bundle).template, definition.values
    ), definition.works_in_place


@lru_cache(maxsize=256)
def _step(root: Path, job_id: str, name: str) -> Step:
    plan, _ = _plan(root, job_id)
    return next(step for step in plan.steps if step.name == name)


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
class _JobSession:
    """An OpenJD session with the folder it runs in, for one task or, with environments, several."""

    folder: Path
    mark: str
    session: Session
    step: Step
    job_environments: list[Any]
    entered: list[str] = field(default_factory=list)
    symbols: Any = None
    """Values of the step's ``let`` bindings, where it has any."""
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

    def act(self, what: str, start: Callable[[], Any], sink: _Sink) -> ActionStatus:
        """Start an action and wait for its end. Raises ActionFailed."""
        self.finished.clear()
        start()
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
        kill_marked(self.mark)

    def close(self, sink: _Sink) -> None:
        """Leave the environments and remove the session's folder."""
        self.cancelled = False
        with _router.routed(self.session._session_id, sink):
            for identifier in reversed(self.entered):
                with contextlib.suppress(ActionFailed, RuntimeError):
                    leave = partial(
                        self.session.exit_environment,
                        identifier=identifier,
                        resolved_symtab=self.symbols,
                    )
                    self.act("Leaving an environment", leave, sink)
        self.session.cleanup()
        _work.remove(self.folder)


def _open_session(attempt: Attempt, root: Path, folder: Path) -> _JobSession:
    plan, _ = _plan(root, attempt.job_id)
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
    made: list[_JobSession] = []

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
    made.append(_JobSession(folder, attempt.mark, session, step, environments, symbols=symbols))
    return made[0]


def _moved(value: str, source: str, target: str) -> str:
    if value == source or value.startswith(source + os.sep):
        return target + value[len(source) :]
    return value


# Sessions with environments wait here for the step's next task. Entering an environment can
# take seconds, so it is done once a worker thread and step.
_idle: dict[tuple[str, str], list[_JobSession]] = {}
_running: "dict[str, _Run]" = {}  # by mark
_lock = threading.Lock()


def cancel(job_id: str, task_ids: list[int] | None = None) -> None:
    """Stop running tasks of a job, all or some, with everything they started."""
    with _lock:
        runs = [
            run
            for run in _running.values()
            if run.attempt.job_id == job_id and (not task_ids or run.attempt.task_id in task_ids)
        ]
    for run in runs:
        run.cancel()


def close_sessions(job_id: str, step: str | None = None) -> None:
    """Leave the environments that a job's finished tasks, or a step's, ran in."""
    with _lock:
        keys = [key for key in _idle if key[0] == job_id and step in (None, key[1])]
        sessions = [one for key in keys for one in _idle.pop(key)]
    for one in sessions:
        one.close(_Sink(job_id, 0))


# --- an attempt -----------------------------------------------------------------------------


def run(attempt: Attempt) -> Result:
    """Run an attempt to its end. The job's folder must be laid out."""
    started = time.monotonic()
    this = _Run(attempt)
    _router.post(this.sink, "started", f"worker-{get_worker().name}")
    with _lock:
        _running[attempt.mark] = this
    try:
        outcome = this.result()
    finally:
        with _lock:
            del _running[attempt.mark]
    return Result(
        outcome.status,
        time.monotonic() - started,
        outcome.exit_code,
        outcome.message,
        outcome.outputs,
        _router.rest(this.sink),
    )


@dataclass
class _Outcome:
    status: Literal["Complete", "Error", "Cancelled"]
    exit_code: int | None = None
    message: str | None = None
    outputs: list[Produced] = field(default_factory=list)


class _Run:
    """One attempt, from the laid-out folder to outputs in the store."""

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt
        self._root = Path(attempt.root)
        self._store = Store(self._root / "store")
        self.sink = _Sink(attempt.job_id, attempt.task_id)
        self._opened: _JobSession | None = None
        self._cancelled = False

    def cancel(self) -> None:
        """Stop it, from another thread."""
        self._cancelled = True
        if self._opened is not None:
            self._opened.stop()

    def result(self) -> _Outcome:
        opened: _JobSession | None = None
        keep = False
        try:
            opened = self._session()
            self._progress_to(opened)
            self._opened = opened
            self._stop_if_cancelled()
            with _router.routed(opened.session._session_id, self.sink):
                staged = self._stage(opened.outputs)
                self._enter(opened)
                status = self._run_task(opened)
            outputs = self._collect(opened.outputs, staged)
            keep = bool(opened.entered)
            return _Outcome("Complete", status.exit_code, None, outputs)
        except ActionFailed as failure:
            if self._cancelled or failure.cancelled:
                return _Outcome("Cancelled", failure.exit_code, "The task was cancelled.")
            return _Outcome("Error", failure.exit_code, str(failure))
        finally:
            if opened is not None:
                self._release(opened, keep)

    def _session(self) -> _JobSession:
        attempt = self.attempt
        with _lock:
            waiting = _idle.get((attempt.job_id, attempt.step))
            if waiting:
                return waiting.pop()
        folder = _work.job_folder(self._root / "work", attempt.job_id)
        name = f"{attempt.task_id}-{attempt.number}-{uuid.uuid4().hex[:8]}"
        return _open_session(attempt, self._root, folder / name)

    def _progress_to(self, opened: _JobSession) -> None:
        last = 0

        def report(percent: int) -> None:
            nonlocal last
            if percent != last:
                last = percent
                _router.post(self.sink, "progress", percent)

        opened.progress = report

    def _release(self, opened: _JobSession, keep: bool) -> None:
        if not keep:
            opened.close(self.sink)
            return
        for path in list(opened.outputs.iterdir()):
            _work.remove(path) if path.is_dir() else path.unlink()
        with _lock:
            _idle.setdefault((self.attempt.job_id, self.attempt.step), []).append(opened)

    def _stage(self, outputs: Path) -> dict[str, tuple[str, tuple[int, int, int]]]:
        """Put earlier outputs into the output folder; their digests and file states, by path."""
        _, works_in_place = _plan(self._root, self.attempt.job_id)
        if works_in_place:
            source = _work.job_folders(self._root / "work", self.attempt.job_id).inputs
            for file in source.iterdir():
                shutil.copyfile(file, outputs / file.name)
        for path, digest in self.attempt.earlier:
            target = outputs / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            self._store.copy_out(digest, target)
        known = dict(self.attempt.earlier)
        return {
            path: (known.get(path) or hash_file(outputs / path), _state(outputs / path))
            for path in _files_below(outputs)
        }

    def _enter(self, opened: _JobSession) -> None:
        if opened.entered:
            return
        step_environments = list(opened.step.stepEnvironments or [])
        for environment in [*opened.job_environments, *step_environments]:
            self._stop_if_cancelled()
            identifier = uuid.uuid4().hex
            opened.entered.append(identifier)
            enter = partial(
                opened.session.enter_environment,
                environment=environment,
                identifier=identifier,
                step_name=self.attempt.step,
                resolved_symtab=opened.symbols,
            )
            opened.act(f"Environment '{environment.name}'", enter, self.sink)

    def _stop_if_cancelled(self) -> None:
        if self._cancelled:
            stopped = ActionStatus(state=ActionState.CANCELED)
            raise ActionFailed("The task", stopped, None)

    def _run_task(self, opened: _JobSession) -> ActionStatus:
        self._stop_if_cancelled()
        return opened.act(
            "The task",
            lambda: opened.session.run_task(
                step_script=opened.step.script,
                task_parameter_values=task_parameters(self.attempt.parameters),
                log_task_banner=False,
                step_name=self.attempt.step,
                resolved_symtab=opened.symbols,
            ),
            self.sink,
        )

    def _collect(
        self, outputs: Path, staged: dict[str, tuple[str, tuple[int, int, int]]]
    ) -> list[Produced]:
        """Move what is new or changed in the output folder into the store."""
        produced: list[Produced] = []
        changed: list[str] = []
        for path in _files_below(outputs):
            before = staged.get(path)
            if before is not None:
                digest, state = before
                if _state(outputs / path) == state or hash_file(outputs / path) == digest:
                    continue
            changed.append(path)
        preview = self._preview(outputs, changed)
        for path in changed:
            kind = "TaskPreview" if _previews.is_preview(path) else "TaskOutput"
            content = self._store.take(outputs / path)
            shown = path.encode(errors="surrogateescape").decode(errors="replace")
            produced.append(Produced(shown, kind, content.digest, content.size))
        if preview is not None:
            source, path = preview
            content = self._store.take(source)
            produced.append(Produced(path, "TaskPreview", content.digest, content.size, True))
        return produced

    def _preview(self, outputs: Path, changed: list[str]) -> tuple[Path, str] | None:
        """A preview made of the first picture, where the task left none: its file and name."""
        pictures = [path for path in changed if _previews.is_image(path)]
        if not self.attempt.preview or any(_previews.is_preview(path) for path in pictures):
            return None
        target = outputs.with_name("preview.png")
        for path in pictures[:1]:
            if _previews.make(outputs / path, target):
                stem = path.rpartition(".")[0].replace("/", "_")
                return target, f"{stem}_thumbnail.png"
        return None


def _state(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns, found.st_ino


def _files_below(folder: Path) -> list[str]:
    """Regular files below ``folder``, as relative paths with ``/``, sorted. Links do not count."""
    found: list[str] = []
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in names:
            path = Path(parent, name)
            if path.is_file() and not path.is_symlink():
                found.append(path.relative_to(folder).as_posix())
    return sorted(found)
