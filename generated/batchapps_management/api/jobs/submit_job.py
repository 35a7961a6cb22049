from http import HTTPStatus
from typing import Any

import httpx

from ...client import AuthenticatedClient, Client
from ...models.error import Error
from ...models.job_submission import JobSubmission
from ...models.submit_result import SubmitResult
from ...types import Response


def _get_kwargs(
    *,
    body: JobSubmission,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/jobs",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Error | SubmitResult:
    if response.status_code == 200:
        response_200 = SubmitResult.from_dict(response.json())

        return response_200

    if response.status_code == 202:
        response_202 = SubmitResult.from_dict(response.json())

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
) -> Response[Error | SubmitResult]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: JobSubmission,
) -> Response[Error | SubmitResult]:
    """Submit a job

     Takes a job whose files have been uploaded. The service answers as soon as the job is
    recorded, with its id and the address at which to follow it; splitting it into tasks comes
    after. The job keeps the contents that its files have at this moment, whatever is uploaded
    under their names later.

    Answered with 400 when the job type is not installed, when a required file has not been
    uploaded, or when a parameter of the job type is missing or wrong. Parameters that the job
    type does not have are ignored, and the job's log says so.

    Where several versions of the job type are installed, the parameter `version` chooses one, and
    the newest is taken without it; a version that is not there is answered with 400. (A job type
    whose newest version has a parameter `version` of its own is given its value instead.) The job
    keeps the version it was submitted with.

    Args:
        body (JobSubmission): A job to be run. It runs on the pool that `poolId` names, or else on
            one that is made for it.

            Forms from before pools are understood too: `InstanceCount` or `Pool` with `InstanceCount`
            in
            place of `autoPoolSpecification`. `CommercialAgreementId` and members that are not known
            are
            ignored.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | SubmitResult]
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
    body: JobSubmission,
) -> Error | SubmitResult | None:
    """Submit a job

     Takes a job whose files have been uploaded. The service answers as soon as the job is
    recorded, with its id and the address at which to follow it; splitting it into tasks comes
    after. The job keeps the contents that its files have at this moment, whatever is uploaded
    under their names later.

    Answered with 400 when the job type is not installed, when a required file has not been
    uploaded, or when a parameter of the job type is missing or wrong. Parameters that the job
    type does not have are ignored, and the job's log says so.

    Where several versions of the job type are installed, the parameter `version` chooses one, and
    the newest is taken without it; a version that is not there is answered with 400. (A job type
    whose newest version has a parameter `version` of its own is given its value instead.) The job
    keeps the version it was submitted with.

    Args:
        body (JobSubmission): A job to be run. It runs on the pool that `poolId` names, or else on
            one that is made for it.

            Forms from before pools are understood too: `InstanceCount` or `Pool` with `InstanceCount`
            in
            place of `autoPoolSpecification`. `CommercialAgreementId` and members that are not known
            are
            ignored.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | SubmitResult
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: JobSubmission,
) -> Response[Error | SubmitResult]:
    """Submit a job

     Takes a job whose files have been uploaded. The service answers as soon as the job is
    recorded, with its id and the address at which to follow it; splitting it into tasks comes
    after. The job keeps the contents that its files have at this moment, whatever is uploaded
    under their names later.

    Answered with 400 when the job type is not installed, when a required file has not been
    uploaded, or when a parameter of the job type is missing or wrong. Parameters that the job
    type does not have are ignored, and the job's log says so.

    Where several versions of the job type are installed, the parameter `version` chooses one, and
    the newest is taken without it; a version that is not there is answered with 400. (A job type
    whose newest version has a parameter `version` of its own is given its value instead.) The job
    keeps the version it was submitted with.

    Args:
        body (JobSubmission): A job to be run. It runs on the pool that `poolId` names, or else on
            one that is made for it.

            Forms from before pools are understood too: `InstanceCount` or `Pool` with `InstanceCount`
            in
            place of `autoPoolSpecification`. `CommercialAgreementId` and members that are not known
            are
            ignored.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | SubmitResult]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: JobSubmission,
) -> Error | SubmitResult | None:
    """Submit a job

     Takes a job whose files have been uploaded. The service answers as soon as the job is
    recorded, with its id and the address at which to follow it; splitting it into tasks comes
    after. The job keeps the contents that its files have at this moment, whatever is uploaded
    under their names later.

    Answered with 400 when the job type is not installed, when a required file has not been
    uploaded, or when a parameter of the job type is missing or wrong. Parameters that the job
    type does not have are ignored, and the job's log says so.

    Where several versions of the job type are installed, the parameter `version` chooses one, and
    the newest is taken without it; a version that is not there is answered with 400. (A job type
    whose newest version has a parameter `version` of its own is given its value instead.) The job
    keeps the version it was submitted with.

    Args:
        body (JobSubmission): A job to be run. It runs on the pool that `poolId` names, or else on
            one that is made for it.

            Forms from before pools are understood too: `InstanceCount` or `Pool` with `InstanceCount`
            in
            place of `autoPoolSpecification`. `CommercialAgreementId` and members that are not known
            are
            ignored.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | SubmitResult
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
