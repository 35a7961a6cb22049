"""What travels between the engine and the workers."""

from dataclasses import dataclass, field
from typing import Literal

TOPIC = "batchapps"
"""Dask topic of the workers' events; each is a list of (job id, task id, kind, value)."""

MAX_LINE = 8192
"""Characters; longer lines of a job's log are cut."""

EventKind = Literal["started", "line", "progress", "ended"]
Event = tuple[str, int, EventKind, str | int | bytes]
"""The value of ``ended`` is the attempt's mark and its Result, pickled."""


@dataclass(frozen=True)
class Limits:
    """What an attempt may take; 0 is no limit. The settings of the same names tell more."""

    max_task_log_bytes: int
    max_task_seconds: float
    max_task_memory_bytes: int
    max_output_files: int
    max_output_bytes: int


@dataclass(frozen=True)
class Attempt:
    """One try at one task."""

    root: str
    """The data directory."""
    mark: str
    """Marks the attempt's processes; see ``_processes``."""
    job_id: str
    task_id: int
    number: int
    """Counts from 1."""
    step: str
    parameters: dict[str, tuple[str, str]]
    earlier: tuple[tuple[str, str], ...]
    """Outputs of the steps this one depends on: (path in the output folder, digest)."""
    preview: bool
    """Whether to make a preview where the task leaves none."""
    limits: Limits
    fenced: bool
    """Whether it is kept out of the data directory; see ``_fence``."""


@dataclass(frozen=True)
class Produced:
    """A file that an attempt left, now in the store."""

    path: str
    kind: str
    digest: str
    size: int
    made_by_service: bool = False


@dataclass(frozen=True)
class Result:
    """How an attempt ended."""

    status: Literal["Complete", "Error", "Cancelled"]
    seconds: float
    exit_code: int | None = None
    message: str | None = None
    outputs: list[Produced] = field(default_factory=list)


class WorkerDied(Exception):
    """An attempt ended without a result, because its worker did."""
