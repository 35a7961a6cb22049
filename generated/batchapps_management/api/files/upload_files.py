from http import HTTPStatus
from typing import Any

import httpx

from ...client import AuthenticatedClient, Client
from ...models.action_result import ActionResult
from ...models.error import Error
from ...types import File, Response


def _get_kwargs(
    *,
    body: File,
    content_digest: str,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    headers["Content-Digest"] = content_digest

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/files/bulk",
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

    if response.status_code == 413:
        response_413 = Error.from_dict(response.json())

        return response_413

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
    *,
    client: AuthenticatedClient | Client,
    body: File,
    content_digest: str,
) -> Response[ActionResult | Error]:
    """Upload many small files at once

     Stores files whose contents follow each other in the body: a line of JSON, a `FileOffer` with
    all digests, then the contents in the same order, at most 32 MiB in all. Each content must have
    the digest that the line tells; if one has not, or anything else is wrong, none of the files
    is stored. Otherwise each is stored as by `PUT /files/{name}`. Extension of the
    2014-10-01-preview API.

    Args:
        content_digest (str): The SHA-256 of the body as in RFC 9530, in Base64 between colons.
        body (File): A line of JSON and the files' bytes.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ActionResult | Error]
    """

    kwargs = _get_kwargs(
        body=body,
        content_digest=content_digest,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient | Client,
    body: File,
    content_digest: str,
) -> ActionResult | Error | None:
    """Upload many small files at once

     Stores files whose contents follow each other in the body: a line of JSON, a `FileOffer` with
    all digests, then the contents in the same order, at most 32 MiB in all. Each content must have
    the digest that the line tells; if one has not, or anything else is wrong, none of the files
    is stored. Otherwise each is stored as by `PUT /files/{name}`. Extension of the
    2014-10-01-preview API.

    Args:
        content_digest (str): The SHA-256 of the body as in RFC 9530, in Base64 between colons.
        body (File): A line of JSON and the files' bytes.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ActionResult | Error
    """

    return sync_detailed(
        client=client,
        body=body,
        content_digest=content_digest,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: File,
    content_digest: str,
) -> Response[ActionResult | Error]:
    """Upload many small files at once

     Stores files whose contents follow each other in the body: a line of JSON, a `FileOffer` with
    all digests, then the contents in the same order, at most 32 MiB in all. Each content must have
    the digest that the line tells; if one has not, or anything else is wrong, none of the files
    is stored. Otherwise each is stored as by `PUT /files/{name}`. Extension of the
    2014-10-01-preview API.

    Args:
        content_digest (str): The SHA-256 of the body as in RFC 9530, in Base64 between colons.
        body (File): A line of JSON and the files' bytes.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ActionResult | Error]
    """

    kwargs = _get_kwargs(
        body=body,
        content_digest=content_digest,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: File,
    content_digest: str,
) -> ActionResult | Error | None:
    """Upload many small files at once

     Stores files whose contents follow each other in the body: a line of JSON, a `FileOffer` with
    all digests, then the contents in the same order, at most 32 MiB in all. Each content must have
    the digest that the line tells; if one has not, or anything else is wrong, none of the files
    is stored. Otherwise each is stored as by `PUT /files/{name}`. Extension of the
    2014-10-01-preview API.

    Args:
        content_digest (str): The SHA-256 of the body as in RFC 9530, in Base64 between colons.
        body (File): A line of JSON and the files' bytes.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ActionResult | Error
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            content_digest=content_digest,
        )
    ).parsed
