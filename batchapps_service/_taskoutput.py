"""What tasks print and report, on its way from a worker to the engine."""

import contextlib
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from distributed import Worker
from openjd.sessions import LogContent

from batchapps_service._attempts import MAX_LINE, TOPIC, Event, EventKind
from batchapps_service._tasklogs import TaskLog

FLUSH_SECONDS = 0.03
"""Events wait so long for others to go with."""
EVENTS_AT_ONCE = 500
MAX_LINES = 20_000
"""Lines of one attempt that reach the job's log."""
HIDDEN = ("openjd_progress:", "openjd_env:", "openjd_unset_env:", "openjd_redacted_env:")
SHOWN = ("openjd_status:", "openjd_fail:")


@dataclass
class Sink:
    """Where the output of a session goes: to a task of a job."""

    job_id: str
    task_id: int
    lines: int = 0
    trouble: str | None = None
    """What the session itself said of a failure."""
    events: list[Event] = field(default_factory=list)
    """Not sent yet."""
    log: TaskLog | None = None


class Router(logging.Handler):
    """Takes records of all sessions, sorts them by session, and sends them in batches."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.sinks: dict[str, Sink] = {}
        self._full: dict[int, Sink] = {}
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
                # Under the guard, so that these go before those that are sent at once.
                _send(worker, events)

    def post(self, sink: Sink, kind: EventKind, value: str | int) -> None:
        """Add an event, to be sent soon."""
        with self._guard:
            sink.events.append((sink.job_id, sink.task_id, kind, value))
            self._full[id(sink)] = sink
            self._wake.set()

    def send(self, worker: Worker, sink: Sink, kind: EventKind, value: bytes) -> None:
        """Send what the sink has not sent yet, and a last event, at once."""
        with self._guard:
            self._full.pop(id(sink), None)
            events, sink.events = sink.events, []
            _send(worker, [*events, (sink.job_id, sink.task_id, kind, value)])

    @contextlib.contextmanager
    def routed(self, session_id: str, sink: Sink) -> Iterator[None]:
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
        if sink.log is not None:
            sink.log.add(text)
        sink.lines += 1
        if sink.lines > MAX_LINES:
            if sink.lines > MAX_LINES + 1:
                return
            text = f"(more than {MAX_LINES} lines; the rest is left out)"
        self.post(sink, "line", text[:MAX_LINE])


def _send(worker: Worker, events: list[Event]) -> None:
    for start in range(0, len(events), EVENTS_AT_ONCE):
        worker.log_event(TOPIC, events[start : start + EVENTS_AT_ONCE])


router = Router()
