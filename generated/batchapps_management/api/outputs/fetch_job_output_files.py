from http import HTTPStatus
from io import BytesIO
from typing import Any
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.error import Error
from ...models.file_names import FileNames
from ...types import File, Response


def _get_kwargs(
    job_id: str,
    *,
    body: FileNames,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/jobs/{job_id}/outputs/fetch".format(
            job_id=quote(str(job_id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Error | File:
    if response.status_code == 200:
        response_200 = File(payload=BytesIO(response.content))

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
) -> Response[Error | File]:
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
    body: FileNames,
) -> Response[Error | File]:
    """Download many output files at once

     The bytes of several files of the list of output files in one body: a line of JSON, an
    `OutputList` whose outputs have `name`, `contentLength` and `sha256`, then the contents in the
    same order. At most 10,000 files and 64 MiB, one file of more excepted; what goes beyond that
    is left out of the answer, from the end, and can be asked for next. Extension of the
    2014-10-01-preview API.

    Args:
        job_id (str): Id of the job.
        body (FileNames): Names to look for.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | File]
    """

    kwargs = _get_kwargs(
        job_id=job_id,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    job_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: FileNames,
) -> Error | File | None:
    """Download many output files at once

     The bytes of several files of the list of output files in one body: a line of JSON, an
    `OutputList` whose outputs have `name`, `contentLength` and `sha256`, then the contents in the
    same order. At most 10,000 files and 64 MiB, one file of more excepted; what goes beyond that
    is left out of the answer, from the end, and can be asked for next. Extension of the
    2014-10-01-preview API.

    Args:
        job_id (str): Id of the job.
        body (FileNames): Names to look for.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | File
    """

    return sync_detailed(
        job_id=job_id,
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    job_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: FileNames,
) -> Response[Error | File]:
    """Download many output files at once

     The bytes of several files of the list of output files in one body: a line of JSON, an
    `OutputList` whose outputs have `name`, `contentLength` and `sha256`, then the contents in the
    same order. At most 10,000 files and 64 MiB, one file of more excepted; what goes beyond that
    is left out of the answer, from the end, and can be asked for next. Extension of the
    2014-10-01-preview API.

    Args:
        job_id (str): Id of the job.
        body (FileNames): Names to look for.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | File]
    """

    kwargs = _get_kwargs(
        job_id=job_id,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    job_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: FileNames,
) -> Error | File | None:
    """Download many output files at once

     The bytes of several files of the list of output files in one body: a line of JSON, an
    `OutputList` whose outputs have `name`, `contentLength` and `sha256`, then the contents in the
    same order. At most 10,000 files and 64 MiB, one file of more excepted; what goes beyond that
    is left out of the answer, from the end, and can be asked for next. Extension of the
    2014-10-01-preview API.

    Args:
        job_id (str): Id of the job.
        body (FileNames): Names to look for.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | File
    """

    return (
        await asyncio_detailed(
            job_id=job_id,
            client=client,
            body=body,
        )
    ).parsed
