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
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool

from batchapps_service import _files
from batchapps_service._bodies import blocks
from batchapps_service._bulk import check_digest
from batchapps_service._calls import Answer, Call
from batchapps_service._errors import ApiError, bad_request, not_found
from batchapps_service._files import Row
from batchapps_service._store import BLOCK, write_all

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
                # A line that a crash cut off is as good as none.
                if mark:
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


class _Whole:
    """The digest of an upload from its beginning on, as far as its parts are here."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.hash = hashlib.sha256()
        self.next = 0

    def advance(self, upload: Upload) -> None:
        arrived = upload.arrived()
        while self.next in arrived:
            upload.read(self.next, self.hash)
            self.next += 1


# Begun while parts arrive, so that little is left to read at the end; made anew after a restart.
_wholes: dict[str, _Whole] = {}


def _upload(call: Call) -> Upload:
    upload_id = call.path["uploadId"]
    missing = not_found(f"There is no upload '{upload_id[:80]}'; begin it anew.")
    if len(upload_id) != 64 or not upload_id.isalnum():
        raise missing
    try:
        upload = Upload(call.context.store.uploads / upload_id)
    except (FileNotFoundError, ValueError):
        raise missing from None
    if upload.file["account"] != call.account:
        raise missing
    return upload


def start(call: Call) -> Answer:
    """POST /uploads"""
    name = call.body["Name"]
    _files.check_name(name, "Name")
    members = ("Name", "OriginalPath", "Timestamp", "Size")
    file = {"account": call.account} | {key: call.body.get(key, "") for key in members}
    upload_id = hashlib.sha256(json.dumps(list(file.values())).encode()).hexdigest()
    folder = call.context.store.uploads / upload_id
    if not (folder / "file.json").is_file():
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
    upload = await run_in_threadpool(_upload, call)
    text = call.path["number"]
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else upload.count
    if number >= upload.count:
        raise not_found(f"The upload has {upload.count} parts, counted from 0, and no '{text}'.")
    digest = hashlib.sha256() if "content-digest" in call.request.headers else None
    length = upload.length(number)
    done = 0
    file = await run_in_threadpool(_open_part, upload, number)
    try:
        async for block in blocks(call.request):
            done += len(block)
            if done > length:
                raise bad_request(f"Part {number} has {length} bytes; there came more.")
            await run_in_threadpool(_write, file, digest, block)
    finally:
        file.close()
    if done != length:
        raise bad_request(f"Part {number} has {length} bytes; there came {done}.")
    if digest is not None:
        check_digest(call, digest.digest())
    await run_in_threadpool(_arrived, call.path["uploadId"], upload, number)
    return {}


def _open_part(upload: Upload, number: int) -> Any:
    if number in upload.arrived():
        upload.note(number, "-")
        _wholes.pop(upload.folder.name, None)
    file = upload.data.open("r+b", buffering=0)
    file.seek(number * PART_SIZE)
    return file


def _write(file: Any, digest: Any, block: bytes) -> None:
    if digest is not None:
        digest.update(block)
    write_all(file, memoryview(block))


def _arrived(upload_id: str, upload: Upload, number: int) -> None:
    upload.note(number, "+")
    whole = _wholes.setdefault(upload_id, _Whole())
    if whole.lock.acquire(blocking=False):  # else another part's call is at it
        try:
            whole.advance(upload)
        finally:
            whole.lock.release()


def complete(call: Call) -> Answer:
    """POST /uploads/{uploadId}/actions/complete"""
    upload = _upload(call)
    here = len(upload.arrived())
    if here < upload.count:
        raise bad_request(f"Of {upload.count} parts {here} have arrived; send the others first.")
    whole = _wholes.pop(call.path["uploadId"], None) or _Whole()
    with whole.lock:
        whole.advance(upload)
    file, digest = upload.file, whole.hash.hexdigest()
    if digest != call.body["Sha256"]:
        raise ApiError(
            409,
            f"The parts of '{file['Name']}' do not have the digest told; begin the upload again.",
        )
    content = call.context.store.take_hashed(upload.data, digest)
    row = Row(file["Name"], file["OriginalPath"], file["Timestamp"], content.size, digest)
    _files.record(call, [row])
    shutil.rmtree(upload.folder, ignore_errors=True)
    return {}


def cancel(call: Call) -> Answer:
    """DELETE /uploads/{uploadId}"""
    upload = _upload(call)
    _wholes.pop(upload.folder.name, None)
    shutil.rmtree(upload.folder, ignore_errors=True)
    return {}
