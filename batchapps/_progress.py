"""How far a transfer is: counted, and told to those who want to know."""

from __future__ import annotations

import contextlib
import inspect
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")

#: Called with three floats: percent, bytes so far, bytes in all. One that takes a single argument
#: gets the percentage.
ProgressCallback = Callable[..., object]

#: Progress is told so often, in seconds.
INTERVAL = 0.1
#: How long a transfer that is stopped waits for its threads, in seconds.
PATIENCE = 0.5


@dataclass(frozen=True)
class TransferProgress:
    """How far an upload or a download is, all of its files together.

    Attributes:
        bytes: Bytes that are done, those that need not be sent among them.
        total_bytes: Bytes in all.
        files: Files that are done.
        total_files: Files in all.
        sent_files: Files whose contents went over the wire.
        sent_bytes: Bytes that went over the wire.
        known_files: Files that the other side had already.
        failed_files: Files that could not be moved.
        seconds: Since the beginning.
        current: Path or name of a file that is being moved, ``""`` between two.
        finished: Whether this is the last report.
    """

    bytes: int
    total_bytes: int
    files: int
    total_files: int
    sent_files: int
    sent_bytes: int
    known_files: int
    failed_files: int
    seconds: float
    current: str
    finished: bool

    @property
    def rate(self) -> float:
        """Bytes a second over the wire, from the beginning on."""
        return self.sent_bytes / self.seconds if self.seconds else 0.0

    @property
    def percent(self) -> float:
        """0 to 100."""
        return 100.0 * self.bytes / self.total_bytes if self.total_bytes else 100.0


#: Called with the state of a transfer about ten times a second, and once at its end, however it
#: ends, in the thread that began it. An exception that it raises stops it within a second.
TransferCallback = Callable[[TransferProgress], object]


class Meter:
    """Counts a transfer from several threads, and tells it in the one that began it."""

    def __init__(
        self, callback: ProgressCallback | None = None, progress: TransferCallback | None = None
    ) -> None:
        self._report = reporter(callback) if callback else None
        self._progress = progress
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._started = time.monotonic()
        self._told = 0.0
        self.total_bytes = self.total_files = 0
        self.bytes = self.files = 0
        self.sent_bytes = self.sent_files = self.known_files = self.failed_files = 0
        self.current = ""

    def __enter__(self) -> Meter:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None and self._progress:
            with contextlib.suppress(Exception):  # it may be what raised
                self._progress(self.state(finished=True))

    def expect(self, files: int, size: int) -> None:
        """More is to be moved."""
        self.total_files += files
        self.total_bytes += size

    def moved(self, count: int) -> None:
        """So many bytes went over the wire; fewer than none if they must go again."""
        self.check()
        with self._lock:
            self.bytes += count
            self.sent_bytes += count

    def had(self, count: int) -> None:
        """So many bytes need not go over the wire."""
        with self._lock:
            self.bytes += count

    def done(self, *, sent: int = 0, known: int = 0, failed: int = 0) -> None:
        """So many files are at their ends."""
        with self._lock:
            self.files += sent + known + failed
            self.sent_files += sent
            self.known_files += known
            self.failed_files += failed

    def check(self) -> None:
        """Raise `Stopped` if the transfer is to stop."""
        if self._stopped.is_set():
            raise Stopped

    def stop(self) -> None:
        """Let everything that counts here end."""
        self._stopped.set()

    def pause(self, seconds: float) -> None:
        """Sleep, unless the transfer is to stop."""
        self._stopped.wait(seconds)
        self.check()

    def tell(self, finished: bool = False) -> None:
        """Call the callbacks, unless that was done just now."""
        now = time.monotonic()
        if not finished and now - self._told < INTERVAL:
            return
        self._told = now
        if self._report:
            self._report(self.total_bytes if finished else self.bytes, self.total_bytes)
        if self._progress:
            self._progress(self.state(finished))

    def state(self, finished: bool = False) -> TransferProgress:
        """How far it is."""
        return TransferProgress(
            self.bytes,
            self.total_bytes,
            self.files,
            self.total_files,
            self.sent_files,
            self.sent_bytes,
            self.known_files,
            self.failed_files,
            time.monotonic() - self._started,
            self.current,
            finished,
        )


class Stopped(Exception):
    """A transfer was stopped by the thread that began it."""


class Crew:
    """Threads for a transfer. They never keep a program from ending, whatever they wait for."""

    def __init__(self, size: int, meter: Meter) -> None:
        self._size = size
        self._meter = meter
        self._threads = 0
        self._tasks: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = (
            queue.SimpleQueue()
        )
        self._pending: set[Future[Any]] = set()

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            self._meter.stop()
            # They tidy up, unless they wait for the network.
            wait(self._pending, PATIENCE)
        for _thread in range(self._threads):
            self._tasks.put(None)

    def submit(self, task: Callable[[], T]) -> Future[T]:
        """Do `task` as soon as a thread is free; while none is, wait and tell progress.

        Raises what an earlier task raised.
        """
        self.free(self._size - 1)
        future: Future[T] = Future()
        self._tasks.put((future, task))
        self._pending.add(future)
        if self._threads < self._size:
            self._threads += 1
            threading.Thread(target=self._work, name="batchapps-transfer", daemon=True).start()
        return future

    def finish(self) -> None:
        """Wait for all tasks and tell progress. Raises what one of them raised."""
        self.free(0)

    def free(self, most: int) -> None:
        """Wait until at most so many tasks are left, as `finish`."""
        while len(self._pending) > most:
            self._wait()

    def _wait(self) -> None:
        # Waits without end could not be interrupted on Windows.
        done, self._pending = wait(self._pending, INTERVAL, FIRST_COMPLETED)
        self._meter.tell()
        for future in done:
            future.result()

    def _work(self) -> None:
        while item := self._tasks.get():
            future, function = item
            try:
                future.set_result(function())
            except BaseException as error:
                future.set_exception(error)
            del item, future, function  # which may hold much


def reporter(callback: ProgressCallback) -> Callable[[int, int], None]:
    """A function of bytes so far and bytes in all that calls `callback`.

    Raises:
        TypeError: `callback` takes neither one nor three arguments.
    """
    whole = _takes(callback, 3)
    if not whole and not _takes(callback, 1):
        raise TypeError(
            f"{callback!r} cannot tell progress: it must take three arguments (percent, bytes so "
            "far, bytes in all) or one (percent)."
        )

    def report(done: int, total: int) -> None:
        percent = 100.0 * done / total if total else 100.0
        if whole:
            callback(percent, float(done), float(total))
        else:
            callback(percent)

    return report


def _takes(function: Callable[..., object], count: int) -> bool:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some built-in functions have none to show
        return count == 3
    try:
        signature.bind(*[0.0] * count)
    except TypeError:
        return False
    return True
