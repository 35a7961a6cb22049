"""Large files, uploaded in parts that stay when anything breaks.

uploads/ID/file.json         what is uploaded, and by whom
uploads/ID/data              the parts, each at its place
uploads/ID/parts             a line for each part that has arrived: its number and "+", "-" if void
"""

import contextlib
import hashlib
import json
import shutil
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from starlette.background import BackgroundTask
from starlette.responses import JSONResponse

from batchapps_service import _files
from batchapps_service._bodies import blocks
from batchapps_service._bulk import check_digest
from batchapps_service._calls import Answer, Call
from batchapps_service._errors import ApiError, bad_request, later, not_found
from batchapps_service._files import Row
from batchapps_service._store import BLOCK, sync, write_all
from batchapps_service._threads import writing

PART_SIZE = 8 * 1024 * 1024


class Upload:
    """One upload in parts, in its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.file: dict[str, Any] = json.loads((folder / "file.json").read_text("utf-8"))
        self.size = int(self.file["Size"])
        self.count = -(-self.size // PART_SIZE)

    def arrived(self) -> list[int]:
        """The parts that are here."""
        parts: dict[int, bool] = {}
        with contextlib.suppress(FileNotFoundError):
            for line in (self.folder / "parts").read_text("ascii").splitlines():
                number, _, mark = line.partition(" ")
                # A line that a crash cut off is as good as none. What it names wrongly is found
                # out in the end: all that is here is read, and has the digest told or is refused.
                if mark and number.isdecimal():
                    parts[int(number)] = mark == "+"
        return sorted(number for number, here in parts.items() if here)

    def note(self, number: int, mark: str) -> None:
        """Write down that a part is here, "+", or not any more, "-"."""
        with (self.folder / "parts").open("a", encoding="ascii") as file:
            file.write(f"{number} {mark}\n")

    def read(self, number: int, digest: "hashlib._Hash") -> None:
        """Add a part that is here to a digest."""
        with self.data.open("rb", buffering=0) as file:
            file.seek(number * PART_SIZE)
            left = self.length(number)
            while left and (piece := file.read(min(BLOCK, left))):
                digest.update(piece)
                left -= len(piece)

    def length(self, number: int) -> int:
        """The length of a part in bytes."""
        return min(PART_SIZE, self.size - number * PART_SIZE)


class _Live:
    """What is known of an upload, besides its folder, while it goes on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._files: dict[int, Any] = {}
        """By which file each part is being written; of two for one part, the later."""
        self._closed = False
        self._hashing = threading.Lock()
        self._forget()

    def _forget(self) -> None:
        self._hash = hashlib.sha256()
        self._next = 0

    def open(self, upload: Upload, number: int) -> Any:
        """Begin to write a part, which is not here any more then. Raises ApiError (503)."""
        with self._lock:
            self._check_open()
            if number in upload.arrived():
                upload.note(number, "-")
                with self._hashing:
                    self._forget()
            file = self._files[number] = upload.data.open("r+b", buffering=0)
        file.seek(number * PART_SIZE)
        return file

    def write(self, number: int, file: Any, block: bytes) -> None:
        """Write on. Raises ApiError (503) where another call has begun to write this part."""
        with self._lock:
            self._check_file(number, file)
            write_all(file, memoryview(block))

    def arrived(self, upload: Upload, number: int, file: Any) -> None:
        """A part is here, and is not written to any more."""
        with self._lock:
            self._check_file(number, file)
            del self._files[number]
            upload.note(number, "+")

    def ahead(self, upload: Upload) -> None:
        """Hash what is here, and have it on the disk, while other parts come."""
        if self._hashing.acquire(blocking=False):  # else another part's call is at it
            try:
                self._advance(upload)
            finally:
                self._hashing.release()
            with contextlib.suppress(FileNotFoundError):  # completed or cancelled meanwhile
                sync(upload.data)

    def _check_file(self, number: int, file: Any) -> None:
        if self._files.get(number) is not file:
            raise later(f"Part {number} is being sent by another call as well")

    def _check_open(self) -> None:
        if self._closed:
            raise later("The upload is being completed by another call")

    @contextlib.contextmanager
    def closed(self, upload: Upload) -> Iterator[None]:
        """Nothing is written to the data in the block. Raises ApiError (503)."""
        with self._lock:
            self._check_open()
            self._closed = True
        try:
            yield
        finally:
            self._closed = not upload.folder.is_dir()

    def digest(self, upload: Upload) -> str:
        """The digest of the whole, of which all parts are here."""
        with self._hashing:
            self._advance(upload)
            return self._hash.hexdigest()

    def _advance(self, upload: Upload) -> None:
        arrived = upload.arrived()
        while self._next in arrived:
            upload.read(self._next, self._hash)
            self._next += 1


# The digest is begun while parts arrive, so that little is left to read at the end. Made anew after
# a restart.
_lives: dict[str, _Live] = {}


def _live(upload: Upload) -> _Live:
    return _lives.setdefault(upload.folder.name, _Live())


def _missing(call: Call) -> ApiError:
    return not_found(f"There is no upload '{call.path['uploadId'][:80]}'; begin it anew.")


def _upload(call: Call) -> Upload:
    upload_id = call.path["uploadId"]
    if len(upload_id) != 64 or not upload_id.isalnum():
        raise _missing(call)
    try:
        upload = Upload(call.context.store.uploads / upload_id)
    except (FileNotFoundError, ValueError):
        raise _missing(call) from None
    if upload.file["account"] != call.account:
        raise _missing(call)
    return upload


def start(call: Call) -> Answer:
    """POST /uploads"""
    name = call.body["Name"]
    _files.check_name(name, "Name")
    members = ("Name", "OriginalPath", "Timestamp", "Size")
    file = {"account": call.account} | {key: call.body.get(key, "") for key in members}
    upload_id = hashlib.sha256(json.dumps(list(file.values())).encode()).hexdigest()
    folder = call.context.store.uploads / upload_id
    try:
        upload = Upload(folder)
    except (FileNotFoundError, ValueError):  # none, or what a power cut left of one
        shutil.rmtree(folder, ignore_errors=True)
        partial = folder.with_name(f".{upload_id}.{uuid.uuid4().hex}")
        partial.mkdir()
        (partial / "file.json").write_text(json.dumps(file), "utf-8")
        (partial / "data").touch()
        try:
            partial.rename(folder)
        except OSError:  # another call was faster
            shutil.rmtree(partial)
        upload = Upload(folder)
    parts: list[dict[str, Any]] = []
    for number in upload.arrived():
        digest = hashlib.sha256()
        upload.read(number, digest)
        parts.append({"number": number, "sha256": digest.hexdigest()})
    return {"id": upload_id, "partSize": PART_SIZE, "parts": parts}


async def part(call: Call) -> Answer:
    """PUT /uploads/{uploadId}/parts/{number}"""
    upload = await writing(_upload, call)
    text = call.path["number"]
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else upload.count
    if number >= upload.count:
        raise not_found(f"The upload has {upload.count} parts, counted from 0, and no '{text}'.")
    try:
        await _take_part(call, upload, number)
    except FileNotFoundError:  # cancelled meanwhile
        raise _missing(call) from None
    # Afterwards, as whoever sends parts waits for the answers.
    return JSONResponse({}, background=BackgroundTask(_live(upload).ahead, upload))


async def _take_part(call: Call, upload: Upload, number: int) -> None:
    live = _live(upload)
    digest = hashlib.sha256() if "content-digest" in call.request.headers else None
    length = upload.length(number)
    done = 0
    file = await writing(live.open, upload, number)
    try:
        async for block in blocks(call.request):
            done += len(block)
            if done > length:
                raise bad_request(f"Part {number} has {length} bytes; there came more.")
            if digest is not None:
                await writing(digest.update, block)
            await writing(live.write, number, file, block)
    finally:
        file.close()
    if done != length:
        raise bad_request(f"Part {number} has {length} bytes; there came {done}.")
    if digest is not None:
        check_digest(call, digest.digest())
    await writing(live.arrived, upload, number, file)


def complete(call: Call) -> Answer:
    """POST /uploads/{uploadId}/actions/complete"""
    upload = _upload(call)
    live = _live(upload)
    with live.closed(upload):
        here = len(upload.arrived())
        if here < upload.count:
            text = f"Of {upload.count} parts {here} have arrived; send the others first."
            raise bad_request(text)
        file, digest = upload.file, live.digest(upload)
        if digest != call.body["Sha256"]:
            text = f"The parts of '{file['Name']}' do not have the digest told"
            raise ApiError(409, f"{text}; begin the upload again.")
        row = Row(file["Name"], file["OriginalPath"], file["Timestamp"], upload.size, digest)
        sync(upload.data)
        # Once the database is ours, so that the data stays here while it is not to be had.
        _files.record(call, [row], bring=lambda: call.context.store.put(upload.data, digest))
        _remove(upload)
    return {}


def cancel(call: Call) -> Answer:
    """DELETE /uploads/{uploadId}"""
    upload = _upload(call)
    with _live(upload).closed(upload):
        _remove(upload)
    return {}


def _remove(upload: Upload) -> None:
    shutil.rmtree(upload.folder, ignore_errors=True)
    _lives.pop(upload.folder.name, None)
