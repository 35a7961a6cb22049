"""Request bodies, read up to a limit."""

from urllib.parse import parse_qsl

from starlette.requests import Request

from batchapps_service._errors import ApiError

MAX_FORM_BYTES = 64 * 1024


async def read_limited(request: Request, limit: int) -> bytes:
    """The whole body. Raises ApiError (413) when it is longer than ``limit`` bytes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise ApiError(413, f"The body is larger than the {limit} bytes this service reads.")
    return bytes(body)


async def read_form(request: Request) -> dict[str, str] | None:
    """The fields of a form, or None when it cannot be read."""
    try:
        return dict(
            parse_qsl((await read_limited(request, MAX_FORM_BYTES)).decode(), max_num_fields=50)
        )
    except (ApiError, ValueError):
        return None
