from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.action_result import ActionResult
from ...models.error import Error
from ...models.resize_request import ResizeRequest
from ...types import Response


def _get_kwargs(
    pool_id: str,
    *,
    body: ResizeRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/pools/{pool_id}/actions/resize".format(
            pool_id=quote(str(pool_id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ActionResult | Error:
    if response.status_code == 200:
        response_200 = ActionResult.from_dict(response.json())

        return response_200

    if response.status_code == 202:
        response_202 = ActionResult.from_dict(response.json())

        return response_202

    if response.status_code == 400:
        response_400 = Error.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = Error.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = Error.from_dict(response.json())

        return response_403

    if response.status_code == 404:
        response_404 = Error.from_dict(response.json())

        return response_404

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
) -> Response[ActionResult | Error]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    pool_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: ResizeRequest,
) -> Response[ActionResult | Error]:
    """Resize a pool

     Sets how many workers a pool shall have. The change comes after the answer: the pool's
    `allocationState` is `resizing` until it is done, and `resizeError` tells what hindered it.
    Answered with 409 when the size is beyond what the service may hand out.

    Args:
        pool_id (str): Id of the pool.
        body (ResizeRequest): A new size for a pool.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ActionResult | Error]
    """

    kwargs = _get_kwargs(
        pool_id=pool_id,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    pool_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: ResizeRequest,
) -> ActionResult | Error | None:
    """Resize a pool

     Sets how many workers a pool shall have. The change comes after the answer: the pool's
    `allocationState` is `resizing` until it is done, and `resizeError` tells what hindered it.
    Answered with 409 when the size is beyond what the service may hand out.

    Args:
        pool_id (str): Id of the pool.
        body (ResizeRequest): A new size for a pool.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ActionResult | Error
    """

    return sync_detailed(
        pool_id=pool_id,
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    pool_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: ResizeRequest,
) -> Response[ActionResult | Error]:
    """Resize a pool

     Sets how many workers a pool shall have. The change comes after the answer: the pool's
    `allocationState` is `resizing` until it is done, and `resizeError` tells what hindered it.
    Answered with 409 when the size is beyond what the service may hand out.

    Args:
        pool_id (str): Id of the pool.
        body (ResizeRequest): A new size for a pool.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ActionResult | Error]
    """

    kwargs = _get_kwargs(
        pool_id=pool_id,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    pool_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: ResizeRequest,
) -> ActionResult | Error | None:
    """Resize a pool

     Sets how many workers a pool shall have. The change comes after the answer: the pool's
    `allocationState` is `resizing` until it is done, and `resizeError` tells what hindered it.
    Answered with 409 when the size is beyond what the service may hand out.

    Args:
        pool_id (str): Id of the pool.
        body (ResizeRequest): A new size for a pool.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ActionResult | Error
    """

    return (
        await asyncio_detailed(
            pool_id=pool_id,
            client=client,
            body=body,
        )
    ).parsed
