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
        """Make the store's folders."""
        self._temporary.mkdir(parents=True)
        self.uploads.mkdir()

    def path(self, digest: str) -> Path:
        """Where the content of that digest lies, whether or not it is there."""
        return self._root / digest[:2] / digest[2:]

    def begin(self) -> "Incoming":
        """Begin to take in a content of unknown size."""
        return Incoming(self, self._temporary)

    def take(self, source: Path) -> Content:
        """Take in a finished file by renaming it; ``source`` is gone afterwards.

        ``source`` must lie on the store's file system.
        """
        return self.take_hashed(source, hash_file(source))

    def take_hashed(self, source: Path, digest: str) -> Content:
        """As ``take``, where the digest is known already."""
        size = source.stat().st_size
        with source.open("rb") as file:
            os.fsync(file.fileno())
        return self._commit(source, digest, size)

    def copy_out(self, digest: str, target: Path) -> None:
        """Write the content to the new file ``target``: a copy, which may be changed."""
        with self.path(digest).open("rb") as source, target.open("xb") as copy:
            copy_file(source, copy)

    def _commit(self, source: Path, digest: str, size: int) -> Content:
        target = self.path(digest)
        try:
            os.utime(target)  # it is needed anew, and so not to be collected
        except FileNotFoundError:
            if not target.parent.is_dir():
                target.parent.mkdir(exist_ok=True)
                sync_folder(self._root)
            source.chmod(0o440)
            os.utime(source)
            source.replace(target)
            sync_folder(target.parent)
        else:
            source.unlink()
        return Content(digest, size)

    def digests(self) -> Iterator[list[str]]:
        """All contents that it holds, in batches."""
        for folder in sorted(self._root.glob("[0-9a-f][0-9a-f]")):
            yield [folder.name + path.name for path in folder.iterdir() if len(path.name) == 62]

    def discard(self, digest: str, seconds: float) -> bool:
        """Remove a content that no row names, unless it was taken in within so many seconds.

        Whoever takes it in again at the same time either finds it here, where it then stays, or
        brings it anew.
        """
        target, aside = self.path(digest), self._temporary / digest
        try:
            target.replace(aside)
            if time.time() - aside.stat().st_mtime < seconds:
                aside.replace(target)
                return False
            aside.unlink()
        except FileNotFoundError:
            return False
        return True

    def sweep(self) -> None:
        """Remove what interrupted writes left. Only safe while nothing writes."""
        shutil.rmtree(self._temporary, ignore_errors=True)
        self._temporary.mkdir(exist_ok=True)
        self.uploads.mkdir(exist_ok=True)
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
        return self._store._commit(self._path, self._hash.hexdigest(), self._size)

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


def sync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` durable, where the system has a way."""
    if os.name == "nt":  # Windows neither needs nor allows it
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
