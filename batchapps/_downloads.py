"""Files on their way from the service: beside their targets until they are whole and verified."""

from __future__ import annotations

import base64
import binascii
import contextlib
import errno
import hashlib
import itertools
import json
import logging
import os
import queue
import re
import ssl
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import httpx

from ._http import ApiClient, connection_failed, pause_after_error
from ._paths import safe_path
from ._progress import Crew, Meter
from .exceptions import FileDownloadException, RestCallException

#: Outputs of up to so many bytes come together, so many and so many bytes of them a request.
SMALL = 1024 * 1024
BATCH_FILES, BATCH_BYTES = 2_000, 4 * 1024 * 1024
#: How often what arrived damaged is fetched again.
RETRIES = 3
#: What is kept of a download that broke off, for the next one to go on from.
WORTH_KEEPING = 1024 * 1024
#: A body with more bytes than these to come is worth a connection of its own.
STRAIGHT = 4 * 1024 * 1024
_BLOCK = 1 << 19
#: Linux takes four times as long for the same bytes in larger pieces, for which it looks for memory
#: in one piece.
_WRITTEN = 1 << 17
#: Blocks that wait to be written.
_QUEUED = 4

_log = logging.getLogger("batch_apps")


class Wanted(NamedTuple):
    """A file at the service, and where it goes."""

    url: str
    name: str
    target: Path
    size: int | None = None


def target_path(folder: str | os.PathLike[str], name: str, overwrite: bool) -> tuple[Path, bool]:
    """Where a file goes that the service calls `name`, and whether it is to be fetched.

    Raises:
        FileDownloadException: The name is not one of a file.
    """
    target = safe_path(folder, name)
    if not overwrite and target.is_file():
        _log.warning("%s is already there and was not downloaded again.", target)
        return target, False
    return target, True


def download(
    http: ApiClient, files: Sequence[Wanted], meter: Meter, job_id: str = "", threads: int = 3
) -> None:
    """Fetch `files`, the small ones among the outputs of `job_id` many at a time.

    A file that is there already is replaced when the new one is whole, and stays as it was if that
    never comes to be. Folders are made if necessary.

    Raises:
        FileDownloadException: A file cannot be written, or arrived damaged again and again.
        RestCallException: The service did not give it.
    """
    meter.expect(len(files), sum(file.size or 0 for file in files))
    for folder in {file.target.parent for file in files}:
        with _writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
    together = [file for file in files if job_id and file.size is not None and file.size <= SMALL]
    single = [file for file in files if not job_id or file.size is None or file.size > SMALL]
    if not together and len(single) == 1:
        _Fetch(http, single[0], meter, meter.tell).run()
        return
    with Crew(threads, meter) as crew:
        for batch in _batches(together):
            crew.submit(partial(_fetch_many, http, job_id, batch, meter))
        for file in single:
            crew.submit(partial(_Fetch(http, file, meter).run))
        crew.finish()
    meter.tell(finished=True)


# -- many small files ------------------------------------------------------------------------


def _batches(files: Sequence[Wanted]) -> Iterator[list[Wanted]]:
    batch: list[Wanted] = []
    size = 0
    for file in files:
        if batch and (len(batch) >= BATCH_FILES or size + (file.size or 0) > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += file.size or 0
    if batch:
        yield batch


def _fetch_many(http: ApiClient, job_id: str, files: list[Wanted], meter: Meter) -> None:
    waiting = {file.name: file for file in files}
    damaged = 0
    prefix = f".batchapps-{os.urandom(16).hex()}"
    while waiting:
        meter.check()
        reply = http.post(f"/jobs/{job_id}/outputs/fetch", json={"Names": list(waiting)})
        before = len(waiting)
        for name, data in _unpacked(reply.content):
            file = waiting.pop(name, None)
            if file is None:
                continue
            meter.current = file.name
            with _writing(file.target):
                _write(file.target, data, f"{prefix}{len(waiting)}.part")
            meter.moved(len(data))
            meter.done(sent=1)
        if len(waiting) == before:
            damaged += 1
            if damaged == RETRIES:
                raise _damaged(next(iter(waiting.values())).target)


def _unpacked(content: bytes) -> Iterator[tuple[str, memoryview]]:
    """The files in an answer, as far as they arrived well."""
    end = content.find(b"\n")
    try:
        listed = json.loads(content[: max(end, 0)])["outputs"]
        position, view = end + 1, memoryview(content)
        for one in listed:
            data = view[position : position + one["contentLength"]]
            position += one["contentLength"]
            if hashlib.sha256(data).hexdigest() == one["sha256"]:
                yield one["name"], data
    except (ValueError, KeyError, TypeError) as error:
        _log.info("An answer arrived damaged: %s", error)


def _write(target: Path, data: memoryview, partial_name: str) -> None:
    part = os.path.join(target.parent, partial_name)  # noqa: PTH118 - Path costs more than writing
    try:
        with open(part, "xb", buffering=0) as file:  # noqa: PTH123
            _write_all(file, data)
        os.replace(part, target)  # noqa: PTH105
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(part)  # noqa: PTH108
        raise


def _write_all(file: Any, data: memoryview) -> None:
    while data:
        data = data[file.write(data[:_WRITTEN]) :]


# -- one file --------------------------------------------------------------------------------


class _Fetch:
    """The download of one file, which goes on where it broke off, if need be in another process."""

    def __init__(
        self,
        http: ApiClient,
        file: Wanted,
        meter: Meter,
        tell: Callable[[bool], object] = lambda _finished: None,
    ) -> None:
        self._http = http
        self._wanted = file
        self._meter = meter
        self._tell = tell
        self._digest = ""
        self._part: Path | None = None
        self._file: BinaryIO | None = None  # while it is open
        self._counted = 0
        self._expected = file.size

    def run(self) -> None:
        target = self._wanted.target
        self._meter.current = self._wanted.name
        with _writing(target):
            try:
                self._fetch()
                self._close()
                self._meter.done(sent=1)
                self._tell(True)
                if self._part:
                    self._part.replace(target)
                    self._part = None
            finally:
                self._close()
                if self._part and (not self._digest or self._part.stat().st_size < WORTH_KEEPING):
                    self._part.unlink()

    def _close(self) -> None:
        if self._file:
            self._file.close()

    def _fetch(self) -> None:
        failed = damaged = 0
        while True:
            try:
                if self._receive():
                    return
            except httpx.TransportError as error:
                pause = pause_after_error(error.request, error, failed)
                if pause is None:
                    raise connection_failed(error.request, error) from error
                _log.info("The download of %s broke off and goes on.", self._wanted.name)
                self._meter.pause(pause)
                failed += 1
                continue
            except RestCallException as error:
                if error.status not in {412, 416}:  # with these it is another file by now
                    raise
            damaged += 1
            if damaged == RETRIES:
                raise _damaged(self._wanted.target)
            if self._file:
                self._file.truncate(0)
            self._count(0)

    def _receive(self) -> bool:
        """Fetch what is missing; whether the whole has the digest that the service told of it."""
        # Compressed on the way, its length would not be that of the file.
        headers = {"Accept-Encoding": "identity"}
        if self._digest and self._here():
            headers |= {"Range": f"bytes={self._here()}-", "If-Match": f'"{self._digest}"'}
        with self._http.stream("GET", self._wanted.url, headers=headers) as response:
            if response.status_code != httpx.codes.PARTIAL_CONTENT:
                total = int(response.headers.get("Content-Length") or 0)
                told = _told_digest(response)
                if self._expected is None:
                    self._meter.expect(0, total)
                    self._expected = total
                if self._file is None or told != self._digest:
                    self._file = self._open(told, total)
                    if 0 < self._here() < total:
                        response.close()
                        return self._receive()
                self._file.truncate(0)
            assert self._file is not None
            self._count(self._here())
            with _Writer(self._file, self._meter.check) as writer:
                for piece in _pieces(response):
                    writer.write(piece)
                    self._count(self._counted + len(piece))
        return writer.digest == (self._digest or writer.digest)

    def _open(self, digest: str, total: int) -> BinaryIO:
        """Open the file to write to: an earlier download's of this content, unless it is in use."""
        self._close()
        self._digest = digest
        target = self._wanted.target
        key = os.urandom(16).hex()
        if digest and total >= WORTH_KEEPING:
            key = hashlib.sha256(f"{target.name}/{digest}".encode()).hexdigest()[:32]
        while True:
            self._part = target.with_name(f".batchapps-{key}.part")
            file = self._part.open("a+b", buffering=0)
            if _locked(file):
                return file
            file.close()
            key = os.urandom(16).hex()

    def _here(self) -> int:
        return os.fstat(self._file.fileno()).st_size if self._file else 0

    def _count(self, done: int) -> None:
        self._meter.moved(done - self._counted)
        self._counted = done
        self._tell(False)


def _pieces(response: httpx.Response) -> Iterator[bytes | memoryview]:
    """The body as it arrives; pieces are good until so many more have come as a `_Writer` holds.

    A long one is read straight from its connection, which is closed afterwards: to take it through
    HTTP's parser by the 16 KiB that TLS gives costs more than all the rest.
    """
    left = int(response.headers.get("Content-Length") or 0)
    connection = _connection(response)
    parsed = response.iter_raw()  # to be kept: it closes the connection when it goes
    for piece in parsed:
        yield piece
        left -= len(piece)
        if connection and left > STRAIGHT:
            break
    else:
        return
    assert connection is not None
    buffers = itertools.cycle([memoryview(bytearray(_BLOCK)) for _ in range(_QUEUED + 3)])
    while left > 0:
        buffer = next(buffers)[:left]
        size, error = _fill(connection, buffer)
        yield buffer[:size]
        if error is not None:
            raise httpx.ReadError(str(error), request=response.request) from error
        left -= size


def _connection(response: httpx.Response) -> ssl.SSLSocket | None:
    """What the body comes by, unless it comes in another way than by TLS over TCP."""
    stream = response.extensions.get("network_stream")
    if stream is None or isinstance(stream.get_extra_info("ssl_object"), ssl.SSLObject):
        return None
    connection = stream.get_extra_info("socket")
    return connection if isinstance(connection, ssl.SSLSocket) else None


def _fill(connection: ssl.SSLSocket, buffer: memoryview) -> tuple[int, OSError | None]:
    """How much came, and why not all of it."""
    size = 0
    try:
        while size < len(buffer):
            received = connection.recv_into(buffer[size:])
            if not received:
                raise ConnectionResetError("it was closed early")
            size += received
    except OSError as error:
        return size, error
    return size, None


def _locked(file: BinaryIO) -> bool:
    """Whether the file could be locked. The system frees the locks of a program that ended."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


class _Writer:
    """Appends and hashes in a thread of its own, while more is received.

    Attributes:
        digest: SHA-256 of the whole, at the end.
    """

    def __init__(self, file: BinaryIO, check: Callable[[], None]) -> None:
        self.digest = ""
        self._file = file
        self._hash = hashlib.sha256()
        self._file.seek(0)
        while piece := self._file.read(_BLOCK):
            check()
            self._hash.update(piece)
        self._pieces: list[bytes | memoryview] = []
        self._size = 0
        self._error: OSError | None = None
        self._blocks: queue.Queue[bytes | memoryview | None] = queue.Queue(_QUEUED)
        self._thread = threading.Thread(target=self._run, name="batchapps-writer", daemon=True)
        self._thread.start()

    def __enter__(self) -> _Writer:
        return self

    def write(self, data: bytes | memoryview) -> None:
        """Add `data` at the end. Raises OSError of what was added before."""
        self._pieces.append(data)
        self._size += len(data)
        if self._size >= _BLOCK:
            self._flush()

    def _flush(self) -> None:
        if self._error:
            raise self._error
        # One that is a block by itself is not copied.
        one = len(self._pieces) == 1
        self._blocks.put(self._pieces[0] if one else b"".join(self._pieces))
        self._pieces, self._size = [], 0

    def _run(self) -> None:
        while (block := self._blocks.get()) is not None:
            if self._error is None:
                try:
                    self._hash.update(block)
                    _write_all(self._file, memoryview(block))
                except OSError as error:
                    self._error = error

    def __exit__(self, *_: object) -> None:
        # Also what came before the connection broke is worth keeping.
        try:
            self._flush()
        finally:
            self._blocks.put(None)
            self._thread.join()
        if self._error:
            raise self._error
        self.digest = self._hash.hexdigest()


def _told_digest(response: httpx.Response) -> str:
    """The SHA-256 that the service tells of the whole file, in hexadecimal, or ``""``."""
    found = re.search(r"sha-256=:([A-Za-z0-9+/=]+):", response.headers.get("Repr-Digest", ""))
    try:
        return base64.b64decode(found[1], validate=True).hex() if found else ""
    except binascii.Error:
        return ""


def _damaged(target: Path) -> FileDownloadException:
    return FileDownloadException(
        f"{target} arrived damaged {RETRIES} times and was not saved. Try again; if that does not "
        "help, something between here and the service changes what it sends."
    )


@contextlib.contextmanager
def _writing(target: Path) -> Iterator[None]:
    """Tell of the file where the system only tells of an error."""
    try:
        yield
    except OSError as error:
        raise FileDownloadException(_cannot_write(target, error)) from error


def _cannot_write(target: Path, error: OSError) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        advice = "Make room on the disk, or choose another folder."
    elif error.errno == errno.ENAMETOOLONG:
        advice = "Its name is too long for this system; choose another folder or name."
    else:
        advice = "Check the folder, its permissions, and that no program has the file open."
    return f"{target} could not be written: {error.strerror or error}. {advice}"
