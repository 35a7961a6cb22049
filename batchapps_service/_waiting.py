"""Calls that wait for a job to change, without a thread each."""

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager


class Waiting:
    """Who waits for which job. Used by the loop's thread alone, but for ``tell``."""

    def __init__(self) -> None:
        self._events: dict[asyncio.Event, str] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over = False

    @contextmanager
    def on(self, job_id: str) -> Iterator[asyncio.Event]:
        """Set when the job changes, from now on: look at it inside, lest it changed before."""
        self._loop = asyncio.get_running_loop()
        event = asyncio.Event()
        if self._over:
            event.set()
        self._events[event] = job_id
        try:
            yield event
        finally:
            del self._events[event]

    def tell(self, job_ids: Collection[str]) -> None:
        """These jobs have changed, and their changes are committed."""
        if self._loop is not None:  # otherwise nobody has looked yet
            self._loop.call_soon_threadsafe(self._wake, job_ids)

    def _wake(self, job_ids: Collection[str]) -> None:
        for event, job_id in self._events.items():
            if job_id in job_ids:
                event.set()

    def end(self) -> None:
        """Nobody is to wait any more: the service stops."""
        self._over = True
        for event in self._events:
            event.set()
