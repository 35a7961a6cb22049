"""Digests of files, remembered so that no file is read twice as long as it does not change."""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

_log = logging.getLogger("batch_apps")

#: A file that was changed so many nanoseconds ago may change again without its time telling: clocks
#: of file systems tick every few milliseconds, some of them every two seconds.
_TICK, _COARSE_TICK = 50_000_000, 2_000_000_000
_BLOCK = 1 << 20


class State(NamedTuple):
    """What tells that a file is the same as before: bytes, times in nanoseconds, and its inode."""

    size: int
    modified: int
    changed: int
    inode: int


def state_of(status: os.stat_result) -> State:
    inode = status.st_ino & 0x7FFFFFFFFFFFFFFF  # larger ones do not fit into SQLite
    return State(status.st_size, status.st_mtime_ns, status.st_ctime_ns, inode)


class Hashes:
    """SHA-256 of files by path and state, kept in a database at `path`.

    It only saves time: where it cannot be read or written, files are read again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._folders: dict[str, dict[str, tuple[Any, ...]]] = {}
        self._new: list[tuple[Any, ...]] = []
        self._now = time.time_ns()

    def __enter__(self) -> Hashes:
        return self

    def __exit__(self, *_: object) -> None:
        self.save()
        if self._connection is not None:
            self._connection.close()

    def get(self, folder: str, name: str, state: State) -> str | None:
        """The digest of a file that is still in `state`."""
        found = self._folder(folder).get(name)
        return found[5] if found is not None and found[1:5] == state else None

    def had(self, folder: str, name: str, size: int) -> bool:
        """Whether the file was known with this size, in whatever state."""
        found = self._folder(folder).get(name)
        return found is not None and found[1] == size

    def add(self, folder: str, name: str, state: State, digest: str) -> None:
        """Remember a digest that was computed after `state` was taken."""
        tick = _TICK if state.modified % 1_000_000_000 else _COARSE_TICK
        if max(state.modified, state.changed) + tick < self._now:
            self._new.append((folder, name, *state, digest))

    def save(self) -> None:
        """Write down what was added."""
        new, self._new = self._new, []
        for row in new:
            self._folders.setdefault(row[0], {})[row[1]] = row[1:]
        if new:
            self._execute("INSERT OR REPLACE INTO hash VALUES (?, ?, ?, ?, ?, ?, ?)", new)

    def _folder(self, folder: str) -> dict[str, tuple[Any, ...]]:
        """Rows of name, size, times, inode and digest, by name."""
        known = self._folders.get(folder)
        if known is None:
            query = "SELECT name, size, modified, changed, inode, digest FROM hash WHERE folder = ?"
            known = {row[0]: row for row in self._execute(query, [(folder,)])}
            self._folders[folder] = known
        return known

    def _execute(self, statement: str, values: Sequence[tuple[Any, ...]]) -> list[Any]:
        try:
            with self._lock, self._open() as connection:
                if statement.startswith("SELECT"):
                    return connection.execute(statement, values[0]).fetchall()
                connection.executemany(statement, values)
        except (sqlite3.Error, OSError, UnicodeEncodeError) as error:
            _log.debug("Digests of files are not remembered in %s: %s", self._path, error)
        return []

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._path, timeout=2, check_same_thread=False)
            # What is lost in a power cut is computed again.
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS hash (folder TEXT, name TEXT, size INTEGER, modified"
                " INTEGER, changed INTEGER, inode INTEGER, digest TEXT, PRIMARY KEY (folder, name))"
                " WITHOUT ROWID"
            )
            self._connection = connection
        return self._connection


def read_hashed(path: str, state: State) -> tuple[bytes, str] | None:
    """The content of a small file and its SHA-256; None if it is not in `state` any more."""
    # Without a file object, which costs more than reading.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        data = os.read(descriptor, state.size + 1)
        while data and len(data) < state.size and (more := os.read(descriptor, state.size)):
            data += more
    finally:
        os.close(descriptor)
    if len(data) != state.size:
        return None
    return data, hashlib.sha256(data).hexdigest()


def hash_file(path: str, check: Callable[[], None]) -> str:
    """SHA-256 of a file; `check` is called now and then and may raise."""
    digest = hashlib.sha256()
    with Path(path).open("rb", buffering=0) as file:
        while piece := file.read(_BLOCK):
            check()
            digest.update(piece)
    return digest.hexdigest()
