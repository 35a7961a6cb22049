"""Many files in one call: offers of contents, small files uploaded together, outputs fetched so."""

import base64
import hashlib
import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import StreamingResponse

from batchapps_service import _contents, _description, _files, _jobs
from batchapps_service._bodies import read_limited
from batchapps_service._calls import Answer, Call
from batchapps_service._database import File, rows
from batchapps_service._errors import bad_request, not_found
from batchapps_service._files import Row
from batchapps_service._store import BLOCK
from batchapps_service._threads import writing

MAX_BULK_BYTES = 32 * 1024 * 1024
MAX_FETCHED_FILES = 10_000
MAX_FETCHED_BYTES = 64 * 1024 * 1024


def check_digest(call: Call, digest: bytes) -> None:
    """Raises ApiError (400) unless the call's Content-Digest is this SHA-256."""
    told = call.request.headers.get("content-digest", "")
    if told != f"sha-256=:{base64.b64encode(digest).decode()}:":
        raise bad_request(
            "The body does not have the digest that its Content-Digest tells; send it again.",
            {"Content-Digest": "is not that of the body"},
        )


def _row(one: dict[str, Any]) -> Row:
    return Row(
        one["Name"],
        one.get("OriginalPath", ""),
        one["Timestamp"],
        one["Size"],
        one.get("Sha256", ""),
    )


def offer(call: Call) -> Answer:
    """POST /files/offer"""
    offered = [_row(one) for one in call.body["Files"]]
    refused: dict[int, str] = {}
    for index, row in enumerate(offered):
        if problem := _files.refusal(row.name):
            refused[index] = problem
    listings = call.context.listings
    state: int | None = listings.state(call.account)
    with call.context.database.read() as session:
        listed = _listed(session, call.account, offered)
        pending = [
            (index, row)
            for index, row in enumerate(offered)
            if index not in refused and row not in listed
        ]
        held = _files.held(session, call.account, [row.digest for _, row in pending])
        sizes = _sizes(session, call.account, {row.size for _, row in pending if not row.digest})
    known = [row for _, row in pending if row.digest and held.get(row.digest) == row.size]
    if known:
        state = _files.record(call, known, known=True)
    missing = [(index, row) for index, row in pending if held.get(row.digest) != row.size]
    if state is not None and not missing and not refused:
        listings.add(call.account, state, hashlib.sha256(call.data).hexdigest())
    return {
        "missing": [index for index, _ in missing],
        "worthHashing": [i for i, row in missing if not row.digest and row.size in sizes],
        "refused": [{"index": index, "message": text} for index, text in refused.items()],
    }


def recall(call: Call) -> Answer:
    """POST /files/offer/recall"""
    return {"unknown": call.context.listings.unknown(call.account, call.body["Sha256"])}


def _listed(session: Session, account: str, offered: list[Row]) -> set[tuple[Any, ...]]:
    """The account's files that have the names of those offered, as rows."""
    query = (
        "SELECT name, path, timestamp, size, digest FROM file"
        " WHERE account_id = ? AND name IN (SELECT value FROM json_each(?))"
    )
    return set(rows(session, query, account, json.dumps([row.name for row in offered])))


def _sizes(session: Session, account: str, sizes: set[int]) -> set[int]:
    """Those of ``sizes`` that one of the account's files has."""
    if not sizes:
        return set()
    query = select(File.size).where(File.account_id == account, File.size.in_(sizes))
    return set(session.scalars(query))


async def upload_many(call: Call) -> Answer:
    """POST /files/bulk"""
    body = await read_limited(call.request, MAX_BULK_BYTES)
    return await writing(_store_many, call, body)


def _store_many(call: Call, body: bytes) -> Answer:
    check_digest(call, hashlib.sha256(body).digest())
    end = body.find(b"\n")
    if end < 0:
        raise bad_request("The body does not begin with a line that lists its files.")
    head = _description.load().read_schema("FileOffer", body[:end])
    sent = [_row(one) for one in head["Files"]]
    view = memoryview(body)
    position = end + 1
    small: list[tuple[str, bytes]] = []
    large: list[tuple[str, memoryview]] = []
    for row in sent:
        _files.check_name(row.name, "Name")
        data = view[position : position + row.size]
        position += row.size
        if hashlib.sha256(data).hexdigest() != row.digest:
            raise bad_request(f"The content of '{row.name[:80]}' does not have the digest told.")
        if row.size <= _contents.SMALL:
            small.append((row.digest, bytes(data)))
        else:
            large.append((row.digest, data))
    if position != len(body):
        raise bad_request("The sizes of the files do not add up to the body's length.")
    for _, data in large:
        incoming = call.context.store.begin()
        try:
            incoming.write(data)
            incoming.commit()
        finally:
            incoming.discard()
    state = _files.record(call, sent, small)
    if state is not None:
        call.context.listings.add(call.account, state, hashlib.sha256(body[:end]).hexdigest())
    return {}


def fetch(call: Call) -> Answer:
    """POST /jobs/{jobId}/outputs/fetch"""
    names: list[str] = call.body["Names"][:MAX_FETCHED_FILES]
    with call.context.database.read() as session:
        job = _jobs.owned(call, session)
        query = (
            "SELECT name, size, digest FROM output"
            " WHERE job_id = ? AND name IN (SELECT value FROM json_each(?))"
        )
        found = {one[0]: one for one in rows(session, query, job.id, json.dumps(names))}
    outputs: list[tuple[Any, ...]] = []
    total = 0
    for name in dict.fromkeys(names):
        if name not in found:
            raise not_found(f"The job has no output '{name[:200]}'.")
        size = found[name][1]
        if outputs and total + size > MAX_FETCHED_BYTES:
            break
        total += size
        outputs.append(found[name])
    listed = [
        {"name": name, "contentLength": size, "sha256": digest} for name, size, digest in outputs
    ]
    head = json.dumps({"outputs": listed}, ensure_ascii=False).encode() + b"\n"
    return StreamingResponse(
        _body(call, head, [digest for _, _, digest in outputs]),
        media_type="application/octet-stream",
        headers={"Content-Length": str(len(head) + total)},
    )


def _body(call: Call, head: bytes, digests: list[str]) -> Iterator[bytes]:
    pending = [head]
    size = len(head)
    for digest in digests:
        with call.context.store.path(digest).open("rb") as file:
            while piece := file.read(BLOCK):
                pending.append(piece)
                size += len(piece)
                if size >= BLOCK:
                    yield b"".join(pending)
                    pending, size = [], 0
    if pending:
        yield b"".join(pending)
