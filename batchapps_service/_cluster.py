"""A pool's workers: a Dask cluster that runs one attempt a call."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import dask.config
import distributed
from distributed.comm.core import CommClosedError

from batchapps_service import _worker
from batchapps_service._attempts import TOPIC, Attempt, Event, WorkerDied
from batchapps_service._processes import MARK, PATIENCE, WORKER, end_all, sweep

_distributed: Any = distributed  # its classes are annotated in part only
Future = Any

# Comings and goings of workers are the service's to tell.
for _part in ("batched", "client", "core", "nanny", "scheduler", "worker"):
    logging.getLogger(f"distributed.{_part}").setLevel(logging.CRITICAL)

CONFIGURATION = {
    # The service counts attempts itself: a task whose worker died comes back at once.
    "distributed.scheduler.allowed-failures": 0,
    # Otherwise some attempts wait with the scheduler, whose workers have less urgent ones already.
    "distributed.scheduler.worker-saturation": float("inf"),
    # A worker that hangs is given up, and what it ran is tried again, after one to two minutes
    # instead of five to ten: it waits for tasks only, which are processes of their own.
    "distributed.scheduler.worker-ttl": "60 s",
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.worker.multiprocessing-method": "spawn",
    # Dask looks at all threads a hundred times a second, in workers and in the service. A process
    # that starts threads meanwhile may hang for ever: https://github.com/python/cpython/issues/106883
    "distributed.worker.profile.enabled": False,
    # It would keep the last thousand messages, which hold all that tasks print.
    "distributed.admin.low-level-log-length": 0,
}


class Cluster:
    """Workers of one pool. Its methods may be called from any thread; most block a little.

    What a running pool is told waits for no worker, but for ``close_sessions``.
    """

    def __init__(
        self,
        workers: int,
        threads: int,
        scratch: Path,
        mark: str,
        on_events: Callable[[list[Event]], None],
    ) -> None:
        # Dask would set OMP_NUM_THREADS=1 and the like in every task.
        environment = {MARK: f"{mark}:{WORKER}"}
        dask.config.set({**CONFIGURATION, "distributed.nanny.pre-spawn-environ": environment})
        self._cluster: Any = _distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=threads,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
            # Whoever reaches a Dask scheduler may run code: only holders of this certificate do.
            security=_distributed.Security.temporary(),
            memory_limit=0,
            local_directory=str(scratch),
            silence_logs=logging.ERROR,
        )
        # Dask opens a port for HTTP whether it serves something there or not; workers close theirs.
        self._cluster.sync(_close_http, self._cluster.scheduler)
        self._client: Any = _distributed.Client(self._cluster, set_as_default=False)
        self._client.register_plugin(_worker.Setup())
        self._client.subscribe_topic(TOPIC, lambda event: on_events([tuple(e) for e in event[1]]))

    def submit(
        self,
        attempts: Sequence[Attempt],
        priority: int,
        on_end: Callable[[Attempt, Exception | None], None],
    ) -> list[Future]:
        """Start attempts, those of a higher priority first; their futures, in order.

        ``on_end`` is called when an attempt has ended, after its last event; or when it failed to,
        and why: WorkerDied also means that it was withdrawn, and the one who did knows.
        """

        def ended(future: Future, attempt: Attempt) -> None:
            error = None if future.status == "finished" else _failure(future)
            future.release()
            on_end(attempt, error)

        keys = [attempt.mark for attempt in attempts]
        futures: list[Future] = self._client.map(
            _worker.run, attempts, key=keys, pure=False, priority=priority, fifo_timeout="0 ms"
        )
        for future, attempt in zip(futures, attempts, strict=True):
            future.add_done_callback(partial(ended, attempt=attempt))
        return futures

    def withdraw(self, futures: Sequence[Future]) -> None:
        """Take back attempts that no worker has begun."""
        self._client.cancel(list(futures), force=True)

    def stop_tasks(self, job_id: str, task_ids: list[int] | None = None) -> None:
        """Stop running tasks of a job, all or some."""
        self._tell(_worker.cancel, job_id, task_ids)

    def close_step(self, job_id: str, step: str) -> None:
        """Leave the environments of a step."""
        self._tell(_worker.close_sessions, job_id, step)

    def _tell(self, what: Callable[..., Any], *arguments: object) -> None:
        told = self._client.run(what, *arguments, on_error="ignore", asynchronous=True)
        asyncio.run_coroutine_threadsafe(told, self._client.loop.asyncio_loop)

    def close_sessions(self, job_id: str) -> None:
        """Leave all environments of a job, and wait until they are left."""
        with contextlib.suppress(Exception):  # the pool is closed meanwhile, and so are they
            self._client.run(_worker.close_sessions, job_id, on_error="ignore")

    def size(self) -> int:
        """Workers at hand."""
        return len(self._client.scheduler_info(n_workers=-1)["workers"])

    def resize(self, target: int) -> int:
        """Add workers, or take away idle ones; how many there are then.

        Workers stay while they are busy: call again when tasks have ended.
        """
        present = self.size()
        if target > present:
            self._cluster.scale(target)
            self._client.wait_for_workers(target, timeout=60)
        elif target < present:
            workers = self._client.scheduler_info(n_workers=-1)["workers"]
            busy = self._client.processing()
            idle = [one["name"] for address, one in workers.items() if not busy.get(address)]
            leaving = idle[: present - target]
            if leaving:
                self._cluster.sync(self._cluster.scale_down, leaving)
            return present - len(leaving)
        return target

    def close(self) -> None:
        """End all workers, and what runs on them."""
        with contextlib.suppress(Exception):
            self._client.run(end_all, on_error="ignore", callback_timeout=PATIENCE)
        with contextlib.suppress(Exception):
            self._client.close(timeout=5)
        with contextlib.suppress(Exception):
            self._cluster.close(timeout=10)
        sweep()


def _failure(future: Future) -> Exception:
    error: Exception | None = None
    if future.status == "error":
        with contextlib.suppress(Exception):  # the pool is closed meanwhile
            error = future.exception(timeout=PATIENCE)
    # The end of a worker has several faces; and a future without an error was withdrawn.
    if error is None or isinstance(error, distributed.KilledWorker | CommClosedError):
        return WorkerDied()
    return error


async def _close_http(scheduler: Any) -> None:
    scheduler.http_server.stop()
