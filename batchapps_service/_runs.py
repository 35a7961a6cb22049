"""A job in progress, as the engine keeps it in memory."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

PRIORITIES = {"urgent": 0, "high": 1, "medium": 2, "low": 3}
MAX_ATTEMPTS = 4
"""Tries at a task whose worker dies under it."""


@dataclass
class Running:
    """An attempt that Dask has."""

    task_id: int
    step: str
    mark: str
    future: Any = None
    started: bool = False


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
    waiting: dict[str, deque[int]] = field(default_factory=dict)
    unfinished: dict[str, int] = field(default_factory=dict)
    """Tasks of a step that are not Complete."""
    active: dict[int, Running] = field(default_factory=dict)
    attempts: dict[int, int] = field(default_factory=dict)
    progress: dict[int, int] = field(default_factory=dict)
    """Percent of running tasks."""
    earlier: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """Outputs laid out for a step's tasks, once its steps before are complete."""
    started: bool = False
    done: int = 0
    failed: bool = False
    cancelling: bool = False

    @classmethod
    def order(cls, priority: str) -> int:
        """Rank of a priority; an unknown one counts as Medium."""
        return PRIORITIES.get(priority.lower(), PRIORITIES["medium"])

    def fill(self, tasks: Iterable[tuple[int, str, str]]) -> None:
        """Take in the job's tasks: (id, step, status)."""
        for step in self.ancestors:
            self.waiting[step] = deque()
            self.unfinished[step] = 0
        for task_id, step, status in tasks:
            if status == "Complete":
                self.done += 1
                continue
            self.unfinished[step] += 1
            if status == "NotStarted":
                self.waiting[step].append(task_id)
            else:
                self.failed = True

    def ready_step(self) -> str | None:
        """The first step with a task that can start now."""
        if self.cancelling:
            return None
        for step, waiting in self.waiting.items():
            if waiting and not any(self.unfinished[one] for one in self.ancestors[step]):
                return step
        return None

    @property
    def idle(self) -> bool:
        """Whether nothing runs and nothing more can start."""
        return not self.active and self.ready_step() is None

    @property
    def percent(self) -> int:
        """Share of the work that is done, by the tasks' own progress; 100 is for a complete job."""
        parts = self.done * 100 + sum(self.progress.values())
        return min(parts // max(self.task_count, 1), 99)
