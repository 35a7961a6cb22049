from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.error import Error
from ...models.reprocess_result import ReprocessResult
from ...types import Response


def _get_kwargs(
    job_id: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/jobs/{job_id}/actions/reprocess".format(
            job_id=quote(str(job_id), safe=""),
        ),
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Error | ReprocessResult:
    if response.status_code == 200:
        response_200 = ReprocessResult.from_dict(response.json())

        return response_200

    if response.status_code == 202:
        response_202 = ReprocessResult.from_dict(response.json())

        return response_202

    if response.status_code == 401:
        response_401 = Error.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = Error.from_dict(response.json())

        return response_403

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
) -> Response[Error | ReprocessResult]:
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
) -> Response[Error | ReprocessResult]:
    """Run a job's failed tasks again

     Queues the failed and cancelled tasks of a job again, under the same job id; finished tasks
    keep their outputs. A job on hold goes on with that. Only a job that is `Error` or `OnHold` can
    be reprocessed; any other answers 403.

    Args:
        job_id (str): Id of the job.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | ReprocessResult]
    """

    kwargs = _get_kwargs(
        job_id=job_id,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    job_id: str,
    *,
    client: AuthenticatedClient | Client,
) -> Error | ReprocessResult | None:
    """Run a job's failed tasks again

     Queues the failed and cancelled tasks of a job again, under the same job id; finished tasks
    keep their outputs. A job on hold goes on with that. Only a job that is `Error` or `OnHold` can
    be reprocessed; any other answers 403.

    Args:
        job_id (str): Id of the job.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | ReprocessResult
    """

    return sync_detailed(
        job_id=job_id,
        client=client,
    ).parsed


async def asyncio_detailed(
    job_id: str,
    *,
    client: AuthenticatedClient | Client,
) -> Response[Error | ReprocessResult]:
    """Run a job's failed tasks again

     Queues the failed and cancelled tasks of a job again, under the same job id; finished tasks
    keep their outputs. A job on hold goes on with that. Only a job that is `Error` or `OnHold` can
    be reprocessed; any other answers 403.

    Args:
        job_id (str): Id of the job.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | ReprocessResult]
    """

    kwargs = _get_kwargs(
        job_id=job_id,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    job_id: str,
    *,
    client: AuthenticatedClient | Client,
) -> Error | ReprocessResult | None:
    """Run a job's failed tasks again

     Queues the failed and cancelled tasks of a job again, under the same job id; finished tasks
    keep their outputs. A job on hold goes on with that. Only a job that is `Error` or `OnHold` can
    be reprocessed; any other answers 403.

    Args:
        job_id (str): Id of the job.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | ReprocessResult
    """

    return (
        await asyncio_detailed(
            job_id=job_id,
            client=client,
        )
    ).parsed
