from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.error import Error
from ...types import UNSET, File, Response, Unset


def _get_kwargs(
    name: str,
    *,
    body: File,
    timestamp: str,
    original_file_path: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    params: dict[str, Any] = {}

    params["timestamp"] = timestamp

    params["originalFilePath"] = original_file_path

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/files/{name}".format(
            name=quote(str(name), safe=""),
        ),
        "params": params,
    }

    _kwargs["content"] = body.payload
    headers["Content-Type"] = "application/octet-stream"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Any | Error:
    if response.status_code == 200:
        response_200 = cast(Any, None)
        return response_200

    if response.status_code == 400:
        response_400 = Error.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = Error.from_dict(response.json())

        return response_401

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
) -> Response[Any | Error]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    name: str,
    *,
    client: AuthenticatedClient | Client,
    body: File,
    timestamp: str,
    original_file_path: str | Unset = UNSET,
) -> Response[Any | Error]:
    """Upload a file

     Stores the bytes of the body as a file. A file with the same name and path that was uploaded
    before is replaced; jobs that were submitted with it keep what they had. An upload that breaks
    off leaves nothing behind.

    Clients of the original send the body in chunks (`Transfer-Encoding: chunked`) and without
    `Content-Length`; a body with `Content-Length` is as good.

    Args:
        name (str): Bare name of the file, without any folder, percent-encoded as one segment of
            the address.
        timestamp (str): When the file was last changed at its owner's, in ISO 8601, normally
            `YYYY-MM-DDTHH:MM:SSZ`. Kept byte for byte and given back as `lastModifiedTime`.
        original_file_path (str | Unset): Path of the file on its owner's machine. Clients of the
            original turn `/` into `\\`,
            whatever their system. Never used as a path by the service, only compared and given back.
            Empty when left out.
        body (File): The bytes of the file.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | Error]
    """

    kwargs = _get_kwargs(
        name=name,
        body=body,
        timestamp=timestamp,
        original_file_path=original_file_path,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    name: str,
    *,
    client: AuthenticatedClient | Client,
    body: File,
    timestamp: str,
    original_file_path: str | Unset = UNSET,
) -> Any | Error | None:
    """Upload a file

     Stores the bytes of the body as a file. A file with the same name and path that was uploaded
    before is replaced; jobs that were submitted with it keep what they had. An upload that breaks
    off leaves nothing behind.

    Clients of the original send the body in chunks (`Transfer-Encoding: chunked`) and without
    `Content-Length`; a body with `Content-Length` is as good.

    Args:
        name (str): Bare name of the file, without any folder, percent-encoded as one segment of
            the address.
        timestamp (str): When the file was last changed at its owner's, in ISO 8601, normally
            `YYYY-MM-DDTHH:MM:SSZ`. Kept byte for byte and given back as `lastModifiedTime`.
        original_file_path (str | Unset): Path of the file on its owner's machine. Clients of the
            original turn `/` into `\\`,
            whatever their system. Never used as a path by the service, only compared and given back.
            Empty when left out.
        body (File): The bytes of the file.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | Error
    """

    return sync_detailed(
        name=name,
        client=client,
        body=body,
        timestamp=timestamp,
        original_file_path=original_file_path,
    ).parsed


async def asyncio_detailed(
    name: str,
    *,
    client: AuthenticatedClient | Client,
    body: File,
    timestamp: str,
    original_file_path: str | Unset = UNSET,
) -> Response[Any | Error]:
    """Upload a file

     Stores the bytes of the body as a file. A file with the same name and path that was uploaded
    before is replaced; jobs that were submitted with it keep what they had. An upload that breaks
    off leaves nothing behind.

    Clients of the original send the body in chunks (`Transfer-Encoding: chunked`) and without
    `Content-Length`; a body with `Content-Length` is as good.

    Args:
        name (str): Bare name of the file, without any folder, percent-encoded as one segment of
            the address.
        timestamp (str): When the file was last changed at its owner's, in ISO 8601, normally
            `YYYY-MM-DDTHH:MM:SSZ`. Kept byte for byte and given back as `lastModifiedTime`.
        original_file_path (str | Unset): Path of the file on its owner's machine. Clients of the
            original turn `/` into `\\`,
            whatever their system. Never used as a path by the service, only compared and given back.
            Empty when left out.
        body (File): The bytes of the file.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | Error]
    """

    kwargs = _get_kwargs(
        name=name,
        body=body,
        timestamp=timestamp,
        original_file_path=original_file_path,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    name: str,
    *,
    client: AuthenticatedClient | Client,
    body: File,
    timestamp: str,
    original_file_path: str | Unset = UNSET,
) -> Any | Error | None:
    """Upload a file

     Stores the bytes of the body as a file. A file with the same name and path that was uploaded
    before is replaced; jobs that were submitted with it keep what they had. An upload that breaks
    off leaves nothing behind.

    Clients of the original send the body in chunks (`Transfer-Encoding: chunked`) and without
    `Content-Length`; a body with `Content-Length` is as good.

    Args:
        name (str): Bare name of the file, without any folder, percent-encoded as one segment of
            the address.
        timestamp (str): When the file was last changed at its owner's, in ISO 8601, normally
            `YYYY-MM-DDTHH:MM:SSZ`. Kept byte for byte and given back as `lastModifiedTime`.
        original_file_path (str | Unset): Path of the file on its owner's machine. Clients of the
            original turn `/` into `\\`,
            whatever their system. Never used as a path by the service, only compared and given back.
            Empty when left out.
        body (File): The bytes of the file.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | Error
    """

    return (
        await asyncio_detailed(
            name=name,
            client=client,
            body=body,
            timestamp=timestamp,
            original_file_path=original_file_path,
        )
    ).parsed
