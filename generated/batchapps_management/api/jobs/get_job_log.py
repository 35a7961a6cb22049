from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.error import Error
from ...models.job_log import JobLog
from ...types import UNSET, Response, Unset


def _get_kwargs(
    job_id: str,
    *,
    since: str | Unset = UNSET,
    max_results: int | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["since"] = since

    params["maxResults"] = max_results

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/jobs/{job_id}/log".format(
            job_id=quote(str(job_id), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Error | JobLog:
    if response.status_code == 200:
        response_200 = JobLog.from_dict(response.json())

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
) -> Response[Error | JobLog]:
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
    since: str | Unset = UNSET,
    max_results: int | Unset = UNSET,
) -> Response[Error | JobLog]:
    """Get a job's log

     The lines of a job's log, oldest first: what its tasks wrote, and what the service has to say
    about the job. To follow a log, call again with the `upTo` of the last answer as `since`.

    Args:
        job_id (str): Id of the job.
        since (str | Unset): Give only lines later than this time, which is an `upTo` of an
            earlier answer or any
            other ISO 8601 time. All lines when left out.
        max_results (int | Unset): How many lines to give at most. No limit when left out.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | JobLog]
    """

    kwargs = _get_kwargs(
        job_id=job_id,
        since=since,
        max_results=max_results,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    job_id: str,
    *,
    client: AuthenticatedClient | Client,
    since: str | Unset = UNSET,
    max_results: int | Unset = UNSET,
) -> Error | JobLog | None:
    """Get a job's log

     The lines of a job's log, oldest first: what its tasks wrote, and what the service has to say
    about the job. To follow a log, call again with the `upTo` of the last answer as `since`.

    Args:
        job_id (str): Id of the job.
        since (str | Unset): Give only lines later than this time, which is an `upTo` of an
            earlier answer or any
            other ISO 8601 time. All lines when left out.
        max_results (int | Unset): How many lines to give at most. No limit when left out.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | JobLog
    """

    return sync_detailed(
        job_id=job_id,
        client=client,
        since=since,
        max_results=max_results,
    ).parsed


async def asyncio_detailed(
    job_id: str,
    *,
    client: AuthenticatedClient | Client,
    since: str | Unset = UNSET,
    max_results: int | Unset = UNSET,
) -> Response[Error | JobLog]:
    """Get a job's log

     The lines of a job's log, oldest first: what its tasks wrote, and what the service has to say
    about the job. To follow a log, call again with the `upTo` of the last answer as `since`.

    Args:
        job_id (str): Id of the job.
        since (str | Unset): Give only lines later than this time, which is an `upTo` of an
            earlier answer or any
            other ISO 8601 time. All lines when left out.
        max_results (int | Unset): How many lines to give at most. No limit when left out.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | JobLog]
    """

    kwargs = _get_kwargs(
        job_id=job_id,
        since=since,
        max_results=max_results,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    job_id: str,
    *,
    client: AuthenticatedClient | Client,
    since: str | Unset = UNSET,
    max_results: int | Unset = UNSET,
) -> Error | JobLog | None:
    """Get a job's log

     The lines of a job's log, oldest first: what its tasks wrote, and what the service has to say
    about the job. To follow a log, call again with the `upTo` of the last answer as `since`.

    Args:
        job_id (str): Id of the job.
        since (str | Unset): Give only lines later than this time, which is an `upTo` of an
            earlier answer or any
            other ISO 8601 time. All lines when left out.
        max_results (int | Unset): How many lines to give at most. No limit when left out.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | JobLog
    """

    return (
        await asyncio_detailed(
            job_id=job_id,
            client=client,
            since=since,
            max_results=max_results,
        )
    ).parsed
