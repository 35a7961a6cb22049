"""A job in progress, as the engine keeps it in memory."""

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from batchapps_service._attempts import Result

PRIORITIES = {"urgent": 0, "high": 1, "medium": 2, "low": 3}
RETRY_EXIT_CODE = 75
"""``EX_TEMPFAIL`` of sysexits.h: a task that ends with it asks to be tried again."""


@dataclass
class Running:
    """An attempt that Dask has."""

    task_id: int
    step: str
    mark: str
    future: Any = None
    result: Result | None = None
    """What it came to, which is known a moment before it has ended."""
    started: bool = False
    withdrawn: bool = False
    suspect: bool = False


@dataclass
class JobRun:
    """Which tasks of a job wait, run and are done."""

    id: str
    number: int
    name: str
    priority: int
    pool_id: str
    task_count: int
    merge_step: str | None
    ancestors: Mapping[str, set[str]]
    """Steps that must be complete before a step starts, in the order of the steps."""
    has_environments: bool
    """Whether something is to be left when the job has ended, or a step of it."""
    waiting: dict[str, deque[int]] = field(default_factory=dict)
    unfinished: dict[str, int] = field(default_factory=dict)
    """Tasks of a step that are not Complete."""
    active: dict[int, Running] = field(default_factory=dict)
    attempts: dict[int, int] = field(default_factory=dict)
    """Starts of unfinished tasks, in all."""
    tries: Counter[int] = field(default_factory=Counter)
    """Starts since the task was queued by a user."""
    returned: Counter[int] = field(default_factory=Counter)
    """How often a task that waited at a worker came back, as the worker died."""
    pausing: set[int] = field(default_factory=set)
    """Tasks that are tried again in a while."""
    suspects: deque[tuple[int, str]] = field(default_factory=deque)
    """Tasks, with their steps, that lost a worker which ran others too, more than once."""
    progress: dict[int, int] = field(default_factory=dict)
    """Percent of running tasks."""
    earlier: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """Outputs laid out for a step's tasks, once its steps before are complete."""
    started: bool = False
    done: int = 0
    failed: bool = False
    cancelling: bool = False
    held: bool = False

    @classmethod
    def order(cls, priority: str) -> int:
        """Rank of a priority; an unknown one counts as Medium."""
        return PRIORITIES.get(priority.lower(), PRIORITIES["medium"])

    def fill(self, tasks: Iterable[tuple[int, str, str, int]]) -> None:
        """Take in the job's tasks, anew if need be: (id, step, status, attempts)."""
        for step in self.ancestors:
            self.waiting[step] = deque()
            self.unfinished[step] = 0
        self.done, self.failed = 0, False
        self.tries.clear()
        self.pausing.clear()
        self.suspects.clear()
        for task_id, step, status, attempts in tasks:
            if status == "Complete":
                self.done += 1
                continue
            self.unfinished[step] += 1
            if task_id in self.active:
                continue
            self.attempts[task_id] = attempts
            if status == "NotStarted":
                self.waiting[step].append(task_id)
            else:
                self.failed = True

    def ready_step(self) -> str | None:
        """The first step with a task that is to start now."""
        return None if self.cancelling or self.held else self._next_step()

    def _next_step(self) -> str | None:
        for step, waiting in self.waiting.items():
            if waiting and not any(self.unfinished[one] for one in self.ancestors[step]):
                return step
        return None

    @property
    def idle(self) -> bool:
        """Whether nothing runs and nothing more can start, not even when a hold is lifted."""
        to_come = self.pausing or self.suspects or self._next_step()
        return not (self.active or (to_come and not self.cancelling))

    @property
    def percent(self) -> int:
        """Share of the work that is done, by the tasks' own progress; 100 is for a complete job."""
        parts = self.done * 100 + sum(self.progress.values())
        return min(parts // max(self.task_count, 1), 99)
