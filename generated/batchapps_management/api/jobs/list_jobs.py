from http import HTTPStatus
from typing import Any

import httpx

from ...client import AuthenticatedClient, Client
from ...models.error import Error
from ...models.job_list import JobList
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    max_results: int | Unset = UNSET,
    start_index: int | Unset = UNSET,
    name_contains: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["maxResults"] = max_results

    params["startIndex"] = start_index

    params["nameContains"] = name_contains

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/jobs",
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Error | JobList:
    if response.status_code == 200:
        response_200 = JobList.from_dict(response.json())

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
) -> Response[Error | JobList]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    max_results: int | Unset = UNSET,
    start_index: int | Unset = UNSET,
    name_contains: str | Unset = UNSET,
) -> Response[Error | JobList]:
    """List jobs

     One page of the jobs, newest first. Beyond the last job the page is empty.

    Args:
        max_results (int | Unset): How many jobs the page holds at most. 10 when left out.
        start_index (int | Unset): How many of the newest jobs to skip. 0 when left out.
        name_contains (str | Unset): List only jobs whose name contains this text. All jobs when
            left out.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | JobList]
    """

    kwargs = _get_kwargs(
        max_results=max_results,
        start_index=start_index,
        name_contains=name_contains,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient | Client,
    max_results: int | Unset = UNSET,
    start_index: int | Unset = UNSET,
    name_contains: str | Unset = UNSET,
) -> Error | JobList | None:
    """List jobs

     One page of the jobs, newest first. Beyond the last job the page is empty.

    Args:
        max_results (int | Unset): How many jobs the page holds at most. 10 when left out.
        start_index (int | Unset): How many of the newest jobs to skip. 0 when left out.
        name_contains (str | Unset): List only jobs whose name contains this text. All jobs when
            left out.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | JobList
    """

    return sync_detailed(
        client=client,
        max_results=max_results,
        start_index=start_index,
        name_contains=name_contains,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    max_results: int | Unset = UNSET,
    start_index: int | Unset = UNSET,
    name_contains: str | Unset = UNSET,
) -> Response[Error | JobList]:
    """List jobs

     One page of the jobs, newest first. Beyond the last job the page is empty.

    Args:
        max_results (int | Unset): How many jobs the page holds at most. 10 when left out.
        start_index (int | Unset): How many of the newest jobs to skip. 0 when left out.
        name_contains (str | Unset): List only jobs whose name contains this text. All jobs when
            left out.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | JobList]
    """

    kwargs = _get_kwargs(
        max_results=max_results,
        start_index=start_index,
        name_contains=name_contains,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    max_results: int | Unset = UNSET,
    start_index: int | Unset = UNSET,
    name_contains: str | Unset = UNSET,
) -> Error | JobList | None:
    """List jobs

     One page of the jobs, newest first. Beyond the last job the page is empty.

    Args:
        max_results (int | Unset): How many jobs the page holds at most. 10 when left out.
        start_index (int | Unset): How many of the newest jobs to skip. 0 when left out.
        name_contains (str | Unset): List only jobs whose name contains this text. All jobs when
            left out.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | JobList
    """

    return (
        await asyncio_detailed(
            client=client,
            max_results=max_results,
            start_index=start_index,
            name_contains=name_contains,
        )
    ).parsed
