"""Uploaded files: listing, queries, upload and download."""

import json
import os
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from batchapps_service import _contents, _names, _times
from batchapps_service._bodies import blocks
from batchapps_service._calls import Answer, Call, stored_file
from batchapps_service._database import File, write_rows
from batchapps_service._database import rows as fetch
from batchapps_service._errors import bad_request, deleted_meanwhile, not_found
from batchapps_service._store import Content
from batchapps_service._threads import writing

QUERY_BATCH = 500
"""Names a query; SQLite takes a limited number of variables."""


def described(call: Call, file: File) -> dict[str, Any]:
    """A file as the API lists it."""
    return {
        "id": file.id,
        "name": file.name,
        "lastModifiedBy": file.account_id,
        # Byte for byte as it was sent: the original client compares it as text.
        "lastModifiedTime": file.timestamp,
        "originalFilePath": file.path,
        "link": call.context.links.file(file.id, file.name),
        "contentLength": file.size,
        "sha256": file.digest,
    }


def named(call: Call, names: Sequence[str]) -> list[File]:
    """The account's files of these names, newest upload first."""
    found: list[File] = []
    wanted = sorted(set(names))
    with call.context.database.read() as session:
        for start in range(0, len(wanted), QUERY_BATCH):
            query = select(File).where(
                File.account_id == call.account, File.name.in_(wanted[start : start + QUERY_BATCH])
            )
            found.extend(session.scalars(query))
    return sorted(found, key=lambda file: file.uploaded, reverse=True)


class Row(NamedTuple):
    """An uploaded file: what its account knows it by, and its content."""

    name: str
    path: str
    timestamp: str
    size: int
    digest: str


def held(session: Session, account: str, digests: Sequence[str]) -> dict[str, int]:
    """Sizes of those contents that the account has uploaded, by digest."""
    query = (
        "SELECT digest, size FROM file"
        " WHERE account_id = ? AND digest IN (SELECT value FROM json_each(?))"
    )
    return dict(fetch(session, query, account, json.dumps(digests))) if digests else {}


def record(
    call: Call,
    rows: Sequence[Row],
    contents: Sequence[tuple[str, bytes]] = (),
    *,
    known: bool = False,
    bring: Callable[[], object] = lambda: None,
) -> int | None:
    """List uploaded files, in place of earlier ones of the same name and path.

    ``contents`` are the small ones among theirs, to be kept with them; ``known``: theirs were
    found among those that the account has; ``bring`` puts theirs into the store. Gives the state of
    the account in which all are listed; None if there were earlier ones. Raises ApiError (503)
    where a content is not there (any more).
    """
    listings, account, now = call.context.listings, call.account, _times.now().isoformat(" ")
    # Ids that begin alike lie together in the index.
    prefix = f"{time.time_ns():016x}"
    with call.context.database.write() as session:
        bring()
        missing = {row.digest for row in rows} - {digest for digest, _ in contents}
        if known:
            missing -= held(session, account, list(missing)).keys()
        elif missing:
            missing = {one for one in missing if not call.context.store.holds(one)}
        if missing:
            raise deleted_meanwhile()
        _contents.add_small(session, contents)
        added = write_rows(
            session,
            "INSERT OR IGNORE INTO file (id, account_id, name, path, timestamp, size, digest,"
            " uploaded) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [(prefix + os.urandom(8).hex(), account, *row, now) for row in rows],
        )
        if added < len(rows):
            write_rows(
                session,
                "UPDATE file SET timestamp = ?, size = ?, digest = ?, uploaded = ?"
                " WHERE account_id = ? AND name = ? AND path = ?",
                [(*row[2:], now, account, *row[:2]) for row in rows],
            )
        state = listings.state(account)
    if added == len(rows):
        return state
    listings.changed(account)
    return None


def list_files(call: Call) -> Answer:
    """GET /files"""
    query = select(File).where(File.account_id == call.account).order_by(File.name, File.path)
    with call.context.database.read() as session:
        return {"files": [described(call, file) for file in session.scalars(query)]}


def query_by_name(call: Call) -> Answer:
    """POST /files/query/byname"""
    return {"files": [described(call, file) for file in named(call, call.body["Names"])]}


def _matches(call: Call) -> tuple[list[File], list[dict[str, Any]]]:
    """The files that the body's specifications describe, and the specifications without one."""
    specifications: list[dict[str, Any]] = call.body["Specifications"]
    by_key: dict[tuple[str, str], list[File]] = {}
    for file in named(call, [one["FileName"] for one in specifications]):
        by_key.setdefault((file.name, file.timestamp), []).append(file)
    found: dict[str, File] = {}
    missing: list[dict[str, Any]] = []
    for one in specifications:
        path = one.get("OriginalPath")
        candidates = [
            file
            for file in by_key.get((one["FileName"], one["Timestamp"]), [])
            if path is None or _same_path(file.path, path)
        ]
        found.update((file.id, file) for file in candidates)
        if not candidates:
            missing.append(one)
    return list(found.values()), missing


def _same_path(stored: str, asked: str) -> bool:
    # The original uploads its path with backslashes and queries it as it is.
    return stored.replace("/", "\\") == asked.replace("/", "\\")


def query_by_specification(call: Call) -> Answer:
    """POST /files/query/byspecification"""
    return {"files": [described(call, file) for file in _matches(call)[0]]}


def query_missing(call: Call) -> Answer:
    """POST /files/query/missing"""
    return {"files": [{"name": one["FileName"]} for one in _matches(call)[1]]}


def refusal(name: str) -> str | None:
    """Why a file of that name cannot be uploaded, and what to do; None where it can."""
    problem = _names.problem_with(name)
    if problem is None:
        return None
    shown = name if len(name) < 80 else name[:80] + "…"
    return f"The file's name '{shown}' {problem}. Rename the file and upload it again."


def check_name(name: str, member: str) -> None:
    """Raises ApiError (400), which names ``member``, unless a file may have that name."""
    if problem := refusal(name):
        raise bad_request(problem, {member: str(_names.problem_with(name))})


async def upload(call: Call) -> Answer:
    """PUT /files/{name}"""
    name = call.path["name"]
    check_name(name, "name")
    incoming = await writing(call.context.store.begin)
    try:
        async for block in blocks(call.request):
            await writing(incoming.write, block)
        content = await writing(incoming.commit)
        return await writing(_record, call, name, content)
    finally:
        incoming.discard()


def _record(call: Call, name: str, content: Content) -> dict[str, Any]:
    path = call.query.get("originalFilePath", "")
    row = Row(name, path, call.query["timestamp"], content.size, content.digest)
    record(call, [row])
    with call.context.database.read() as session:
        same = File.account_id == call.account, File.name == name, File.path == path
        return described(call, session.scalars(select(File).where(*same)).one())


def _owned(call: Call, session: Session) -> File:
    """The account's file that the path names. Raises ApiError (404)."""
    file = session.get(File, call.path["fileId"])
    if file is None or file.account_id != call.account or file.name != call.path["name"]:
        raise not_found(f"There is no uploaded file '{call.path['name']}' at this address.")
    return file


def get_file(call: Call) -> Answer:
    """GET and HEAD /files/{fileId}/content/{name}"""
    with call.context.database.read() as session:
        file = _owned(call, session)
    return stored_file(call, file.digest, file.name)


def delete_file(call: Call) -> Answer:
    """DELETE /files/{fileId}/content/{name}: jobs keep the content they were submitted with"""
    with call.context.database.write() as session:
        session.delete(_owned(call, session))
    call.context.listings.changed(call.account)
    return {}
