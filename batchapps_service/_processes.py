"""Finding and ending what tasks started.

On Linux a worker, and the service above it, adopts what processes below it leave behind: when the
parent of a task's child ends, the child becomes the worker's, whatever it did to its group, session
or environment, and the service's when the worker is dead. Tasks run in sessions of the system of
their own, and nobody gets back into the worker's: so none of its own helpers is taken for a task's.
Elsewhere processes are found by a mark in their environment.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from weakref import WeakSet

import psutil

MARK = "BATCHAPPS_MARK"
"""Environment variable that every process of a task inherits: ``SERVICE:JOB:TASK:ATTEMPT``."""
WORKER = "worker"
"""A worker itself was started with ``SERVICE:worker``."""
LINUX = sys.platform == "linux"
PATIENCE = 3.0
"""Seconds that processes are given to end."""

_lock = threading.RLock()
"""Held while a command is started, and while children are looked through."""
_commands: "WeakSet[Command]" = WeakSet()
_families: "set[Family]" = set()
_ending = threading.Event()


class Command(subprocess.Popen[str]):
    """The first process of an action, started by a worker's OpenJD session, which waits for it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.folder = Path(options["cwd"] or os.curdir)
        with _lock:
            if _ending.is_set():
                raise OSError("the worker is ending")
            super().__init__(*arguments, **options)
            _commands.add(self)


class Family:
    """What the commands of a session, which runs in ``folder``, start on this worker."""

    def __init__(self, mark: str, folder: Path) -> None:
        self.mark = mark
        self.folder = folder
        # The system counts a process's start in ticks.
        self.born = time.clock_gettime(time.CLOCK_BOOTTIME) - 1 / _TICKS if LINUX else 0.0
        self.kept = frozenset[int]()
        with _lock:
            _families.add(self)

    def keep(self) -> None:
        """From now on, ``end`` leaves alone what is there now."""
        with _lock:
            self.kept = frozenset(_children() if LINUX else psutil.pids())

    def end(self, *, commands: bool = False) -> None:
        """Kill what is left of it, its commands too if need be."""
        sweep(self, commands=commands)
        if not LINUX:
            _kill_marked(self.mark, self.kept)

    def close(self) -> None:
        """Kill all of it. It starts nothing any more."""
        self.kept = frozenset()
        self.end(commands=True)
        with _lock:
            _families.discard(self)

    def memory(self, most: int) -> int:
        """Bytes in memory, but for what is kept; above ``most``, shared memory is counted once."""
        processes = [] if LINUX else list(_marked(self.mark))
        with _lock:
            own = _living_commands()
            roots = [pid for pid in _adopted() if _family_of(pid, own) is self] if LINUX else []
        for pid in set(roots) - self.kept:
            with contextlib.suppress(psutil.Error):
                root = psutil.Process(pid)
                processes += [root, *root.children(recursive=True)]
        used = sum(_memory(process, "rss") for process in processes)
        return used if used <= most else sum(_memory(process, "pss") for process in processes)


def adopt_orphans() -> None:
    """Become the parent of whatever tasks leave behind, where the system offers that."""
    if LINUX:
        subreaper = 36  # PR_SET_CHILD_SUBREAPER of prctl(2)
        ctypes.CDLL(None).prctl(subreaper, 1, 0, 0, 0)


def sweep(family: Family | None = None, *, commands: bool = False) -> None:
    """Kill what tasks left to this process, of one family or of all; on Linux only."""
    end = time.monotonic() + PATIENCE
    clean = 0
    # What was below the killed comes up next; and the system may skip one in its list.
    while LINUX and clean < 2 and _has_children() and time.monotonic() < end:
        with _lock:
            left = _kill_left(family, commands)
        clean = 0 if left else clean + 1
        time.sleep(0.001 if left else 0)


def end_all() -> None:
    """Kill all that this process's tasks started; nothing is started any more."""
    with _lock:
        _ending.set()
    sweep(commands=True)


def kill_left(prefix: str) -> int:
    """Kill all that dead workers left, and what has a mark with that prefix; how many had."""
    sweep()
    return _kill_marked(prefix)


def wait_for_end(prefix: str) -> None:
    """Wait a while for processes that are about to end by themselves."""
    end = time.monotonic() + PATIENCE
    while any(_marked(prefix)) and time.monotonic() < end:
        time.sleep(0.02)


def _kill_left(family: Family | None, commands: bool) -> bool:
    """Kill children that tasks left, and reap those that have ended; whether there were any."""
    left = False
    own = _living_commands()
    alone = family is None or len(_families) == 1
    for pid in _adopted():
        with contextlib.suppress(OSError):  # it has ended meanwhile
            ended, started = _state(pid)
            if ended and pid not in own:
                os.waitpid(pid, os.WNOHANG)
            if ended or (pid in own and not commands):
                continue
            if family is not None:
                of = _family_of(pid, own)
                # One without session and mark is anybody's who was there: it ends with the first.
                anybodys = of is None and pid not in own and (alone or started >= family.born)
                if not (of is family or anybodys) or pid in family.kept:
                    continue
            os.kill(pid, signal.SIGKILL)
            left = True
    return left


def _family_of(pid: int, own: "dict[int, Command]") -> Family | None:
    """Whose a child is, by its session's first process or by its mark, if it has either still."""
    with contextlib.suppress(OSError, psutil.Error):
        if command := own.get(os.getsid(pid)):
            return next((one for one in _families if one.folder in command.folder.parents), None)
        mark = _mark(psutil.Process(pid))
        return next((one for one in _families if one.mark == mark), None)
    return None


def _living_commands() -> "dict[int, Command]":
    return {one.pid: one for one in _commands if one.returncode is None}


def _adopted() -> Iterator[int]:
    """Children that are tasks', or were."""
    for pid in _children():
        with contextlib.suppress(OSError):
            if os.getsid(pid) != os.getsid(0):
                yield pid


def _children() -> list[int]:
    found: list[int] = []
    try:
        for thread in os.listdir("/proc/self/task"):  # noqa: PTH208 - done after each task
            with open(f"/proc/self/task/{thread}/children") as file:  # noqa: PTH123
                found += map(int, file.read().split())
    except OSError:  # a thread has ended meanwhile, or the system has no such list
        return [child.pid for child in psutil.Process().children()]
    return found


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


_TICKS = os.sysconf("SC_CLK_TCK") if LINUX else 1


def _state(pid: int) -> tuple[bool, float]:
    """Whether a process has ended, and its start in seconds since the system's."""
    fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    return fields[0] in "ZX", int(fields[19]) / _TICKS


def _memory(process: psutil.Process, kind: str) -> int:
    with contextlib.suppress(psutil.Error, OSError):
        info = process.memory_info() if kind == "rss" else process.memory_full_info()
        return int(getattr(info, kind, info.rss))
    return 0


def _mark(process: psutil.Process) -> str:
    try:
        return process.environ().get(MARK, "")
    except (psutil.Error, OSError):
        return ""


def _marked(prefix: str) -> Iterator[psutil.Process]:
    return (process for process in psutil.process_iter() if _mark(process).startswith(prefix))


def _kill_marked(prefix: str, but: frozenset[int] = frozenset()) -> int:
    killed = 0
    for process in _marked(prefix):
        with contextlib.suppress(psutil.Error):
            if process.pid not in but:
                process.kill()
                killed += 1
    return killed
