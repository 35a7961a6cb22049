"""What the demonstration shows: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from batchapps import FileCollection, SubmittedJob, Task

ENDED = ("Complete", "Error", "Cancelled")
COLOURS = {"Complete": "green", "Error": "red", "Cancelled": "yellow"}


class Display:
    """Lines that stay, and below them, on a terminal, bars for what is going on."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self._bars = Progress(
            SpinnerColumn("line"),
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._bar: TaskID | None = None
        self._running: dict[int, TaskID] = {}
        self._ended: set[int] = set()
        self._status = ""

    def __enter__(self) -> Display:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def line(self, label: str, text: str, style: str = "bold") -> None:
        """A line that stays."""
        self._console.print(Text(f"{label:<12}", style).append(text, "default"), soft_wrap=True)

    def begin(self, what: str) -> None:
        """A new bar in place of the one before."""
        self.end()
        self._bar = self._bars.add_task(what, total=None)

    def end(self) -> None:
        """No bar."""
        for bar in [*self._running.values(), self._bar]:
            if bar is not None:
                self._bars.remove_task(bar)
        self._running, self._bar = {}, None

    def progress(self, percent: float, _done: float, _total: float) -> None:
        """A callback for uploads and downloads."""
        assert self._bar is not None
        self._bars.update(self._bar, completed=percent, total=100)

    def uploaded(self, files: FileCollection, sent: FileCollection) -> None:
        """What has been uploaded of the files of a job."""
        size, there = _size(sum(len(file) for file in sent)), len(files) - len(sent)
        if sent:
            text = f"{len(sent)} files sent, {size}; the service had {there} already"
        else:
            text = f"nothing sent: the service had all {there} files already"
        self.line("Upload", text)

    def job(self, job: SubmittedJob) -> None:
        """A callback for waiting: the job's status and percentage, and what its tasks do."""
        for task in job.get_tasks():
            self._task(task, job.number_tasks)
        if job.status != self._status:
            self._status = job.status
            text = f"{job.status}, {job.percentage} %"
            if job.submitted_at and job.completed_at:
                text += f", {(job.completed_at - job.submitted_at).total_seconds():.1f} s"
            self.line("Job", text, COLOURS.get(job.status, "bold"))
            self.begin(f"Job: {job.status}")
        if self._bar is not None and job.number_tasks:
            self._bars.update(self._bar, completed=job.percentage, total=100)

    def _task(self, task: Task, number_tasks: int) -> None:
        if task.id in self._ended:
            return
        bar = self._running.get(task.id)
        step = task.details.step or ""
        if task.status not in ENDED:
            if bar is None:
                bar = self._bars.add_task(f"  Task {task.id}: {step}", total=100)
                self._running[task.id] = bar
            self._bars.update(bar, completed=task.details.progress or 0)
            return
        self._ended.add(task.id)
        if bar is not None:
            self._bars.remove_task(self._running.pop(task.id))
        seconds = 0.0
        if task.started_at and task.completed_at:
            seconds = (task.completed_at - task.started_at).total_seconds()
        made = ", ".join(one["name"] for one in task.outputs if one["type"] == "TaskOutput")
        text = f"{task.id:>3} of {number_tasks}  {step:<8}{seconds:>6.2f} s  {made}"
        if task.status != "Complete":
            text += f"{task.status}: {task.details.message or 'see the log of the job'}"
        self.line("Task", text, COLOURS[task.status])

    def results(self, paths: Sequence[str]) -> None:
        """What came back."""
        for path in map(Path, paths):
            self.line("", f"{_size(path.stat().st_size):>9}  {path.name}")


def _size(count: float) -> str:
    for unit in ("B", "kB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} MB"
