"""Finding and ending what tasks started, by a mark in their environment."""

import contextlib
import ctypes
import os
import sys

import psutil

MARK = "BATCHAPPS_MARK"
"""Environment variable that every process of a task inherits: ``SERVICE:JOB:TASK:ATTEMPT``."""


def kill_marked(prefix: str, but: frozenset[int] = frozenset()) -> int:
    """Kill all processes whose mark begins with ``prefix``, ``but`` for some; how many there were.

    This also reaches children that left their process group, but none that cleared its environment.
    """
    killed = 0
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid not in but and _mark(process).startswith(prefix):
                process.kill()
                killed += 1
    return killed


def adopt_orphans() -> None:
    """Become the parent of whatever tasks leave behind, where the system offers that."""
    if sys.platform == "linux":
        subreaper = 36  # PR_SET_CHILD_SUBREAPER of prctl(2)
        ctypes.CDLL(None).prctl(subreaper, 1, 0, 0, 0)


def has_children() -> bool:
    """Whether this process has any, living or dead."""
    if os.name == "nt":
        return True
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def kill_orphans() -> None:
    """Kill the children of this process that have no mark, with everything below them.

    Tasks left them behind and cleared their environments. Only for when no task is running.
    """
    for _ in range(3):  # what was below them is a child of this process then
        for orphan in psutil.Process().children():
            if _mark(orphan):
                continue
            with contextlib.suppress(psutil.Error, OSError):
                for one in [*orphan.children(recursive=True), orphan]:
                    one.kill()
            with contextlib.suppress(psutil.Error, OSError):
                orphan.wait(1)


def _mark(process: psutil.Process) -> str:
    try:
        return process.environ().get(MARK, "")
    except (psutil.Error, OSError):
        return ""
