"""The engine: takes jobs from the database to their end.

One thread owns all that is in progress. Requests, workers' events and ended attempts reach it
through a queue; what it takes from the queue at once it writes in one transaction. What takes
time (starting workers, laying out files, zipping outputs) is done by helper threads, which post
their results to the same queue. Whatever is in memory here can be made again from the database,
and is, when the service starts.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from batchapps_service import _fence, _joblog, _times, _work
from batchapps_service._database import Job, Pool, Task
from batchapps_service._datadir import DataDirectory
from batchapps_service._errors import NotNow, is_full
from batchapps_service._finals import make_final
from batchapps_service._notes import Notes
from batchapps_service._poolruns import Change, PoolRuns
from batchapps_service._processes import WORKER, adopt_orphans, kill_left, wait_for_end
from batchapps_service._runs import JobRun
from batchapps_service._splitting import fill, prepare
from batchapps_service._taskruns import Ended, News, TaskRuns

if TYPE_CHECKING:
    from batchapps_service._cluster import Cluster

log = logging.getLogger("batchapps_service.engine")

UNFINISHED = ("NotStarted", "InProgress", "Cancelling", "OnHold")
NO_OUTPUT = "The job's output could not be put together"
CANCELLED = "The job was cancelled."
PAUSE = 5
"""Seconds until a helper tries again that found the disk full or the database locked."""
BATCH = 1000
"""Things taken from the queue for one transaction."""
PACE = 0.03
"""Seconds between transactions for what tasks do, so that what comes in quick succession shares."""


class Engine:
    """Runs the jobs of a data directory. Its public methods may be called by any thread."""

    def __init__(
        self, directory: DataDirectory, on_change: Callable[[Collection[str]], None]
    ) -> None:
        self._directory = directory
        self._database = directory.database
        self._mark = directory.mark
        self._queue: queue.SimpleQueue[News | None] = queue.SimpleQueue()
        # Some wait long: until the environments of a job are left.
        self._helpers = ThreadPoolExecutor(16, thread_name_prefix="batchapps-helper")
        self._thread = threading.Thread(target=self._loop, name="batchapps-engine")
        self._jobs: dict[str, JobRun] = {}
        self._preparing: set[str] = set()
        self._notes = Notes()
        self._pools = PoolRuns(directory, self, self.post)
        self._tasks = TaskRuns(directory, self, self._jobs, self._pools, self._notes)
        self._commissions: list[Callable[[], object]] = []
        self._on_change = on_change
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
        for pool in self._pools.all():
            pool.cluster = None
        self._leaving.clear()
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

        def change(_session: Session) -> None:
            run = self._jobs.get(job_id)
            if run and task_id in run.active:
                self._tasks.stop(run, [run.active[task_id]])

        self._queue.put(change)

    def pool_changed(self, pool_id: str) -> None:
        """A pool was made, resized or deleted; the database says which."""
        self._queue.put(lambda session: self._pools.changed(session, pool_id))

    def post(self, news: News) -> None:
        """Something for the engine's thread to take note of."""
        self._queue.put(news)

    # --- the engine's thread ---

    def _loop(self) -> None:
        next_at = 0.0
        while True:
            batch: list[News | None] = [self._queue.get()]
            if isinstance(batch[0], Ended | list):
                time.sleep(max(0.0, next_at - time.monotonic()))
            next_at = time.monotonic() + PACE
            while len(batch) < BATCH and not self._queue.empty():
                batch.append(self._queue.get())
            if self._stopping or None in batch:
                return
            try:
                self._apply([one for one in batch if one is not None])
                self._tasks.dispatch()
            except Exception:
                log.exception("the engine takes its jobs up again from the database")
                self._start_over()

    def _apply(self, batch: list[News]) -> None:
        for one in batch:
            if isinstance(one, Ended):
                one.pool.active -= 1
        while not self._stopping:
            try:
                return self._write(batch)
            except NotNow as error:  # nothing was changed yet, and tasks go on meanwhile
                log.warning("the engine waits: %s", error)
                time.sleep(1)

    def _write(self, batch: list[News]) -> None:
        self._commissions.clear()
        self._notes.clear()
        try:
            with self._database.write() as session:
                for change in batch:
                    if isinstance(change, Ended):
                        self._tasks.ended(session, change)
                    elif isinstance(change, list):
                        self._tasks.apply_events(session, change)
                    else:
                        change(session)
                self._notes.write(session)
            if self._notes.changed:
                self._on_change(frozenset(self._notes.changed))
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
            self._tasks.stop(run, list(run.active.values()))
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
                self._end(session, job_id, job.pool_id, "Cancelled", CANCELLED)
        elif run is not None:
            run.held = job.status == "OnHold"
            if run.held:
                self._tasks.stop(run, [one for one in run.active.values() if not one.started])
            else:  # resumed, perhaps with tasks that were requeued
                self._notes.write(session)
                fill(session, run)
                run.started = False
                self.settle(session, run)
        elif job_id not in self._preparing and job.status in UNFINISHED:
            self._preparing.add(job_id)
            self._pools.changed(session, job.pool_id)
            self.help(
                lambda: self._prepared(*prepare(self._directory, job, self._folders)),
                partial(self._helper_failed, job.id, job.pool_id, "The job could not be split"),
            )

    def _prepared(self, run: JobRun, filled: bool) -> Change:
        def change(session: Session) -> None:
            self._preparing.discard(run.id)
            self._jobs[run.id] = run
            if not filled:
                fill(session, run)
            status = session.scalar(select(Job.status).where(Job.id == run.id))
            run.held = status == "OnHold"
            if status == "Cancelling":
                self._cancel(session, run)
            else:
                self.settle(session, run)

        return change

    def _helper_failed(self, job_id: str, pool_id: str, what: str, error: Exception) -> Change:
        def change(session: Session) -> None:
            self._preparing.discard(job_id)
            self._end(session, job_id, pool_id, "Error", f"{what}: {error}")

        return change

    def _cancel(self, session: Session, run: JobRun) -> None:
        run.cancelling = True
        self._tasks.stop(run, list(run.active.values()))
        self.settle(session, run)

    def settle(self, session: Session, run: JobRun) -> None:
        """End the job when nothing of it runs and nothing more can."""
        if not run.idle or run.id not in self._jobs:
            return
        self._notes.write(session)
        leave = run.has_environments
        if run.cancelling:
            waiting = Task.job_id == run.id, Task.status == "NotStarted"
            session.execute(update(Task).where(*waiting).values(status="Cancelled"))
            self._end(session, run.id, run.pool_id, "Cancelled", CANCELLED, leave=leave)
        elif run.failed or any(run.unfinished.values()):
            failed = sum(run.unfinished.values()) - sum(map(len, run.waiting.values()))
            text = f"The job failed: {failed} of {run.task_count} tasks did not succeed."
            self._end(session, run.id, run.pool_id, "Error", text, leave=leave)
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
                status, text = "Cancelled", CANCELLED
            else:
                status, text = "Complete", "The job is complete."
            leave = run.has_environments
            self._end(session, run.id, run.pool_id, status, text, leave=leave)

        return change

    def _end(
        self,
        session: Session,
        job_id: str,
        pool_id: str,
        status: str,
        text: str,
        *,
        leave: bool = True,
    ) -> None:
        """End a job; ``leave`` where it may have environments that are to be left."""
        self._jobs.pop(job_id, None)
        self._notes.changed.add(job_id)
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
        self.after_commit(partial(self._clean_up, job_id, cluster, own, leave))

    def _clean_up(self, job_id: str, cluster: "Cluster | None", own: bool, leave: bool) -> None:
        if cluster is not None:
            if leave:
                cluster.close_sessions(job_id)
            if own:
                cluster.close()
                self._leaving.discard(cluster)
        with self._folders:
            if job_id in self._preparing or job_id in self._jobs:
                return  # requeued meanwhile
            kill_left(f"{self._mark}:{job_id}:")
            _work.remove(_work.job_folder(self._directory.work, job_id))
