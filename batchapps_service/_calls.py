"""What a handler is given, and what it may answer."""

import base64
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, MalformedRangeHeader, Response

from batchapps_service import _contents
from batchapps_service._database import Database
from batchapps_service._datadir import DataDirectory
from batchapps_service._errors import ApiError, bad_request, not_found
from batchapps_service._links import Links
from batchapps_service._listings import Listings
from batchapps_service._settings import Settings
from batchapps_service._store import Store
from batchapps_service._waiting import Waiting

log = logging.getLogger("batchapps_service")


class Scheduler(Protocol):
    """What the handlers need of the engine that runs jobs."""

    def job_changed(self, job_id: str) -> None:
        """A job was submitted, cancelled or requeued; the database says which."""

    def task_cancelled(self, job_id: str, task_id: int) -> None:
        """A running task is to be stopped."""

    def pool_changed(self, pool_id: str) -> None:
        """A pool was made, resized or deleted; the database says which."""


@dataclass(frozen=True)
class Context:
    """The parts of the running service."""

    directory: DataDirectory
    links: Links
    scheduler: Scheduler
    waiting: Waiting
    listings: Listings = field(default_factory=Listings)

    @property
    def database(self) -> Database:
        return self.directory.database

    @property
    def store(self) -> Store:
        return self.directory.store

    @property
    def settings(self) -> Settings:
        return self.directory.settings


@dataclass(frozen=True)
class Call:
    """One authenticated, validated request."""

    context: Context
    account: str
    request: Request
    path: dict[str, str]
    query: dict[str, Any]
    body: Any
    data: bytes
    """The body as it came."""


Answer = dict[str, Any] | Response
Handler = Callable[[Call], Answer | Awaitable[Answer]]
"""Called in a thread; what it awaits is awaited in the loop."""


class StoredFileResponse(FileResponse):
    """A content of the store, with its length, its digest as ETag, and ranges."""

    chunk_size = 1 << 20

    @classmethod
    def _parse_range_header(cls, http_range: str, file_size: int) -> list[tuple[int, int]]:
        try:
            return super()._parse_range_header(http_range, file_size)
        except MalformedRangeHeader as error:  # answered in plain text otherwise
            raise bad_request(f"The header Range cannot be read: {error.content}") from None


def stored_file(call: Call, digest: str, name: str) -> Response:
    """Answer with the content of ``digest``, to be saved under ``name``."""
    etag = f'"{digest}"'
    wanted = call.request.headers.get("if-match", "*")
    if wanted != "*" and etag not in [one.strip() for one in wanted.split(",")]:
        raise ApiError(412, f"The content of '{name}' is another one by now; fetch it anew.")
    headers = {
        "ETag": etag,
        # RFC 9530
        "Repr-Digest": f"sha-256=:{base64.b64encode(bytes.fromhex(digest)).decode()}:",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "X-Content-Type-Options": "nosniff",
    }
    # Whatever it is: it is kept as it came, and never to be run in a browser.
    media_type = "application/octet-stream"
    path = call.context.store.path(digest)
    if path.is_file():
        return StoredFileResponse(path, media_type=media_type, headers=headers)
    data = _contents.small(call.context.database, digest)
    if data is None:
        log.error("content %s of '%s' is missing from the store", digest, name)
        raise not_found(f"The content of '{name}' is missing from the service's store.")
    return Response(data, media_type=media_type, headers=headers)
