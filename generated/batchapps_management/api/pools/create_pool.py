from http import HTTPStatus
from typing import Any

import httpx

from ...client import AuthenticatedClient, Client
from ...models.created_pool import CreatedPool
from ...models.error import Error
from ...models.pool_specification import PoolSpecification
from ...types import Response


def _get_kwargs(
    *,
    body: PoolSpecification,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/pools",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> CreatedPool | Error:
    if response.status_code == 200:
        response_200 = CreatedPool.from_dict(response.json())

        return response_200

    if response.status_code == 202:
        response_202 = CreatedPool.from_dict(response.json())

        return response_202

    if response.status_code == 400:
        response_400 = Error.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = Error.from_dict(response.json())

        return response_401

    if response.status_code == 409:
        response_409 = Error.from_dict(response.json())

        return response_409

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
) -> Response[CreatedPool | Error]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: PoolSpecification,
) -> Response[CreatedPool | Error]:
    """Create a pool

     Makes a pool. One without workers is legal: jobs on it wait until it is resized. Answered with
    409 when there are as many pools as the service allows, or when the size asked for is beyond
    what it may hand out.

    Args:
        body (PoolSpecification): What a new pool shall be like.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[CreatedPool | Error]
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
    body: PoolSpecification,
) -> CreatedPool | Error | None:
    """Create a pool

     Makes a pool. One without workers is legal: jobs on it wait until it is resized. Answered with
    409 when there are as many pools as the service allows, or when the size asked for is beyond
    what it may hand out.

    Args:
        body (PoolSpecification): What a new pool shall be like.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        CreatedPool | Error
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: PoolSpecification,
) -> Response[CreatedPool | Error]:
    """Create a pool

     Makes a pool. One without workers is legal: jobs on it wait until it is resized. Answered with
    409 when there are as many pools as the service allows, or when the size asked for is beyond
    what it may hand out.

    Args:
        body (PoolSpecification): What a new pool shall be like.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[CreatedPool | Error]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: PoolSpecification,
) -> CreatedPool | Error | None:
    """Create a pool

     Makes a pool. One without workers is legal: jobs on it wait until it is resized. Answered with
    409 when there are as many pools as the service allows, or when the size asked for is beyond
    what it may hand out.

    Args:
        body (PoolSpecification): What a new pool shall be like.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        CreatedPool | Error
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
