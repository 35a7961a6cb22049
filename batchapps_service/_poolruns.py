"""Pools in progress: starting, resizing and closing their clusters."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import update
from sqlalchemy.orm import Session

from batchapps_service._attempts import Event
from batchapps_service._database import Pool
from batchapps_service._datadir import DataDirectory

if TYPE_CHECKING:
    from batchapps_service._cluster import Cluster

Change = Callable[[Session], None]

SHORT_SECONDS = 0.5
AHEAD = 16
"""Attempts that wait at each worker thread while tasks are short, to keep it busy."""


class Helpers(Protocol):
    """Threads for what takes time; their results are applied in the engine's thread."""

    def help(self, work: Callable[[], Change], on_error: Callable[[Exception], Change]) -> None:
        """Do ``work`` in a helper thread; what it returns is then done in the engine's."""

    def after_commit(self, work: Callable[[], object]) -> None:
        """Have a helper thread do ``work``, which may read what this transaction writes."""


@dataclass
class PoolRun:
    """A pool as the engine keeps it in memory."""

    id: str
    auto: bool
    target: int
    threads: int
    cluster: "Cluster | None" = None
    busy: bool = False
    """Whether a helper thread is starting or resizing it."""
    active: int = 0
    """Attempts that Dask has."""
    size: int = 0
    seconds: float = SHORT_SECONDS
    """What tasks have taken of late."""

    def room(self, active: int) -> int:
        """Attempts that can be handed over now, beside those that are as urgent."""
        slots = min(self.size, self.target) * self.threads
        # Behind a long task none is to wait while another worker is free.
        most = slots * (1 + AHEAD if self.seconds < SHORT_SECONDS else 1)
        shrinking = self.busy and self.size > self.target  # its idle workers are about to leave
        if self.cluster is None or shrinking or active > max(most // 2, slots - 1):
            return 0  # short tasks are handed over by the dozen
        return most - active

    def took(self, seconds: float) -> None:
        """Take note of what a task took."""
        self.seconds = 0.7 * self.seconds + 0.3 * seconds


class PoolRuns:
    """All pools in progress. Used by the engine's thread alone, but for what it says of helpers."""

    def __init__(
        self, directory: DataDirectory, helpers: Helpers, on_events: Callable[[list[Event]], None]
    ) -> None:
        self._directory = directory
        self._helpers = helpers
        self._on_events = on_events
        self._runs: dict[str, PoolRun] = {}
        self._waiting: list[PoolRun] = []

    def get(self, pool_id: str) -> PoolRun | None:
        """The pool, if it is in progress."""
        return self._runs.get(pool_id)

    def all(self) -> Iterable[PoolRun]:
        """All of them."""
        return self._runs.values()

    def changed(self, session: Session, pool_id: str) -> None:
        """A pool was made, resized or deleted, as its row says."""
        row = session.get(Pool, pool_id)
        pool = self._runs.get(pool_id)
        if row is None:
            if pool is not None:
                del self._runs[pool_id]
                self._waiting = [one for one in self._waiting if one is not pool]
                pool.target = 0
                if pool.cluster is not None:
                    self._helpers.after_commit(pool.cluster.close)
            self._start_waiting()
        elif pool is None:
            pool = PoolRun(row.id, row.auto, row.target, row.max_tasks)
            self._runs[pool_id] = pool
            self._waiting.append(pool)
            self._start_waiting()
        else:
            pool.target = row.target
            self.resize(pool)

    def _start_waiting(self) -> None:
        """Start pools in order; auto-pools only while there is room for their workers."""
        for pool in list(self._waiting):
            others = [
                one.target for one in self._runs.values() if one.auto and one not in self._waiting
            ]
            limit = self._directory.settings.max_dedicated
            if pool.auto and others and sum(others) + pool.target > limit:
                continue
            self._waiting.remove(pool)
            self.resize(pool)

    def resize(self, pool: PoolRun) -> None:
        """Bring a pool to its target, in a helper thread."""
        if pool.busy or pool in self._waiting or pool.size == pool.target:
            return
        if pool.cluster is None and pool.target == 0:
            return
        pool.busy = True
        self._helpers.help(
            lambda: self._resized(pool),
            lambda error: lambda session: self._not_resized(session, pool, error),
        )

    def _resized(self, pool: PoolRun) -> Change:
        target = pool.target
        cluster = pool.cluster
        if cluster is None:
            from batchapps_service._cluster import Cluster

            scratch = self._directory.work / ".dask"
            cluster = Cluster(target, pool.threads, scratch, self._directory.mark, self._on_events)
            pool.cluster = cluster  # has no room yet, but is closed when the service stops
            size = target
        else:
            size = cluster.resize(target)
        return lambda session: self._ready(session, pool, cluster, size)

    def _ready(self, session: Session, pool: PoolRun, cluster: "Cluster", size: int) -> None:
        pool.busy, pool.cluster, pool.size = False, cluster, size
        if pool.id not in self._runs:  # deleted meanwhile
            self._helpers.after_commit(cluster.close)
            return
        steady = size == pool.target
        state = {"current": size, "allocation_state": "steady" if steady else "resizing"}
        session.execute(update(Pool).where(Pool.id == pool.id).values(**state))
        if not steady and (size < pool.target or not pool.active):
            self.resize(pool)

    def _not_resized(self, session: Session, pool: PoolRun, error: Exception) -> None:
        pool.busy = False
        text = f"The pool could not be brought to {pool.target} workers: {error}"
        state = {"allocation_state": "steady", "resize_error": text}
        session.execute(update(Pool).where(Pool.id == pool.id).values(**state))
