from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.error import Error
from ...models.task_list import TaskList
from ...types import UNSET, Response, Unset


def _get_kwargs(
    job_id: str,
    *,
    max_results: int | Unset = UNSET,
    start_index: int | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["maxResults"] = max_results

    params["startIndex"] = start_index

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/jobs/{job_id}/tasks".format(
            job_id=quote(str(job_id), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Error | TaskList:
    if response.status_code == 200:
        response_200 = TaskList.from_dict(response.json())

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
) -> Response[Error | TaskList]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    job_id: str,
    *,
    client: AuthenticatedClient | Client,
    max_results: int | Unset = UNSET,
    start_index: int | Unset = UNSET,
) -> Response[Error | TaskList]:
    """List a job's tasks

     The tasks of a job that have started, by ascending id: all of them, or one page.

    Args:
        job_id (str): Id of the job.
        max_results (int | Unset): How many tasks the page holds at most. No limit when left out,
            or when the service does not know
            it. Extension of the 2014-10-01-preview API.
        start_index (int | Unset): How many of the tasks to skip. 0 when left out. Extension of
            the 2014-10-01-preview API.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | TaskList]
    """

    kwargs = _get_kwargs(
        job_id=job_id,
        max_results=max_results,
        start_index=start_index,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    job_id: str,
    *,
    client: AuthenticatedClient | Client,
    max_results: int | Unset = UNSET,
    start_index: int | Unset = UNSET,
) -> Error | TaskList | None:
    """List a job's tasks

     The tasks of a job that have started, by ascending id: all of them, or one page.

    Args:
        job_id (str): Id of the job.
        max_results (int | Unset): How many tasks the page holds at most. No limit when left out,
            or when the service does not know
            it. Extension of the 2014-10-01-preview API.
        start_index (int | Unset): How many of the tasks to skip. 0 when left out. Extension of
            the 2014-10-01-preview API.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | TaskList
    """

    return sync_detailed(
        job_id=job_id,
        client=client,
        max_results=max_results,
        start_index=start_index,
    ).parsed


async def asyncio_detailed(
    job_id: str,
    *,
    client: AuthenticatedClient | Client,
    max_results: int | Unset = UNSET,
    start_index: int | Unset = UNSET,
) -> Response[Error | TaskList]:
    """List a job's tasks

     The tasks of a job that have started, by ascending id: all of them, or one page.

    Args:
        job_id (str): Id of the job.
        max_results (int | Unset): How many tasks the page holds at most. No limit when left out,
            or when the service does not know
            it. Extension of the 2014-10-01-preview API.
        start_index (int | Unset): How many of the tasks to skip. 0 when left out. Extension of
            the 2014-10-01-preview API.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | TaskList]
    """

    kwargs = _get_kwargs(
        job_id=job_id,
        max_results=max_results,
        start_index=start_index,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    job_id: str,
    *,
    client: AuthenticatedClient | Client,
    max_results: int | Unset = UNSET,
    start_index: int | Unset = UNSET,
) -> Error | TaskList | None:
    """List a job's tasks

     The tasks of a job that have started, by ascending id: all of them, or one page.

    Args:
        job_id (str): Id of the job.
        max_results (int | Unset): How many tasks the page holds at most. No limit when left out,
            or when the service does not know
            it. Extension of the 2014-10-01-preview API.
        start_index (int | Unset): How many of the tasks to skip. 0 when left out. Extension of
            the 2014-10-01-preview API.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | TaskList
    """

    return (
        await asyncio_detailed(
            job_id=job_id,
            client=client,
            max_results=max_results,
            start_index=start_index,
        )
    ).parsed
