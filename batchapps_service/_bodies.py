"""Request bodies, read up to a limit."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qsl

from starlette.requests import Request

from batchapps_service._errors import ApiError
from batchapps_service._store import BLOCK

MAX_FORM_BYTES = 64 * 1024


async def read_limited(request: Request, limit: int) -> bytes:
    """The whole body. Raises ApiError (413) when it is longer than ``limit`` bytes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise ApiError(413, f"The body is larger than the {limit} bytes this service reads.")
    return bytes(body)


async def blocks(request: Request) -> AsyncIterator[bytes]:
    """The body in pieces large enough to be worth a hop to a thread each."""
    pending: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        pending.append(chunk)
        size += len(chunk)
        if size >= BLOCK:
            yield b"".join(pending)
            pending, size = [], 0
    if size:
        yield b"".join(pending)


async def read_form(request: Request) -> dict[str, str] | None:
    """The fields of a form, or None when it cannot be read."""
    try:
        return dict(
            parse_qsl((await read_limited(request, MAX_FORM_BYTES)).decode(), max_num_fields=50)
        )
    except (ApiError, ValueError):
        return None
