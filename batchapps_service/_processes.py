"""Finding and ending what tasks started, by a mark in their environment."""

import contextlib

import psutil

MARK = "BATCHAPPS_MARK"
"""Environment variable that every process of a task inherits: ``SERVICE:JOB:TASK:ATTEMPT``."""


def kill_marked(prefix: str, but: frozenset[int] = frozenset()) -> int:
    """Kill all processes whose mark begins with ``prefix``, ``but`` for some; how many there were.

    This also reaches children that left their process group. One that clears its environment
    is not found.
    """
    killed = 0
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid not in but and process.environ().get(MARK, "").startswith(prefix):
                process.kill()
                killed += 1
    return killed
