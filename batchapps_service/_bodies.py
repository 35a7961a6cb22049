"""Request bodies, read up to a limit."""

from starlette.requests import Request

from batchapps_service._errors import ApiError


async def read_limited(request: Request, limit: int) -> bytes:
    """The whole body. Raises ApiError (413) when it is longer than ``limit`` bytes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise ApiError(413, f"The body is larger than the {limit} bytes this service reads.")
    return bytes(body)
