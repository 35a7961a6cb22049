"""The content-addressed store: a file per content, named by its SHA-256."""

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

BLOCK = 1 << 20
ABANDONED_SECONDS = 7 * 24 * 3600
"""An upload in parts to which nothing was added for so long is given up."""


@dataclass(frozen=True)
class Content:
    """A content that the store holds."""

    digest: str
    """SHA-256 in hexadecimal."""
    size: int
    """Bytes."""


class Store:
    """Contents under ``root/ab/cdef…``; written to ``root/tmp`` first and renamed when whole."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._temporary = root / "tmp"
        self.uploads = root / "uploads"
        """Where uploads in parts wait for their ends, a folder each."""

    def create(self) -> None:
        """Make the store's folders, those that there are not yet."""
        self.uploads.mkdir(parents=True, exist_ok=True)
        self._temporary.mkdir(exist_ok=True)
        for number in range(256):  # all of them now, so that none has to be made durable later
            (self._root / f"{number:02x}").mkdir(exist_ok=True)
        sync(self._root)

    def path(self, digest: str) -> Path:
        """Where the content of that digest lies, whether or not it is there."""
        return self._root / digest[:2] / digest[2:]

    def begin(self, folder: Path | None = None) -> "Incoming":
        """Begin to take in a content of unknown size; until it is whole it lies in ``folder``."""
        return Incoming(self, folder or self._temporary)

    def take(self, source: Path) -> Content:
        """Take in a finished file by renaming it; ``source`` is gone afterwards.

        ``source`` must lie on the store's file system.
        """
        content = Content(hash_file(source), source.stat().st_size)
        sync(source)
        self.put(source, content.digest)
        return content

    def copy_out(self, digest: str, target: Path) -> None:
        """Write the content to the new file ``target``: a copy, which may be changed."""
        with self.path(digest).open("rb") as source, target.open("xb") as copy:
            copy_file(source, copy)

    def put(self, source: Path, digest: str) -> None:
        """Take in a file that is whole and durable by renaming it."""
        target = self.path(digest)
        try:
            # It is needed anew, and so not to be collected. The system's own idea of now is coarse.
            os.utime(target, ns=(time.time_ns(), time.time_ns()))
        except FileNotFoundError:
            source.chmod(0o440)
            source.replace(target)
        else:
            source.unlink()
        # Even if another brought it: that one's rename may not have reached the disk yet.
        sync(target.parent)

    def digests(self) -> Iterator[list[str]]:
        """All contents that it holds, in batches."""
        for folder in sorted(self._root.glob("[0-9a-f][0-9a-f]")):
            yield [folder.name + path.name for path in folder.iterdir() if len(path.name) == 62]

    def holds(self, digest: str) -> bool:
        """Whether the content is here."""
        return self.path(digest).is_file()

    def state(self, digest: str) -> int:
        """Changes whenever the content is taken in again; 0 where it is not here."""
        try:
            return self.path(digest).stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def set_aside(self, digest: str, state: int) -> Path | None:
        """Move a content that no row names away, to be removed, unless its state is another one.

        Whoever takes it in again at the same time either finds it here, where it then stays, or
        brings it anew.
        """
        target, aside = self.path(digest), self._temporary / digest
        try:
            target.replace(aside)
        except FileNotFoundError:
            return None
        if aside.stat().st_mtime_ns == state:
            return aside
        aside.replace(target)
        return None

    def sweep(self) -> None:
        """Remove what interrupted writes left. Only safe while nothing writes."""
        shutil.rmtree(self._temporary, ignore_errors=True)
        self.create()
        self.sweep_uploads()

    def sweep_uploads(self) -> None:
        """Give up uploads that were abandoned."""
        for folder in self.uploads.iterdir():
            with contextlib.suppress(FileNotFoundError):
                touched = max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
                if time.time() - touched > ABANDONED_SECONDS:
                    shutil.rmtree(folder, ignore_errors=True)


class Incoming:
    """A content on its way into the store. Call ``commit`` or ``discard``."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self._hash = hashlib.sha256()
        self._size = 0
        descriptor, name = tempfile.mkstemp(dir=folder)
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        self._path = Path(name)

    def write(self, data: bytes | memoryview) -> None:
        """Add ``data`` at the end."""
        self._hash.update(data)
        self._size += len(data)
        write_all(self._file, memoryview(data))

    def commit(self) -> Content:
        """Make the content part of the store, durably."""
        os.fsync(self._file.fileno())
        self._file.close()
        self._store.put(self._path, self._hash.hexdigest())
        return Content(self._hash.hexdigest(), self._size)

    def discard(self) -> None:
        """Forget the content. Harmless after ``commit``."""
        self._file.close()
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()


def write_all(file: Any, data: memoryview) -> None:
    """Write all of ``data`` to an unbuffered file.

    In pieces for which Linux need not look for much memory in one piece: with larger ones the same
    takes four times as long.
    """
    while data:
        data = data[file.write(data[: 1 << 17]) :]


def hash_file(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_file(source: BinaryIO, target: BinaryIO) -> None:
    """Copy the rest of an open file, by the system itself where it can."""
    if hasattr(os, "copy_file_range"):
        with contextlib.suppress(OSError):  # across file systems, or not offered by this one
            while os.copy_file_range(source.fileno(), target.fileno(), 1 << 30):
                pass
            return
        source.seek(0)
        target.seek(0)
        target.truncate()
    shutil.copyfileobj(source, target, BLOCK)


def sync_tree(folder: Path) -> None:
    """Make a folder durable, with everything in it."""
    for path in (folder, *folder.rglob("*")):
        sync(path)


def sync(path: Path) -> None:
    """Make what a file holds durable; of a folder, the names in it, where the system has a way."""
    if os.name == "nt" and path.is_dir():  # Windows neither needs nor allows it
        return
    descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
