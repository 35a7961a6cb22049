"""Files on their way to the service, in flat memory.

Small files are read, hashed and offered by the thousand; what the service does not hold travels
many files a request. A large file travels in parts, which stay at the service when anything breaks,
so that the same upload goes on from there, even in another process.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple, Protocol

from ._hashes import Hashes, State, hash_file, read_hashed, state_of
from ._http import ApiClient
from ._progress import Crew, Meter
from .exceptions import (
    BadRequestException,
    ConflictException,
    FileInvalidException,
    FileMissingException,
    RestCallException,
)

#: Larger files travel in parts.
LARGE = 4 * 1024 * 1024
#: Of smaller ones, so many files, and bytes that were read, go together.
BATCH_FILES, BATCH_BYTES = 2_000, 4 * 1024 * 1024
#: Of so many lists of files the service is asked in one call whether it knows them.
RECALLED = 10_000
#: How often what was damaged on the way is sent again.
RETRIES = 3
#: Parts of one file that are on their way at the same time.
PARTS = 2
_PIECE = 256 * 1024
_JSON = {"Content-Type": "application/json"}


class Source(Protocol):
    """A file on this machine, and what the service is to call it."""

    path: str
    name: str
    _sent_path: str
    """Its absolute path in the form of Windows."""


class _File(NamedTuple):
    place: int
    source: Source
    folder: str
    state: State
    digest: str | None = None
    data: bytes | None = None
    """The content, where it was just read."""

    @property
    def member(self) -> str:
        """The file as a list of files has it: a JSON object."""
        name, path = _quoted(self.source.name), _quoted(self.source._sent_path)
        digest = f',"Sha256":"{self.digest}"' if self.digest else ""
        return (
            f'{{"Name":{name},"OriginalPath":{path},"Timestamp":"{timestamp(self.state.modified)}",'
            f'"Size":{self.state.size}{digest}}}'
        )


_quoted = json.JSONEncoder(ensure_ascii=False).encode


def _listed(files: Sequence[_File]) -> bytes:
    """The list of files that is offered, and that goes before their contents."""
    return f'{{"Files":[{",".join([file.member for file in files])}]}}'.encode()


def _size(files: Sequence[_File]) -> int:
    return sum([file.state.size for file in files])


def _batches(files: Sequence[_File]) -> Iterator[list[_File]]:
    """Files that go together: always the same ones, as long as there are the same files.

    Those that travel in parts are only offered together.
    """
    batch: list[_File] = []
    size = 0
    for file in files:
        batch.append(file)
        size += file.state.size if file.state.size <= LARGE else 0
        if len(batch) >= BATCH_FILES or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def timestamp(nanoseconds: int) -> str:
    """A file's time as it is sent, without its fraction of a second."""
    return _second(nanoseconds // 10**9)


@lru_cache(1024)
def _second(seconds: int) -> str:
    # Not every system can convert times before 1970 itself.
    return (datetime(1970, 1, 1) + timedelta(seconds=seconds)).isoformat() + "Z"


class Upload:
    """An upload of `files`.

    Args:
        http: The service.
        hashes: Digests that are known, and where new ones go.
        files: What to send.
        force: Whether to send what the service has too.
        threads: How many requests at the same time.
        meter: Counts it.
    """

    def __init__(
        self,
        http: ApiClient,
        hashes: Hashes,
        files: Sequence[Source],
        *,
        force: bool,
        threads: int,
        meter: Meter,
    ) -> None:
        self._http = http
        self._hashes = hashes
        self._files = files
        self._force = force
        self._threads = threads
        self._meter = meter
        self._reasons: dict[int, Exception] = {}
        self._digests: dict[int, str] = {}

    def run(self) -> tuple[dict[int, Exception], dict[int, str]]:
        """Why files could not be sent, and the SHA-256 of the others, by their places.

        Raises:
            RestCallException: The service could not be asked what it has.
            SessionExpiredException: The token has run out.
        """
        with self._hashes, Crew(self._threads, self._meter) as crew:
            files = list(self._found())
            self._meter.expect(len(self._files), _size(files))
            large = [file for file in files if file.state.size > LARGE]
            known = list(_batches([file for file in large if file.digest]))
            for batch in _batches([file for file in files if file.state.size <= LARGE]):
                if self._force or not all(file.digest for file in batch):
                    crew.submit(partial(self._send_batch, self._read_all(batch)))
                else:
                    known.append(batch)
            unknown = self._unknown(known)
            for batch in unknown:
                if batch[0].state.size <= LARGE:
                    crew.submit(partial(self._send_batch, batch))
            self._hashes.save()  # while the last ones are on their way
            crew.finish()
            for batch in unknown:
                if batch[0].state.size > LARGE:
                    for file in self._offer(batch)[0]:
                        self._large(file, crew, self._send_parts)
            for file in large:
                if not file.digest:
                    self._large(file, crew, self._send_large)
        self._meter.tell(finished=True)
        return self._reasons, self._digests

    # -- what there is -----------------------------------------------------------------------

    def _found(self) -> Iterator[_File]:
        for index, source in enumerate(self._files):
            path, name, sent = source.path, source.name, source._sent_path
            try:
                status = os.stat(path)  # noqa: PTH116 - Path costs more than the call
            except (OSError, ValueError):
                status = None
            if status is None or not stat.S_ISREG(status.st_mode):
                missing = f"There is no file {path!r} on this machine."
                self._fail(index, FileMissingException(missing))
                continue
            try:
                sent.encode()
            except UnicodeEncodeError:
                error = f"The name or path of {path!r} is not valid text. Rename it."
                self._fail(index, FileInvalidException(error))
                continue
            folder, state = sent[: -len(name) - 1], state_of(status)
            digest = self._hashes.get(folder, name, state)
            if digest:
                self._digests[index] = digest
            yield _File(index, source, folder, state, digest)

    def _fail(self, index: int, error: Exception) -> None:
        self._reasons[index] = error
        self._meter.done(failed=1)

    def _changed(self, file: _File) -> None:
        self._fail(
            file.place,
            FileInvalidException(
                f"{file.source.path} changed while it was being uploaded. Upload it again."
            ),
        )

    def _unreadable(self, file: _File, error: OSError) -> None:
        self._fail(
            file.place,
            FileMissingException(f"{file.source.path} cannot be read: {error.strerror or error}."),
        )

    def _read_all(self, batch: list[_File]) -> list[_File]:
        """`batch` with the digests that were not known, and with what was read for them."""
        found: list[_File] = []
        for file in batch:
            if file.digest:
                found.append(file)
            elif read := self._read(file):
                place, source, folder, state = file[:4]
                self._hashes.add(folder, source.name, state, read[1])
                found.append(_File(place, source, folder, state, read[1], read[0]))
        return found

    def _read(self, file: _File) -> tuple[bytes, str] | None:
        try:
            read = read_hashed(file.source.path, file.state)
        except OSError as error:
            self._unreadable(file, error)
            return None
        if read is None:
            self._changed(file)
        else:
            self._digests[file.place] = read[1]
        return read

    # -- small files -------------------------------------------------------------------------

    def _offer(self, files: Sequence[_File]) -> tuple[list[_File], set[int]]:
        """Those of `files` whose contents are to be sent, and which of them are worth hashing."""
        if self._force:
            return list(files), set()
        reply = self._http.post("/files/offer", content=_listed(files), headers=_JSON).json()
        for one in reply["refused"]:
            error = FileInvalidException(f"{files[one['index']].source.path}: {one['message']}")
            self._fail(files[one["index"]].place, error)
        missing = [files[index] for index in reply["missing"]]
        known = len(files) - len(missing) - len(reply["refused"])
        self._meter.done(known=known)
        self._meter.had(_size(files) - _size(missing))
        return missing, {files[index].place for index in reply["worthHashing"]}

    def _unknown(self, batches: list[list[_File]]) -> list[list[_File]]:
        """Those of `batches`, with all digests, that the service does not know to be complete."""
        unknown: list[list[_File]] = []
        for start in range(0, len(batches), RECALLED):
            asked = batches[start : start + RECALLED]
            digests = [hashlib.sha256(_listed(batch)).hexdigest() for batch in asked]
            reply = self._http.post("/files/offer/recall", json={"Sha256": digests}).json()
            places = set(reply["unknown"])
            unknown += [asked[place] for place in sorted(places)]
            for place, batch in enumerate(asked):
                if place not in places:
                    self._meter.done(known=len(batch))
                    self._meter.had(_size(batch))
            self._meter.tell()
        return unknown

    def _send_batch(self, batch: list[_File]) -> None:
        self._meter.check()
        together: list[_File] = []
        size = 0
        for file in self._offer(batch)[0]:
            sendable = file
            if file.data is None:  # its digest was known, but not to the service
                read = self._read(file)
                if read is None:
                    continue
                sendable = file._replace(data=read[0], digest=read[1])
            together.append(sendable)
            size += file.state.size
            if size >= BATCH_BYTES:
                self._send(together)
                together, size = [], 0
        if together:
            self._send(together)

    def _send(self, files: list[_File]) -> None:
        self._meter.current = files[0].source.path
        head = _listed(files) + b"\n"
        body = _Body(
            b"".join([head, *(file.data or b"" for file in files)]), len(head), self._meter
        )
        try:
            self._put("/files/bulk", body)
        except BadRequestException as error:
            if len(files) == 1:
                self._fail(files[0].place, error)
            for file in files if len(files) > 1 else []:
                self._send([file])  # so that one that is wrong does not hold up the others
        except RestCallException as error:
            for file in files:
                self._fail(file.place, error)
        else:
            self._meter.done(sent=len(files))

    def _put(self, url: str, body: _Body) -> None:
        """Send files together."""
        digest = base64.b64encode(body.digest()).decode()
        for attempt in range(RETRIES):
            try:
                self._request(url, body, {"Content-Digest": f"sha-256=:{digest}:"})
            except BadRequestException as error:
                if "Content-Digest" not in str(error) or attempt == RETRIES - 1:
                    raise
            else:
                return

    def _put_part(self, url: str, body: _Part, arrived: str | None) -> None:
        """Send a part, unless what has arrived has its digest."""
        if arrived and body.digest().hex() == arrived:
            self._meter.had(body.size)
        else:
            self._request(url, body, {})

    def _request(self, url: str, body: _Body, headers: dict[str, str]) -> None:
        headers |= {
            "Content-Type": "application/octet-stream",
            "Content-Length": str(body.size),
        }
        try:
            self._http.request(body.method, url, content=body, headers=headers)
        except RestCallException:
            body.back()
            raise

    # -- large files -------------------------------------------------------------------------

    def _large(self, file: _File, crew: Crew, send: Callable[[_File, Crew], None]) -> None:
        self._meter.current = file.source.path
        try:
            send(file, crew)
        except (RestCallException, FileInvalidException) as error:
            self._fail(file.place, error)
        except OSError as error:
            self._unreadable(file, error)

    def _send_large(self, file: _File, crew: Crew) -> None:
        # One that was known before it was touched has probably not changed.
        if self._hashes.had(file.folder, file.source.name, file.state.size):
            file = self._hashed(file)
        missing, worth_hashing = self._offer([file])
        if worth_hashing:
            file = self._hashed(file)
            missing, _ = self._offer([file])
        if missing:
            self._send_parts(file, crew)

    def _send_parts(self, file: _File, crew: Crew) -> None:
        for attempt in range(RETRIES):
            url, digest = self._send_missing(file, crew)
            if state_of(Path(file.source.path).stat())[:2] != file.state[:2]:
                self._changed(file)
                return
            try:
                self._http.post(f"{url}/actions/complete", json={"Sha256": digest})
            except ConflictException:  # a part arrived damaged
                if attempt == RETRIES - 1:
                    raise
                self._meter.had(-file.state.size)
            else:
                self._remember(file, digest)
                self._meter.done(sent=1)
                return

    def _send_missing(self, file: _File, crew: Crew) -> tuple[str, str]:
        """Send the parts that are not there; the upload's address, and the digest of the file."""
        begun = self._http.post("/uploads", content=file.member.encode(), headers=_JSON).json()
        url = f"/uploads/{begun['id']}"
        arrived = {part["number"]: part["sha256"] for part in begun["parts"]}
        whole = hashlib.sha256()
        for number, start in enumerate(range(0, file.state.size, begun["partSize"])):
            size = min(begun["partSize"], file.state.size - start)
            body = _Part(file.source.path, start, size, self._meter)
            crew.free(PARTS - 1)
            put = partial(self._put_part, f"{url}/parts/{number}", body, arrived.get(number))
            crew.submit(put)
            # Hashed while it is sent; both read it from the system's cache.
            for piece in () if file.digest else body.pieces():
                whole.update(piece)
        crew.finish()
        return url, file.digest or whole.hexdigest()

    def _hashed(self, file: _File) -> _File:
        digest = hash_file(file.source.path, self._meter.tell)
        self._remember(file, digest)
        return file._replace(digest=digest)

    def _remember(self, file: _File, digest: str) -> None:
        self._hashes.add(file.folder, file.source.name, file.state, digest)
        self._digests[file.place] = digest


class _Body:
    """A body that is counted as it goes. Each iteration starts anew."""

    method = "POST"

    def __init__(self, content: bytes, uncounted: int, meter: Meter) -> None:
        self.size = len(content)
        self._content = content
        self._uncounted = uncounted
        self._meter = meter
        self._counted = 0

    def pieces(self) -> Iterator[bytes]:
        """The bytes, without counting them."""
        for start in range(0, self.size, _PIECE):
            yield self._content[start : start + _PIECE]

    def __iter__(self) -> Iterator[bytes]:
        self.back()
        left = self._uncounted
        for piece in self.pieces():
            yield piece
            counted = max(0, len(piece) - left)
            left -= len(piece) - counted
            self._meter.moved(counted)
            self._counted += counted

    def digest(self) -> bytes:
        """SHA-256 of it."""
        digest = hashlib.sha256()
        for piece in self.pieces():
            digest.update(piece)
        return digest.digest()

    def back(self) -> None:
        """Nothing of it counts any more."""
        self._meter.moved(-self._counted)
        self._counted = 0


class _Part(_Body):
    """A part of a file as a body, read as it goes."""

    method = "PUT"

    def __init__(self, path: str, start: int, size: int, meter: Meter) -> None:
        super().__init__(b"", 0, meter)
        self.size = size
        self._path = Path(path)
        self._start = start

    def pieces(self) -> Iterator[bytes]:
        left = self.size
        with self._path.open("rb", buffering=0) as file:
            file.seek(self._start)
            while left > 0:
                piece = file.read(min(_PIECE, left))
                if not piece:
                    raise FileInvalidException(
                        f"{self._path} changed while it was being uploaded. Upload it again."
                    )
                left -= len(piece)
                yield piece
