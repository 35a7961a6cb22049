"""Runs on a Dask worker: one attempt at a task a call, in a folder of its own."""

import asyncio
import contextlib
import math
import os
import pickle
import shutil
import signal
import sys
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal, NoReturn

from distributed import Worker, WorkerPlugin, get_worker
from openjd.sessions import LOG, ActionState, ActionStatus, _subprocess

from batchapps_service import _previews, _work
from batchapps_service._attempts import Attempt, Produced, Result, WorkerDied
from batchapps_service._processes import Command, adopt_orphans, end_all
from batchapps_service._sessions import ActionFailed, TaskSession, open_session, plan_of
from batchapps_service._store import Store, hash_file
from batchapps_service._tasklogs import TaskLog
from batchapps_service._taskoutput import Sink, router
from batchapps_service._templates import task_parameters

KEPT_VARIABLES = frozenset({"SYSTEMROOT", "COMSPEC", "PATHEXT", "WINDIR", "NUMBER_OF_PROCESSORS"})
"""What Windows programs cannot do without."""
LOOK_SECONDS = 1.0
"""How often a task's memory is looked at, where it has a limit."""


class Setup(WorkerPlugin):
    """Prepares a worker process: a clean environment, and the tasks' output on its way."""

    name = "batchapps"

    def setup(self, worker: Worker) -> None:
        """Called by Dask in each new worker."""
        with contextlib.suppress(ValueError):  # not in the main thread
            # Ctrl-C reaches all of a terminal's processes; the service ends its workers itself.
            # A handler, as tasks would inherit that the signal is ignored.
            signal.signal(signal.SIGINT, lambda _number, _frame: None)
        worker.http_server.stop()  # it serves nothing
        adopt_orphans()
        _subprocess.__dict__["Popen"] = Command  # it offers no other way to have a hand in that
        os._exit = partial(_exit, os._exit)
        _clean_environment()
        LOG.propagate = False
        if router not in LOG.handlers:
            LOG.addHandler(router)
        router.start(worker)


def _exit(leave: Callable[[int], NoReturn], status: int) -> NoReturn:
    """Dask ends a worker by ``os._exit`` when its service has died: its tasks end first."""
    end_all()
    leave(status)


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


# Sessions with environments wait here for the step's next task. Entering an environment can
# take seconds, so it is done once a worker thread and step.
_idle: dict[tuple[str, str], list[TaskSession]] = {}
_running: "dict[str, _Run]" = {}  # by mark
_lock = threading.Lock()


_closing = asyncio.Lock()
"""Held while sessions are closed, so that whoever closes all of a job waits for those of a step."""


# These two take time, and the worker's event loop must go on: a worker that is silent is given up.


async def cancel(job_id: str, task_ids: list[int] | None = None) -> None:
    """Stop running tasks of a job, all or some, with everything they started."""
    await asyncio.to_thread(_cancel, job_id, task_ids)


async def close_sessions(job_id: str, step: str | None = None) -> None:
    """Leave the environments that a job's finished tasks, or a step's, ran in."""
    async with _closing:
        await asyncio.to_thread(_close_sessions, job_id, step)


def _cancel(job_id: str, task_ids: list[int] | None) -> None:
    with _lock:
        runs = [
            run
            for run in _running.values()
            if run.attempt.job_id == job_id and (not task_ids or run.attempt.task_id in task_ids)
        ]
    for run in runs:
        run.cancel()


def _close_sessions(job_id: str, step: str | None) -> None:
    with _lock:
        keys = [key for key in _idle if key[0] == job_id and step in (None, key[1])]
        sessions = [one for key in keys for one in _idle.pop(key)]
    for one in sessions:
        one.close(Sink(job_id, 0))


def run(attempt: Attempt) -> None:
    """Run an attempt to its end, which is an event. The job's folder must be laid out."""
    started, worker = time.monotonic(), get_worker()
    this = _Run(attempt)
    try:
        _work.begun(Path(attempt.root, "work"), attempt.job_id, attempt.mark).touch(exist_ok=False)
    except FileExistsError:  # Dask runs it again, as its worker went away
        raise WorkerDied from None
    router.post(this.sink, "started", f"worker-{worker.name}")
    with _lock:
        _running[attempt.mark] = this
    try:
        outcome = this.result()
        outcome.outputs += this.printed(outcome.message)
    finally:
        this.log.discard()
        with _lock:
            del _running[attempt.mark]
    seconds = time.monotonic() - started
    result = Result(outcome.status, seconds, outcome.exit_code, outcome.message, outcome.outputs)
    # An event, as those are pushed. What is fetched is lost with its worker, and whoever fetches
    # waits for a worker that hangs.
    router.send(worker, this.sink, "ended", pickle.dumps((attempt.mark, result)))


@dataclass
class _Outcome:
    status: Literal["Complete", "Error", "Cancelled"]
    exit_code: int | None = None
    message: str | None = None
    outputs: list[Produced] = field(default_factory=list)


class TooMuch(Exception):
    """A task left more than it may."""


class _Run:
    """One attempt, from the laid-out folder to outputs in the store."""

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt
        self._root = Path(attempt.root)
        self._store = Store(self._root / "store")
        folder = _work.job_folder(self._root / "work", attempt.job_id)
        self.log = TaskLog(self._store, folder, attempt.limits.max_task_log_bytes)
        self.sink = Sink(attempt.job_id, attempt.task_id, log=self.log)
        self._opened: TaskSession | None = None
        self._cancelled = False
        self._exceeded: str | None = None
        """Which limit, in words."""

    def cancel(self) -> None:
        """Stop it, from another thread."""
        self._cancelled = True
        if self._opened is not None:
            self._opened.stop()

    def result(self) -> _Outcome:
        opened: TaskSession | None = None
        keep = False
        try:
            opened = self._session()
            self._progress_to(opened)
            self._opened = opened
            self._stop_if_cancelled()
            with router.routed(opened.session._session_id, self.sink):
                staged = self._stage(opened.outputs)
                self._enter(opened)
                status = self._run_task(opened)
            outputs = self._collect(opened.outputs, staged)
            keep = bool(opened.entered)
            return _Outcome("Complete", status.exit_code, None, outputs)
        except TooMuch as refusal:
            return _Outcome("Error", None, f"The task failed: {refusal}")
        except ActionFailed as failure:
            if self._exceeded:
                return _Outcome("Error", failure.exit_code, f"The task failed: {self._exceeded}")
            if self._cancelled or failure.cancelled:
                return _Outcome("Cancelled", failure.exit_code, "The task was cancelled.")
            return _Outcome("Error", failure.exit_code, str(failure))
        finally:
            if opened is not None:
                self._release(opened, keep)

    def printed(self, message: str | None) -> list[Produced]:
        """What it printed and why it failed, as an output; none where there is neither."""
        if message:
            self.log.add(message)
        content = self.log.finish()
        name = f"task_{self.attempt.task_id}_attempt_{self.attempt.number}.log"
        return [Produced(name, "TaskLog", content.digest, content.size, True)] if content else []

    def _session(self) -> TaskSession:
        attempt = self.attempt
        with _lock:
            waiting = _idle.get((attempt.job_id, attempt.step))
            if waiting:
                return waiting.pop()
        folder = _work.job_folder(self._root / "work", attempt.job_id)
        name = f"{attempt.task_id}-{attempt.number}-{uuid.uuid4().hex[:8]}"
        return open_session(attempt, self._root, folder / name)

    def _progress_to(self, opened: TaskSession) -> None:
        last = 0

        def report(percent: int) -> None:
            nonlocal last
            if percent != last:
                last = percent
                router.post(self.sink, "progress", percent)

        opened.progress = report

    def _release(self, opened: TaskSession, keep: bool) -> None:
        if not keep:
            opened.close(self.sink)
            return
        for path in list(opened.outputs.iterdir()):
            _work.remove(path) if path.is_dir() else path.unlink()
        with _lock:
            _idle.setdefault((self.attempt.job_id, self.attempt.step), []).append(opened)

    def _stage(self, outputs: Path) -> dict[str, tuple[str, tuple[int, int, int]]]:
        """Put earlier outputs into the output folder; their digests and file states, by path."""
        if plan_of(self._root, self.attempt.job_id).works_in_place:
            source = _work.job_folders(self._root / "work", self.attempt.job_id).inputs
            shutil.copytree(source, outputs, copy_function=shutil.copyfile, dirs_exist_ok=True)
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

    def _enter(self, opened: TaskSession) -> None:
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

    def _run_task(self, opened: TaskSession) -> ActionStatus:
        self._stop_if_cancelled()
        run_task = partial(
            opened.session.run_task,
            step_script=opened.step.script,
            task_parameter_values=task_parameters(self.attempt.parameters),
            log_task_banner=False,
            step_name=self.attempt.step,
            resolved_symtab=opened.symbols,
        )
        if opened.entered:
            opened.family.keep()
        limits, ended = self.attempt.limits, threading.Event()
        if limits.max_task_seconds or limits.max_task_memory_bytes:
            threading.Thread(target=self._watch, args=[opened, ended], daemon=True).start()
        try:
            return opened.act("The task", run_task, self.sink)
        finally:
            ended.set()
            # What the task leaves running ends with it, but not what its environments started.
            opened.family.end()

    def _watch(self, opened: TaskSession, ended: threading.Event) -> None:
        """Stop the task when it takes more time or memory than it may."""
        limits = self.attempt.limits
        seconds, most = limits.max_task_seconds, limits.max_task_memory_bytes
        end = time.monotonic() + (seconds or math.inf)
        while not self._exceeded:
            rest = end - time.monotonic()
            if ended.wait(min(rest, LOOK_SECONDS if most else threading.TIMEOUT_MAX)):
                return
            if time.monotonic() >= end:
                self._exceeded = f"it took longer than the {seconds} s that it may take."
            elif most and (used := opened.family.memory(most)) > most:
                self._exceeded = f"it used {used} bytes of memory, and may use {most}."
        if not ended.is_set():
            opened.stop()

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
        self._check_size(outputs, changed)
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

    def _check_size(self, outputs: Path, paths: list[str]) -> None:
        files, most = self.attempt.limits.max_output_files, self.attempt.limits.max_output_bytes
        if 0 < files < len(paths):
            raise TooMuch(f"it left {len(paths)} files, and may leave {files}.")
        if most and (size := sum((outputs / path).stat().st_size for path in paths)) > most:
            raise TooMuch(f"it left {size} bytes, and may leave {most}.")

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
