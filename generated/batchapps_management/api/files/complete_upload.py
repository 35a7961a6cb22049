from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.action_result import ActionResult
from ...models.error import Error
from ...models.upload_end import UploadEnd
from ...types import Response


def _get_kwargs(
    upload_id: str,
    *,
    body: UploadEnd,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/uploads/{upload_id}/actions/complete".format(
            upload_id=quote(str(upload_id), safe=""),
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

    if response.status_code == 400:
        response_400 = Error.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = Error.from_dict(response.json())

        return response_401

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
    upload_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: UploadEnd,
) -> Response[ActionResult | Error]:
    """Complete an upload

     Stores the file, once all of its parts are there and the whole has the digest that the body
    tells. If it has another, 409 is answered and the parts stay: to begin the upload again tells
    the digest of each, so that those that are wrong can be sent again. Extension of the
    2014-10-01-preview API.

    Args:
        upload_id (str): Id of an upload in parts.
        body (UploadEnd): The end of an upload in parts. Extension of the 2014-10-01-preview API.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ActionResult | Error]
    """

    kwargs = _get_kwargs(
        upload_id=upload_id,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    upload_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: UploadEnd,
) -> ActionResult | Error | None:
    """Complete an upload

     Stores the file, once all of its parts are there and the whole has the digest that the body
    tells. If it has another, 409 is answered and the parts stay: to begin the upload again tells
    the digest of each, so that those that are wrong can be sent again. Extension of the
    2014-10-01-preview API.

    Args:
        upload_id (str): Id of an upload in parts.
        body (UploadEnd): The end of an upload in parts. Extension of the 2014-10-01-preview API.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ActionResult | Error
    """

    return sync_detailed(
        upload_id=upload_id,
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    upload_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: UploadEnd,
) -> Response[ActionResult | Error]:
    """Complete an upload

     Stores the file, once all of its parts are there and the whole has the digest that the body
    tells. If it has another, 409 is answered and the parts stay: to begin the upload again tells
    the digest of each, so that those that are wrong can be sent again. Extension of the
    2014-10-01-preview API.

    Args:
        upload_id (str): Id of an upload in parts.
        body (UploadEnd): The end of an upload in parts. Extension of the 2014-10-01-preview API.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ActionResult | Error]
    """

    kwargs = _get_kwargs(
        upload_id=upload_id,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    upload_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: UploadEnd,
) -> ActionResult | Error | None:
    """Complete an upload

     Stores the file, once all of its parts are there and the whole has the digest that the body
    tells. If it has another, 409 is answered and the parts stay: to begin the upload again tells
    the digest of each, so that those that are wrong can be sent again. Extension of the
    2014-10-01-preview API.

    Args:
        upload_id (str): Id of an upload in parts.
        body (UploadEnd): The end of an upload in parts. Extension of the 2014-10-01-preview API.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ActionResult | Error
    """

    return (
        await asyncio_detailed(
            upload_id=upload_id,
            client=client,
            body=body,
        )
    ).parsed
