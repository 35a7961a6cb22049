"""Keeping tasks out of the data directory, but for their own job's folder, by Linux' Landlock.

A thread that has entered a fence, and all that it starts, cannot open what lies behind it. See
landlock(7); it takes Linux 5.19, and no privileges.
"""

import ctypes
import os
import stat
import struct
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from threading import Thread

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_PATH_BENEATH, _ASK_VERSION, _NO_NEW_PRIVS = 1, 1, 38
_DROP_CAPABILITY, _AMBIENT, _CLEAR_ALL = 24, 47, 4
_PEEKING = (19, 21, 38)
"""SYS_PTRACE, SYS_ADMIN, PERFMON: with these, root looks into other processes nevertheless."""
_READING = 1 << 0 | 1 << 2 | 1 << 3  # execute, read files and folders


@lru_cache
def _system() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _call(number: int, *arguments: object) -> int:
    return int(_system().syscall(number, *arguments))


@lru_cache
def _rights() -> int:
    """All rights that this system can take away; 0 where it can take none."""
    version = _call(_CREATE_RULESET, None, 0, _ASK_VERSION) if sys.platform == "linux" else 0
    # The first version would forbid all renaming between folders.
    return (1 << (15 if version > 2 else 14)) - 1 if version > 1 else 0


def is_possible() -> bool:
    """Whether this system has what it takes."""
    return _rights() != 0


class Fence:
    """Around ``root``: what is in ``writable`` stays open, and what is in ``readable`` to read."""

    def __init__(self, root: Path, writable: Path, readable: Path) -> None:
        rights = _rights()
        self._rules = _call(_CREATE_RULESET, struct.pack("Q", rights), 8, 0)
        if self._rules < 0:
            raise OSError(ctypes.get_errno(), "no Landlock rules could be made")
        for path in _beside(root.resolve()):
            self._allow(path, rights)
        self._allow(writable, rights)
        self._allow(readable, rights & _READING)

    def _allow(self, path: Path, rights: int) -> None:
        try:
            # Where a link leads has a rule of its own, and a file that has one keeps its room on
            # the disk after it is deleted.
            if not stat.S_ISDIR(path.lstat().st_mode):
                return
            descriptor = os.open(path, os.O_PATH | os.O_NOFOLLOW)
        except OSError:  # gone, or of no use to tasks either
            return
        try:
            rule = struct.pack("=Qi", rights, descriptor)
            _call(_ADD_RULE, self._rules, _PATH_BENEATH, rule, 0)
        finally:
            os.close(descriptor)

    def __del__(self) -> None:
        os.close(self._rules)

    def within(self, work: Callable[[], object]) -> None:
        """Do ``work`` in a thread inside the fence; processes that it starts are inside too."""
        errors: list[BaseException] = []

        def run() -> None:
            try:
                system = _system()
                system.prctl(_AMBIENT, _CLEAR_ALL, 0, 0, 0)
                for capability in _PEEKING:
                    system.prctl(_DROP_CAPABILITY, capability, 0, 0, 0)
                system.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
                if _call(_RESTRICT_SELF, self._rules, 0) != 0:
                    raise OSError(ctypes.get_errno(), "the task could not be fenced in")
                work()
            except BaseException as error:
                errors.append(error)

        thread = Thread(target=run)
        thread.start()
        thread.join()
        if errors:
            raise errors[0]


def _beside(root: Path) -> Iterator[Path]:
    """What is not on the way to ``root``, at each folder of the way; files there are not open."""
    for folder, child in zip(root.parents, [root, *root.parents], strict=False):
        with os.scandir(folder) as entries:
            yield from (Path(entry.path) for entry in entries if entry.name != child.name)
