"""The tasks of jobs in progress: handed to the pools, followed, and judged when they have ended."""

import pickle
import threading
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import partial
from typing import Protocol

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from batchapps_service import _fence, _times, _work
from batchapps_service._attempts import Attempt, Event, Limits, Result, WorkerDied
from batchapps_service._database import Job, Task
from batchapps_service._datadir import DataDirectory
from batchapps_service._errors import is_full
from batchapps_service._finals import laid_out, record_outputs
from batchapps_service._notes import Notes
from batchapps_service._poolruns import Change, Helpers, PoolRun, PoolRuns
from batchapps_service._processes import kill_left
from batchapps_service._runs import RETRY_EXIT_CODE, JobRun, Running

MOST_RETURNS = 20
"""A task that never began, though its worker died so often, is tried like one that did."""


@dataclass
class Ended:
    """An attempt that Dask has no more."""

    run: JobRun
    running: Running
    pool: PoolRun
    error: Exception | None


News = Change | Ended | list[Event]
"""What the engine's thread is told."""


class Host(Helpers, Protocol):
    """Whom the tasks belong to."""

    def post(self, news: News) -> None:
        """Tell the engine's thread; from any."""

    def settle(self, session: Session, run: JobRun) -> None:
        """End the job when nothing of it runs and nothing more can."""


class TaskRuns:
    """All tasks in progress. Used by the engine's thread alone."""

    def __init__(
        self,
        directory: DataDirectory,
        engine: Host,
        jobs: Mapping[str, JobRun],
        pools: PoolRuns,
        notes: Notes,
    ) -> None:
        self._directory = directory
        self._database = directory.database
        self._mark = directory.mark
        self._engine = engine
        self._jobs = jobs
        self._pools = pools
        self._notes = notes

    def dispatch(self) -> None:
        """Hand over as many tasks as the pools have room for."""
        for pool in self._pools.all():
            runs = [run for run in self._jobs.values() if run.pool_id == pool.id]
            for run in sorted(runs, key=lambda run: (run.priority, run.number)):
                # What is less urgent is no hindrance: Dask lets it wait.
                urgent = sum(len(one.active) for one in runs if one.priority <= run.priority)
                if (room := pool.room(urgent)) <= 0:
                    break
                self._start_tasks(run, pool, room)

    def stop(self, run: JobRun, attempts: list[Running]) -> None:
        """Take back attempts that were not begun, and end the others."""
        pool = self._pools.get(run.pool_id)
        if not attempts or pool is None or pool.cluster is None:
            return
        queued = [one for one in attempts if not one.started]
        for one in queued:
            one.withdrawn = True
        pool.cluster.withdraw([one.future for one in queued if one.future])
        # The queued ones too: they may have begun just now.
        pool.cluster.stop_tasks(run.id, [one.task_id for one in attempts])

    def _start_tasks(self, run: JobRun, pool: PoolRun, room: int) -> None:
        chosen: list[tuple[int, str]] = []
        suspect = None
        if run.suspects and not run.held and not run.cancelling and not self._suspect_runs(pool):
            chosen.append(run.suspects.popleft())
            suspect = chosen[0][0]
        while len(chosen) < room and (step := run.ready_step()) is not None:
            chosen.append((run.waiting[step].popleft(), step))
        if not chosen:
            return
        try:
            attempts = self._attempts(run, chosen)
        except Exception:
            for task_id, step in reversed(chosen):
                run.waiting[step].appendleft(task_id)
            raise
        assert pool.cluster is not None
        these = {}
        for attempt in attempts:
            running = Running(attempt.task_id, attempt.step, attempt.mark)
            running.suspect = attempt.task_id == suspect
            these[attempt.mark] = run.active[attempt.task_id] = running
            run.attempts[attempt.task_id] = attempt.number
            run.tries[attempt.task_id] += 1

        def on_end(attempt: Attempt, error: Exception | None) -> None:
            self._engine.post(Ended(run, these[attempt.mark], pool, error))

        pool.active += len(attempts)
        futures = pool.cluster.submit(attempts, -run.priority, on_end)
        for running, future in zip(these.values(), futures, strict=True):
            running.future = future

    def _suspect_runs(self, pool: PoolRun) -> bool:
        runs = [run for run in self._jobs.values() if run.pool_id == pool.id]
        return any(one.suspect for run in runs for one in run.active.values())

    def _attempts(self, run: JobRun, chosen: Iterable[tuple[int, str]]) -> list[Attempt]:
        steps = dict(chosen)
        settings = self._directory.settings
        limits = Limits(**{one.name: getattr(settings, one.name) for one in fields(Limits)})
        with self._database.read() as session:
            query = select(Task.id, Task.parameters).where(
                Task.job_id == run.id, Task.id.in_(steps)
            )
            parameters = {row.id: row.parameters for row in session.execute(query)}
            for step in set(steps.values()):
                if step not in run.earlier:
                    run.earlier[step] = laid_out(session, run.id, step, run.ancestors)
        return [
            Attempt(
                root=str(self._directory.root),
                mark=f"{self._mark}:{run.id}:{task_id}:{uuid.uuid4().hex[:12]}",
                job_id=run.id,
                task_id=task_id,
                number=run.attempts.get(task_id, 0) + 1,
                step=step,
                parameters=parameters[task_id],
                earlier=run.earlier[step],
                preview=True,
                limits=limits,
                fenced=settings.fence_tasks and _fence.is_possible(),
            )
            for task_id, step in steps.items()
        ]

    def apply_events(self, session: Session, events: list[Event]) -> None:
        """What workers told of tasks."""
        for job_id, task_id, kind, value in events:
            run = self._jobs.get(job_id)
            if kind == "line":
                self._notes.line(job_id, task_id or None, str(value))
            elif run is None or task_id not in run.active:
                continue
            elif kind == "started":
                self._started(session, run, run.active[task_id], str(value))
            elif isinstance(value, bytes):
                mark, result = pickle.loads(value)  # noqa: S301 - from a worker of our own
                if run.active[task_id].mark == mark:
                    run.active[task_id].result = result
            elif kind == "progress":
                run.progress[task_id] = min(max(int(value), 0), 100)
                self._notes.task(job_id, task_id, progress=run.progress[task_id])
                self._notes.percent(run)

    def _started(self, session: Session, run: JobRun, running: Running, worker: str) -> None:
        running.started = True
        task_id = running.task_id
        number = run.attempts[task_id]
        values = {"status": "InProgress", "started": _times.now(), "attempts": number}
        self._notes.task(run.id, task_id, worker=worker, **values)
        again = f", attempt {number}" if number > 1 else ""
        text = f"Task {task_id} ({running.step}) started on {worker}{again}."
        self._notes.line(run.id, task_id, text)
        if not run.started:
            run.started = True
            self._notes.changed.add(run.id)
            this, now = update(Job).where(Job.id == run.id), _times.now()
            session.execute(this.where(Job.started.is_(None)).values(started=now))
            session.execute(this.where(Job.status == "NotStarted").values(status="InProgress"))

    def ended(self, session: Session, ended: Ended) -> None:
        """An attempt has ended: record what it came to, and go on with the job."""
        run, task_id, step = ended.run, ended.running.task_id, ended.running.step
        if self._jobs.get(run.id) is not run:  # of before the engine started over
            return
        outcome = ended.running.result or ended.error or WorkerDied()
        del run.active[task_id]
        run.progress.pop(task_id, None)
        came_to_nothing = not isinstance(outcome, Result) or outcome.status == "Cancelled"
        lost = isinstance(outcome, WorkerDied) and not ended.running.started
        work, mark = self._directory.work, ended.running.mark
        if lost and _work.begun(work, run.id, mark).exists():  # it died before it could tell
            self._started(session, run, ended.running, "a worker")
            lost = False
        # Put on hold, or lost with the worker behind whose task it waited, which is not its fault.
        back = ended.running.withdrawn or (lost and run.returned[task_id] < MOST_RETURNS)
        run.returned[task_id] += lost
        if back and came_to_nothing and not run.cancelling:
            run.tries[task_id] -= 1
            run.attempts[task_id] -= not ended.running.started
            run.waiting[step].appendleft(task_id)
            self._notes.task(run.id, task_id, status="NotStarted", progress=0)
        else:
            self._judge(session, ended, outcome)
        self._notes.percent(run)
        self._engine.settle(session, run)
        if ended.pool.size > ended.pool.target:
            self._pools.resize(ended.pool)

    def _judge(self, session: Session, ended: Ended, outcome: Result | Exception) -> None:
        """Write down what an attempt came to, and whether there is another."""
        run, task_id, step = ended.run, ended.running.task_id, ended.running.step
        retryable, pause = False, 0.0
        if isinstance(outcome, Result):
            ended.pool.took(outcome.seconds)
            result, pause = outcome, self._directory.settings.retry_seconds
            retryable = result.status == "Error" and result.exit_code == RETRY_EXIT_CODE
            if not all(map(self._directory.store.holds, {one.digest for one in result.outputs})):
                # They had lain there so long that they were taken for garbage; see _collect.
                text = "its outputs were removed before they were listed."
                result, retryable = Result("Error", result.seconds, None, text), True
        elif run.cancelling:
            result = Result("Cancelled", 0.0)
        elif isinstance(outcome, WorkerDied):
            kill_left(ended.running.mark)
            result, retryable = Result("Error", 0.0, None, "its worker ended unexpectedly."), True
        else:
            result = Result("Error", 0.0, None, f"the service could not run it: {outcome}")
            retryable, pause = is_full(outcome), self._directory.settings.retry_seconds
        again = retryable and run.tries[task_id] < self._directory.settings.max_attempts
        self._record(session, run, task_id, step, result, again=again)
        shared = isinstance(outcome, WorkerDied) and ended.pool.threads > 1
        if again and shared and run.tries[task_id] > 1:
            # One at a time: so the one that kills its worker takes none along to its last try.
            run.suspects.append((task_id, step))
        elif again:
            self._again(run, task_id, step, pause * 2 ** (run.tries[task_id] - 1))

    def _again(self, run: JobRun, task_id: int, step: str, pause: float) -> None:
        """Queue a task again, now or after a pause of so many seconds."""
        if not pause:
            run.waiting[step].appendleft(task_id)
            return

        def paused(_session: Session) -> None:
            # Unless it was cancelled or requeued meanwhile, or the engine started over.
            if self._jobs.get(run.id) is run and task_id in run.pausing:
                run.pausing.discard(task_id)
                run.waiting[step].append(task_id)

        run.pausing.add(task_id)
        timer = threading.Timer(pause, self._engine.post, [paused])
        timer.daemon = True
        timer.start()

    def _record(
        self, session: Session, run: JobRun, task_id: int, step: str, result: Result, *, again: bool
    ) -> None:
        self._notes.task(
            run.id,
            task_id,
            status="NotStarted" if again else result.status,
            completed=None if again else _times.now(),
            exit_code=result.exit_code,
            message=result.message,
            attempts=run.attempts[task_id],
            progress=100 if result.status == "Complete" else 0,
        )
        if result.outputs:
            record_outputs(session, run.id, task_id, result.outputs)
        if result.status == "Complete":
            run.done += 1
            run.unfinished[step] -= 1
            text = f"Task {task_id} ({step}) complete after {result.seconds:.1f} s."
        else:
            run.failed = run.failed or not again
            ending = "was cancelled" if result.status == "Cancelled" else "failed"
            text = f"Task {task_id} ({step}) {ending}"
            text += f": {result.message}" if result.message else "."
            if again:
                text += f" Attempt {run.attempts[task_id]}; it is tried again."
        self._notes.line(run.id, task_id, text)
        pool = self._pools.get(run.pool_id)
        done = run.has_environments and not run.unfinished[step]
        if done and pool is not None and pool.cluster is not None:
            self._engine.after_commit(partial(pool.cluster.close_step, run.id, step))
