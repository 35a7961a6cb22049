"""The engine: takes jobs from the database to their end.

One thread owns all that is in progress. Requests, workers' events and ended attempts reach it
through a queue; what it takes from the queue at once it writes in one transaction. What takes
time (starting workers, laying out files, zipping outputs) is done by helper threads, which post
their results to the same queue. Whatever is in memory here can be made again from the database,
and is, when the service starts.
"""

import logging
import pickle
import queue
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import partial
from importlib import import_module
from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from batchapps_service import _contents, _fence, _joblog, _jobtypes, _times, _work
from batchapps_service._attempts import Attempt, Event, Limits, Result, WorkerDied
from batchapps_service._database import Job, JobFile, JobType, Pool, Task
from batchapps_service._datadir import DataDirectory
from batchapps_service._errors import NotNow, is_full
from batchapps_service._finals import laid_out, make_final, record_outputs
from batchapps_service._notes import Notes
from batchapps_service._poolruns import Change, PoolRun, PoolRuns
from batchapps_service._processes import WORKER, adopt_orphans, kill_left, wait_for_end
from batchapps_service._runs import RETRY_EXIT_CODE, JobRun, Running
from batchapps_service._templates import Plan, Submission

if TYPE_CHECKING:
    from batchapps_service._cluster import Cluster

log = logging.getLogger("batchapps_service.engine")

UNFINISHED = ("NotStarted", "InProgress", "Cancelling", "OnHold")
NO_OUTPUT = "The job's output could not be put together"
SPLIT_PIECE = 5000
"""Tasks written in one transaction when a job is split."""
MOST_RETURNS = 20
"""A task that never began, though its worker died so often, is tried like one that did."""
PAUSE = 5
"""Seconds until a helper tries again that found the disk full or the database locked."""
BATCH = 1000
"""Things taken from the queue for one transaction."""
PACE = 0.03
"""Seconds between transactions for what tasks do, so that what comes in quick succession shares."""


@dataclass
class _Ended:
    run: JobRun
    running: Running
    pool: PoolRun
    error: Exception | None


_News = Change | _Ended | list[Event]


class Engine:
    """Runs the jobs of a data directory. Its public methods may be called by any thread."""

    def __init__(
        self, directory: DataDirectory, on_change: Callable[[Collection[str]], None]
    ) -> None:
        self._directory = directory
        self._database = directory.database
        self._mark = directory.mark
        self._queue: queue.SimpleQueue[_News | None] = queue.SimpleQueue()
        # Some wait long: until the environments of a job are left.
        self._helpers = ThreadPoolExecutor(16, thread_name_prefix="batchapps-helper")
        self._thread = threading.Thread(target=self._loop, name="batchapps-engine")
        self._jobs: dict[str, JobRun] = {}
        self._preparing: set[str] = set()
        self._pools = PoolRuns(directory, self, self._events)
        self._commissions: list[Callable[[], object]] = []
        self._notes = Notes()
        self._on_change = on_change
        self._changed: set[str] = set()
        """Jobs with another status than before the transaction."""
        self._folders = threading.Lock()
        """Held while a job's folder is laid out or removed."""
        self._leaving: set[Cluster] = set()
        """Closed when the environments of their last job have been left."""
        self._stopping = False

    # --- from outside ---

    def start(self) -> None:
        """Begin, where the service left off."""
        if self._directory.settings.fence_tasks and not _fence.is_possible():
            log.warning("tasks can read the data directory: this system has no Landlock")
        adopt_orphans()
        self._queue.put(self._recover)
        self._thread.start()

    def stop(self) -> None:
        """End all tasks and workers; unfinished jobs go on at the next start."""
        self._stopping = True
        self._queue.put(None)
        if self._thread.ident is not None:
            self._thread.join()
        self._helpers.shutdown(wait=False, cancel_futures=True)
        self._close_clusters()  # some helpers wait for what runs there
        self._helpers.shutdown()
        self._close_clusters()  # which helpers were starting
        kill_left(self._mark)

    def _close_clusters(self) -> None:
        clusters = {pool.cluster for pool in self._pools.all() if pool.cluster} | self._leaving
        closing = [threading.Thread(target=cluster.close) for cluster in clusters]
        for one in closing:
            one.start()
        for one in closing:
            one.join()

    def job_changed(self, job_id: str) -> None:
        """A job was submitted, cancelled or requeued; the database says which."""
        self._on_change([job_id])
        self._queue.put(lambda session: self._job_changed(session, job_id))

    def task_cancelled(self, job_id: str, task_id: int) -> None:
        """A running task is to be stopped."""
        self._queue.put(lambda _session: self._stop_task(job_id, task_id))

    def pool_changed(self, pool_id: str) -> None:
        """A pool was made, resized or deleted; the database says which."""
        self._queue.put(lambda session: self._pools.changed(session, pool_id))

    # --- the engine's thread ---

    def _loop(self) -> None:
        next_at = 0.0
        while True:
            batch: list[_News | None] = [self._queue.get()]
            if isinstance(batch[0], _Ended | list):
                time.sleep(max(0.0, next_at - time.monotonic()))
            next_at = time.monotonic() + PACE
            while len(batch) < BATCH and not self._queue.empty():
                batch.append(self._queue.get())
            if self._stopping or None in batch:
                return
            try:
                self._apply([one for one in batch if one is not None])
                self._dispatch()
            except Exception:
                log.exception("the engine takes its jobs up again from the database")
                self._start_over()

    def _apply(self, batch: list[_News]) -> None:
        for one in batch:
            if isinstance(one, _Ended):
                one.pool.active -= 1
        while not self._stopping:
            try:
                return self._write(batch)
            except NotNow as error:  # nothing was changed yet, and tasks go on meanwhile
                log.warning("the engine waits: %s", error)
                time.sleep(1)

    def _write(self, batch: list[_News]) -> None:
        self._commissions.clear()
        self._changed = set()
        self._notes = Notes()
        try:
            with self._database.write() as session:
                for change in batch:
                    if isinstance(change, _Ended):
                        self._task_ended(session, change)
                    elif isinstance(change, list):
                        self._apply_events(session, change)
                    else:
                        change(session)
                self._notes.write(session)
            if self._changed:
                self._on_change(self._changed)
        finally:
            # Also after a failure: memory is ahead then, and waits for what they come to.
            for work in self._commissions:
                self._helpers.submit(work)

    def _recover(self, session: Session) -> None:
        """Take up what an earlier run of the service left."""
        # Workers end their tasks before they go; they may begin what waits with them till then.
        wait_for_end(f"{self._mark}:{WORKER}")
        killed = kill_left(self._mark)
        if killed:
            log.warning("ended %d processes that an earlier run had left", killed)
        _work.clear(self._directory.work)
        session.execute(update(Pool).values(current=0, allocation_state="steady"))
        self._resume(session)
        # Dask takes a moment to load: after the service is ready, and before the first job.
        self.after_commit(lambda: import_module("batchapps_service._cluster"))

    def _start_over(self) -> None:
        """Forget what is in progress and take it up again from the database.

        The way out when a transaction failed (the disk was full after all, say): memory is ahead
        of it then.
        """
        for run in self._jobs.values():
            self._stop(run, list(run.active.values()))
        self._jobs.clear()
        time.sleep(1)
        self._queue.put(self._resume)

    def _resume(self, session: Session) -> None:
        own = session.scalars(select(Pool.id).where(Pool.auto.is_(False))).all()
        for pool_id in {*own, *(pool.id for pool in self._pools.all())}:
            self._pools.changed(session, pool_id)
        unfinished = select(Job.id).where(Job.status.in_(UNFINISHED)).order_by(Job.number)
        for job_id in session.scalars(unfinished).all():
            if job_id not in self._jobs and job_id not in self._preparing:
                running = Task.job_id == job_id, Task.status == "InProgress"
                session.execute(update(Task).where(*running).values(status="NotStarted"))
                self._job_changed(session, job_id)

    def after_commit(self, work: Callable[[], object]) -> None:
        """Have a helper thread do ``work``, which may read what this transaction writes."""
        self._commissions.append(work)

    def help(self, work: Callable[[], Change], on_error: Callable[[Exception], Change]) -> None:
        """Do ``work`` in a helper thread; what it returns is then done in the engine's."""

        def helper() -> None:
            try:
                change = work()
            except Exception as error:
                if self._stopping:
                    return
                if isinstance(error, NotNow) or is_full(error):
                    log.warning("a helper tries again in %d s: %s", PAUSE, error)
                    timer = threading.Timer(
                        PAUSE, self._queue.put, [lambda _session: self.after_commit(helper)]
                    )
                    timer.daemon = True
                    timer.start()
                    return
                log.exception("a helper failed")
                change = on_error(error)
            self._queue.put(change)

        self.after_commit(helper)

    # --- jobs ---

    def _job_changed(self, session: Session, job_id: str) -> None:
        job = session.scalar(select(Job).where(Job.id == job_id))
        if job is None:
            return
        run = self._jobs.get(job_id)
        if job.status == "Cancelling":
            if run is not None:
                self._cancel(session, run)
            elif job_id not in self._preparing:
                self._end(session, job_id, job.pool_id, "Cancelled", "The job was cancelled.")
        elif run is not None:
            run.held = job.status == "OnHold"
            if run.held:
                self._stop(run, [one for one in run.active.values() if not one.started])
            else:  # resumed, perhaps with tasks that were requeued
                self._notes.write(session)
                self._fill(session, run)
                run.started = False
                self._settle(session, run)
        elif job_id not in self._preparing and job.status in UNFINISHED:
            self._preparing.add(job_id)
            self._pools.changed(session, job.pool_id)
            self.help(
                lambda: self._prepare(job),
                partial(self._helper_failed, job.id, job.pool_id, "The job could not be split"),
            )

    def _prepare(self, job: Job) -> Change:
        """Split the job, unless that was done, and lay out its files (in a helper thread)."""
        directory, folders = self._directory, _work.job_folders(self._directory.work, job.id)
        with self._database.read() as session:
            jobtype = session.get_one(JobType, job.jobtype_id)
            query = select(JobFile).where(JobFile.job_id == job.id).order_by(JobFile.position)
            files = [(one.path, one.digest) for one in session.scalars(query)]
        bundle = _jobtypes.load(directory, jobtype)
        submission = Submission(job.parameters, [path for path, _ in files], job.job_file)
        plan = bundle.plan(submission, folders)
        definition = _work.JobDefinition(bundle.folder, plan.saved_values())
        with self._folders:
            copy_out = partial(_contents.copy_out, directory.store, directory.database)
            _work.prepare(directory.work, job.id, definition, files, copy_out)
        if job.task_count is None:
            self._split(job, plan)
        run = JobRun(
            job.id,
            job.number,
            job.name,
            JobRun.order(job.priority),
            job.pool_id,
            plan.task_count(),
            plan.merge,
            {step.name: plan.ancestors(step.name) for step in plan.steps},
        )
        new = job.task_count is None
        if new:  # nobody changes its tasks yet, and of many, this takes a while
            with self._database.read() as session:
                self._fill(session, run)
        return lambda session: self._prepared(session, run, filled=new)

    def _fill(self, session: Session, run: JobRun) -> None:
        columns = Task.id, Task.step, Task.status, Task.attempts
        query = select(*columns).where(Task.job_id == run.id).order_by(Task.id)
        run.fill(row.tuple() for row in session.execute(query))

    def _split(self, job: Job, plan: Plan) -> None:
        counts: Counter[str] = Counter()
        with self._database.write() as session:
            # Of a split that was broken off; the task count is written last.
            session.execute(delete(Task).where(Task.job_id == job.id))
        tasks = enumerate(plan.tasks(), 1)
        # In pieces, between which others may write.
        while piece := list(islice(tasks, SPLIT_PIECE)):
            common = {"job_id": job.id, "status": "NotStarted", "progress": 0, "attempts": 0}
            rows = [
                {**common, "id": number, "step": step, "parameters": parameters}
                for number, (step, parameters) in piece
            ]
            counts.update(step for _, (step, _) in piece)
            with self._database.write() as session:
                session.execute(insert(Task), rows)
        total = sum(counts.values())
        listed = ", ".join(f"{step}: {count}" for step, count in counts.items())
        with self._database.write() as session:
            found = update(Job).where(Job.id == job.id)
            merge = total if plan.merge else None
            session.execute(found.values(task_count=total, merge_task=merge))
            _joblog.append(session, job.id, [(None, f"Split into {total} tasks ({listed}).")])

    def _prepared(self, session: Session, run: JobRun, *, filled: bool) -> None:
        self._preparing.discard(run.id)
        self._jobs[run.id] = run
        if not filled:
            self._fill(session, run)
        status = session.scalar(select(Job.status).where(Job.id == run.id))
        run.held = status == "OnHold"
        if status == "Cancelling":
            self._cancel(session, run)
        else:
            self._settle(session, run)

    def _helper_failed(self, job_id: str, pool_id: str, what: str, error: Exception) -> Change:
        def change(session: Session) -> None:
            self._preparing.discard(job_id)
            self._end(session, job_id, pool_id, "Error", f"{what}: {error}")

        return change

    def _cancel(self, session: Session, run: JobRun) -> None:
        run.cancelling = True
        self._stop(run, list(run.active.values()))
        self._settle(session, run)

    def _stop_task(self, job_id: str, task_id: int) -> None:
        run = self._jobs.get(job_id)
        if run and task_id in run.active:
            self._stop(run, [run.active[task_id]])

    def _stop(self, run: JobRun, attempts: list[Running]) -> None:
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

    def _settle(self, session: Session, run: JobRun) -> None:
        """End the job when nothing of it runs and nothing more can."""
        if not run.idle or run.id not in self._jobs:
            return
        self._notes.write(session)
        if run.cancelling:
            waiting = Task.job_id == run.id, Task.status == "NotStarted"
            session.execute(update(Task).where(*waiting).values(status="Cancelled"))
            self._end(session, run.id, run.pool_id, "Cancelled", "The job was cancelled.")
        elif run.failed or any(run.unfinished.values()):
            failed = sum(run.unfinished.values()) - sum(map(len, run.waiting.values()))
            text = f"The job failed: {failed} of {run.task_count} tasks did not succeed."
            self._end(session, run.id, run.pool_id, "Error", text)
        else:
            del self._jobs[run.id]
            self._preparing.add(run.id)  # until the output is made
            self.help(
                lambda: make_final(self._directory, run.id, self._completed(run)),
                partial(self._helper_failed, run.id, run.pool_id, NO_OUTPUT),
            )

    def _completed(self, run: JobRun) -> Change:
        def change(session: Session) -> None:
            self._preparing.discard(run.id)
            status = session.scalar(select(Job.status).where(Job.id == run.id))
            if status == "Cancelling":
                self._end(session, run.id, run.pool_id, "Cancelled", "The job was cancelled.")
            else:
                self._end(session, run.id, run.pool_id, "Complete", "The job is complete.")

        return change

    def _end(self, session: Session, job_id: str, pool_id: str, status: str, text: str) -> None:
        self._jobs.pop(job_id, None)
        self._changed.add(job_id)
        self._notes.write(session)
        values: dict[str, Any] = {"status": status, "completed": _times.now()}
        if status == "Complete":
            values["percent"] = 100
        session.execute(update(Job).where(Job.id == job_id).values(**values))
        _joblog.append(session, job_id, [(None, text)])
        log.info("job %s: %s", job_id, status)
        pool, row = self._pools.get(pool_id), session.get(Pool, pool_id)
        cluster = pool.cluster if pool is not None else None
        own = row is not None and row.auto
        if row is not None and own:
            if pool is not None and cluster is not None:
                pool.cluster = None
                self._leaving.add(cluster)
            session.delete(row)
            session.flush()
            self._pools.changed(session, pool_id)
        self.after_commit(partial(self._clean_up, job_id, cluster, own))

    def _clean_up(self, job_id: str, cluster: "Cluster | None", own: bool) -> None:
        if cluster is not None:
            cluster.close_sessions(job_id)
            if own:
                cluster.close()
                self._leaving.discard(cluster)
        with self._folders:
            if job_id in self._preparing or job_id in self._jobs:
                return  # requeued meanwhile
            kill_left(f"{self._mark}:{job_id}:")
            _work.remove(_work.job_folder(self._directory.work, job_id))

    # --- tasks ---

    def _dispatch(self) -> None:
        for pool in self._pools.all():
            runs = [run for run in self._jobs.values() if run.pool_id == pool.id]
            for run in sorted(runs, key=lambda run: (run.priority, run.number)):
                # What is less urgent is no hindrance: Dask lets it wait.
                urgent = sum(len(one.active) for one in runs if one.priority <= run.priority)
                if (room := pool.room(urgent)) <= 0:
                    break
                self._start_tasks(run, pool, room)

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
            self._queue.put(_Ended(run, these[attempt.mark], pool, error))

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

    def _events(self, events: list[Event]) -> None:
        """Called by Dask's thread."""
        self._queue.put(events)

    def _apply_events(self, session: Session, events: list[Event]) -> None:
        for job_id, task_id, kind, value in events:
            run = self._jobs.get(job_id)
            if kind == "line":
                self._notes.line(job_id, task_id or None, str(value))
            elif run is None or task_id not in run.active:
                continue
            elif kind == "started":
                self._task_started(session, run, run.active[task_id], str(value))
            elif isinstance(value, bytes):
                mark, result = pickle.loads(value)  # noqa: S301 - from a worker of our own
                if run.active[task_id].mark == mark:
                    run.active[task_id].result = result
            elif kind == "progress":
                run.progress[task_id] = min(max(int(value), 0), 100)
                self._notes.task(job_id, task_id, progress=run.progress[task_id])
                self._notes.percent(run)

    def _task_started(self, session: Session, run: JobRun, running: Running, worker: str) -> None:
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
            self._changed.add(run.id)
            this, now = update(Job).where(Job.id == run.id), _times.now()
            session.execute(this.where(Job.started.is_(None)).values(started=now))
            session.execute(this.where(Job.status == "NotStarted").values(status="InProgress"))

    def _task_ended(self, session: Session, ended: _Ended) -> None:
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
            self._task_started(session, run, ended.running, "a worker")
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
        self._settle(session, run)
        if ended.pool.size > ended.pool.target:
            self._pools.resize(ended.pool)

    def _judge(self, session: Session, ended: _Ended, outcome: Result | Exception) -> None:
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
        timer = threading.Timer(pause, self._queue.put, [paused])
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
        if not run.unfinished[step] and pool is not None and pool.cluster is not None:
            self.after_commit(partial(pool.cluster.close_step, run.id, step))
