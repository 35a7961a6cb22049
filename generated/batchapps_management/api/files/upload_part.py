from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.action_result import ActionResult
from ...models.error import Error
from ...types import UNSET, File, Response, Unset


def _get_kwargs(
    upload_id: str,
    number: str,
    *,
    body: File,
    content_digest: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(content_digest, Unset):
        headers["Content-Digest"] = content_digest

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/uploads/{upload_id}/parts/{number}".format(
            upload_id=quote(str(upload_id), safe=""),
            number=quote(str(number), safe=""),
        ),
    }

    _kwargs["content"] = body.payload
    headers["Content-Type"] = "application/octet-stream"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ActionResult | Error:
    if response.status_code == 200:
        response_200 = ActionResult.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = Error.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = Error.from_dict(response.json())

        return response_401

    if response.status_code == 404:
        response_404 = Error.from_dict(response.json())

        return response_404

    if response.status_code == 429:
        response_429 = Error.from_dict(response.json())

        return response_429

    if response.status_code == 503:
        response_503 = Error.from_dict(response.json())

        return response_503

    response_default = Error.from_dict(response.json())

    return response_default


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[ActionResult | Error]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    upload_id: str,
    number: str,
    *,
    client: AuthenticatedClient | Client,
    body: File,
    content_digest: str | Unset = UNSET,
) -> Response[ActionResult | Error]:
    """Upload a part

     Stores one part: `partSize` bytes, the last one the rest. A part that is sent again replaces
    the one before. The whole is checked in the end, so that a digest of the part is not needed.
    Extension of the 2014-10-01-preview API.

    Args:
        upload_id (str): Id of an upload in parts.
        number (str): Which part, from 0. Part n begins at byte n times `partSize`.
        content_digest (str | Unset): The SHA-256 of the body as in RFC 9530, in Base64 between
            colons. The part is refused if its
            bytes have another one.
        body (File): The bytes of the part.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ActionResult | Error]
    """

    kwargs = _get_kwargs(
        upload_id=upload_id,
        number=number,
        body=body,
        content_digest=content_digest,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    upload_id: str,
    number: str,
    *,
    client: AuthenticatedClient | Client,
    body: File,
    content_digest: str | Unset = UNSET,
) -> ActionResult | Error | None:
    """Upload a part

     Stores one part: `partSize` bytes, the last one the rest. A part that is sent again replaces
    the one before. The whole is checked in the end, so that a digest of the part is not needed.
    Extension of the 2014-10-01-preview API.

    Args:
        upload_id (str): Id of an upload in parts.
        number (str): Which part, from 0. Part n begins at byte n times `partSize`.
        content_digest (str | Unset): The SHA-256 of the body as in RFC 9530, in Base64 between
            colons. The part is refused if its
            bytes have another one.
        body (File): The bytes of the part.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ActionResult | Error
    """

    return sync_detailed(
        upload_id=upload_id,
        number=number,
        client=client,
        body=body,
        content_digest=content_digest,
    ).parsed


async def asyncio_detailed(
    upload_id: str,
    number: str,
    *,
    client: AuthenticatedClient | Client,
    body: File,
    content_digest: str | Unset = UNSET,
) -> Response[ActionResult | Error]:
    """Upload a part

     Stores one part: `partSize` bytes, the last one the rest. A part that is sent again replaces
    the one before. The whole is checked in the end, so that a digest of the part is not needed.
    Extension of the 2014-10-01-preview API.

    Args:
        upload_id (str): Id of an upload in parts.
        number (str): Which part, from 0. Part n begins at byte n times `partSize`.
        content_digest (str | Unset): The SHA-256 of the body as in RFC 9530, in Base64 between
            colons. The part is refused if its
            bytes have another one.
        body (File): The bytes of the part.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ActionResult | Error]
    """

    kwargs = _get_kwargs(
        upload_id=upload_id,
        number=number,
        body=body,
        content_digest=content_digest,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    upload_id: str,
    number: str,
    *,
    client: AuthenticatedClient | Client,
    body: File,
    content_digest: str | Unset = UNSET,
) -> ActionResult | Error | None:
    """Upload a part

     Stores one part: `partSize` bytes, the last one the rest. A part that is sent again replaces
    the one before. The whole is checked in the end, so that a digest of the part is not needed.
    Extension of the 2014-10-01-preview API.

    Args:
        upload_id (str): Id of an upload in parts.
        number (str): Which part, from 0. Part n begins at byte n times `partSize`.
        content_digest (str | Unset): The SHA-256 of the body as in RFC 9530, in Base64 between
            colons. The part is refused if its
            bytes have another one.
        body (File): The bytes of the part.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ActionResult | Error
    """

    return (
        await asyncio_detailed(
            upload_id=upload_id,
            number=number,
            client=client,
            body=body,
            content_digest=content_digest,
        )
    ).parsed
