from http import HTTPStatus
from typing import Any

import httpx

from ...client import AuthenticatedClient, Client
from ...models.error import Error
from ...models.offer_digests import OfferDigests
from ...models.recall_answer import RecallAnswer
from ...types import Response


def _get_kwargs(
    *,
    body: OfferDigests,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/files/offer/recall",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Error | RecallAnswer:
    if response.status_code == 200:
        response_200 = RecallAnswer.from_dict(response.json())

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
) -> Response[Error | RecallAnswer]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: OfferDigests,
) -> Response[Error | RecallAnswer]:
    """Name offers that were made before

     Names lists of files by their digests instead of offering the files again. The service knows a
    list, which is the body of `POST /files/offer` or the first line of that of `POST /files/bulk`,
    byte for byte, if it has found all of its files listed or has listed them, and no file of the
    account was replaced or deleted since; it may forget lists at any time. Extension of the
    2014-10-01-preview API.

    Args:
        body (OfferDigests): Lists of files, by their digests. Extension of the 2014-10-01-preview
            API.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | RecallAnswer]
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
    body: OfferDigests,
) -> Error | RecallAnswer | None:
    """Name offers that were made before

     Names lists of files by their digests instead of offering the files again. The service knows a
    list, which is the body of `POST /files/offer` or the first line of that of `POST /files/bulk`,
    byte for byte, if it has found all of its files listed or has listed them, and no file of the
    account was replaced or deleted since; it may forget lists at any time. Extension of the
    2014-10-01-preview API.

    Args:
        body (OfferDigests): Lists of files, by their digests. Extension of the 2014-10-01-preview
            API.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | RecallAnswer
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: OfferDigests,
) -> Response[Error | RecallAnswer]:
    """Name offers that were made before

     Names lists of files by their digests instead of offering the files again. The service knows a
    list, which is the body of `POST /files/offer` or the first line of that of `POST /files/bulk`,
    byte for byte, if it has found all of its files listed or has listed them, and no file of the
    account was replaced or deleted since; it may forget lists at any time. Extension of the
    2014-10-01-preview API.

    Args:
        body (OfferDigests): Lists of files, by their digests. Extension of the 2014-10-01-preview
            API.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | RecallAnswer]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: OfferDigests,
) -> Error | RecallAnswer | None:
    """Name offers that were made before

     Names lists of files by their digests instead of offering the files again. The service knows a
    list, which is the body of `POST /files/offer` or the first line of that of `POST /files/bulk`,
    byte for byte, if it has found all of its files listed or has listed them, and no file of the
    account was replaced or deleted since; it may forget lists at any time. Extension of the
    2014-10-01-preview API.

    Args:
        body (OfferDigests): Lists of files, by their digests. Extension of the 2014-10-01-preview
            API.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | RecallAnswer
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
