from http import HTTPStatus
from typing import Any

import httpx

from ...client import AuthenticatedClient, Client
from ...models.error import Error
from ...models.upload import Upload
from ...models.upload_start import UploadStart
from ...types import Response


def _get_kwargs(
    *,
    body: UploadStart,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/uploads",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Error | Upload:
    if response.status_code == 200:
        response_200 = Upload.from_dict(response.json())

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
) -> Response[Error | Upload]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: UploadStart,
) -> Response[Error | Upload]:
    """Begin or resume an upload in parts

     Begins to upload a large file in parts. For the same name, path, time and size it is the same
    upload again, with the parts that have arrived, until it is completed or given up; those of
    which nothing is heard for a week are given up by the service. Extension of the
    2014-10-01-preview API.

    Args:
        body (UploadStart): A large file of the user's. Extension of the 2014-10-01-preview API.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | Upload]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient | Client,
    body: UploadStart,
) -> Error | Upload | None:
    """Begin or resume an upload in parts

     Begins to upload a large file in parts. For the same name, path, time and size it is the same
    upload again, with the parts that have arrived, until it is completed or given up; those of
    which nothing is heard for a week are given up by the service. Extension of the
    2014-10-01-preview API.

    Args:
        body (UploadStart): A large file of the user's. Extension of the 2014-10-01-preview API.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | Upload
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: UploadStart,
) -> Response[Error | Upload]:
    """Begin or resume an upload in parts

     Begins to upload a large file in parts. For the same name, path, time and size it is the same
    upload again, with the parts that have arrived, until it is completed or given up; those of
    which nothing is heard for a week are given up by the service. Extension of the
    2014-10-01-preview API.

    Args:
        body (UploadStart): A large file of the user's. Extension of the 2014-10-01-preview API.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | Upload]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: UploadStart,
) -> Error | Upload | None:
    """Begin or resume an upload in parts

     Begins to upload a large file in parts. For the same name, path, time and size it is the same
    upload again, with the parts that have arrived, until it is completed or given up; those of
    which nothing is heard for a week are given up by the service. Extension of the
    2014-10-01-preview API.

    Args:
        body (UploadStart): A large file of the user's. Extension of the 2014-10-01-preview API.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | Upload
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
