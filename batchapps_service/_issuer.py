"""The service as its own token issuer: OpenID discovery, keys, and the client-credentials grant.

The grant is offered at the v2 path, which msal uses, and at the v1 path of the original client,
which names a resource instead of a scope and may send the account in HTTP Basic form.
"""

import base64
import binascii
from urllib.parse import parse_qsl, unquote_plus

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from batchapps_service import _accounts
from batchapps_service._bodies import read_limited
from batchapps_service._database import Database
from batchapps_service._errors import ApiError
from batchapps_service._settings import Settings
from batchapps_service._tokens import Issuer

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
MAX_FORM_BYTES = 64 * 1024


def _refuse(error: str, description: str, status: int = 400) -> JSONResponse:
    # RFC 6749, 5.2
    headers = dict(NO_STORE)
    if status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="token"'
    body = {"error": error, "error_description": description}
    return JSONResponse(body, status, headers)


def _basic(header: str) -> tuple[str, str] | None:
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    # RFC 6749, 2.3.1: both halves are form-encoded first.
    return (unquote_plus(user), unquote_plus(password)) if colon else None


class IssuerRoutes:
    """The issuer's HTTP face."""

    def __init__(self, issuer: Issuer, database: Database, settings: Settings) -> None:
        self._issuer = issuer
        self._database = database
        self._settings = settings
        tenant = f"/{settings.tenant}"
        self.routes = [
            Route(f"{tenant}/v2.0/.well-known/openid-configuration", self._discovery),
            Route(f"{tenant}/.well-known/openid-configuration", self._discovery),
            Route(f"{tenant}/discovery/v2.0/keys", self._keys),
            Route(f"{tenant}/oauth2/v2.0/token", self._token, methods=["POST"]),
            Route(f"{tenant}/oauth2/token", self._token, methods=["POST"]),
        ]

    async def _discovery(self, _request: Request) -> Response:
        authority = self._issuer.authority
        return JSONResponse(
            {
                "issuer": self._issuer.name,
                "authorization_endpoint": f"{authority}/oauth2/v2.0/authorize",
                "token_endpoint": f"{authority}/oauth2/v2.0/token",
                "jwks_uri": f"{authority}/discovery/v2.0/keys",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "grant_types_supported": ["client_credentials"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": [
                    "client_secret_post",
                    "client_secret_basic",
                ],
                "scopes_supported": [self._settings.resource + "/.default"],
            }
        )

    async def _keys(self, _request: Request) -> Response:
        return JSONResponse(self._issuer.keys)

    async def _token(self, request: Request) -> Response:
        try:
            form = (await read_limited(request, MAX_FORM_BYTES)).decode()
            fields = dict(parse_qsl(form, max_num_fields=50))
        except (ApiError, ValueError):
            return _refuse("invalid_request", "The form cannot be read.")
        if fields.get("grant_type") != "client_credentials":
            return _refuse(
                "unsupported_grant_type", "This issuer offers the client_credentials grant only."
            )
        basic = _basic(request.headers.get("authorization", ""))
        client_id, key = basic or (fields.get("client_id", ""), fields.get("client_secret", ""))
        if not await run_in_threadpool(_accounts.check, self._database, client_id, key):
            return _refuse(
                "invalid_client",
                "No account of this service has that client id and key. Check both; a new account"
                " is made with 'batchapps-service accounts add'.",
                401,
            )
        resource = self._settings.resource
        asked = fields.get("resource", fields.get("scope", "").removesuffix("/.default"))
        # AAD takes the resource with and without its final slash.
        if asked.rstrip("/") != resource.rstrip("/"):
            error = "invalid_target" if "resource" in fields else "invalid_scope"
            return _refuse(
                error, f"Tokens are issued for the resource {resource}, not for '{asked[:200]}'."
            )
        return JSONResponse(self._issuer.issue(client_id), headers=NO_STORE)
