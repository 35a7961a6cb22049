from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.error import Error
from ...models.job import Job
from ...types import UNSET, Response, Unset


def _get_kwargs(
    job_id: str,
    *,
    wait: float | Unset = UNSET,
    unless: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["wait"] = wait

    params["unless"] = unless

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/jobs/{job_id}".format(
            job_id=quote(str(job_id), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Error | Job:
    if response.status_code == 200:
        response_200 = Job.from_dict(response.json())

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
) -> Response[Error | Job]:
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
    wait: float | Unset = UNSET,
    unless: str | Unset = UNSET,
) -> Response[Error | Job]:
    """Get a job

     How a job is doing, and the links to what it has made so far. To wait for a job, name the status
    that is known of it: the answer comes when the job's is another, or the time is over.

    Args:
        job_id (str): Id of the job.
        wait (float | Unset): How many seconds to wait at most for a status other than that in
            `unless`. Without either, and
            from a service that does not know them, the answer comes at once. Extension of the
            2014-10-01-preview API.
        unless (str | Unset): The status that the caller knows. Extension of the
            2014-10-01-preview API.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | Job]
    """

    kwargs = _get_kwargs(
        job_id=job_id,
        wait=wait,
        unless=unless,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    job_id: str,
    *,
    client: AuthenticatedClient | Client,
    wait: float | Unset = UNSET,
    unless: str | Unset = UNSET,
) -> Error | Job | None:
    """Get a job

     How a job is doing, and the links to what it has made so far. To wait for a job, name the status
    that is known of it: the answer comes when the job's is another, or the time is over.

    Args:
        job_id (str): Id of the job.
        wait (float | Unset): How many seconds to wait at most for a status other than that in
            `unless`. Without either, and
            from a service that does not know them, the answer comes at once. Extension of the
            2014-10-01-preview API.
        unless (str | Unset): The status that the caller knows. Extension of the
            2014-10-01-preview API.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | Job
    """

    return sync_detailed(
        job_id=job_id,
        client=client,
        wait=wait,
        unless=unless,
    ).parsed


async def asyncio_detailed(
    job_id: str,
    *,
    client: AuthenticatedClient | Client,
    wait: float | Unset = UNSET,
    unless: str | Unset = UNSET,
) -> Response[Error | Job]:
    """Get a job

     How a job is doing, and the links to what it has made so far. To wait for a job, name the status
    that is known of it: the answer comes when the job's is another, or the time is over.

    Args:
        job_id (str): Id of the job.
        wait (float | Unset): How many seconds to wait at most for a status other than that in
            `unless`. Without either, and
            from a service that does not know them, the answer comes at once. Extension of the
            2014-10-01-preview API.
        unless (str | Unset): The status that the caller knows. Extension of the
            2014-10-01-preview API.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | Job]
    """

    kwargs = _get_kwargs(
        job_id=job_id,
        wait=wait,
        unless=unless,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    job_id: str,
    *,
    client: AuthenticatedClient | Client,
    wait: float | Unset = UNSET,
    unless: str | Unset = UNSET,
) -> Error | Job | None:
    """Get a job

     How a job is doing, and the links to what it has made so far. To wait for a job, name the status
    that is known of it: the answer comes when the job's is another, or the time is over.

    Args:
        job_id (str): Id of the job.
        wait (float | Unset): How many seconds to wait at most for a status other than that in
            `unless`. Without either, and
            from a service that does not know them, the answer comes at once. Extension of the
            2014-10-01-preview API.
        unless (str | Unset): The status that the caller knows. Extension of the
            2014-10-01-preview API.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | Job
    """

    return (
        await asyncio_detailed(
            job_id=job_id,
            client=client,
            wait=wait,
            unless=unless,
        )
    ).parsed
