"""The service as its own token issuer: OpenID discovery, keys, and the client-credentials grant.

The grant is offered at the v2 path, which msal uses, and at the v1 path of the original client,
which names a resource instead of a scope and may send the account in HTTP Basic form.
"""

import base64
import math
from string import Template
from urllib.parse import unquote_plus

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from batchapps_service import _accounts
from batchapps_service._bodies import read_form
from batchapps_service._database import Database
from batchapps_service._settings import Settings
from batchapps_service._signin import GRANTS, NO_STORE, PAGES, SignIn, token_response
from batchapps_service._tokens import Issuer
from batchapps_service._tries import Tries

MAX_TRIES = 10
"""Wrong keys in a row after which a client id has to wait."""


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
    except ValueError:
        return None
    # RFC 6749, 2.3.1: both halves are form-encoded first.
    return (unquote_plus(user), unquote_plus(password)) if colon else None


class IssuerRoutes:
    """The issuer's HTTP face."""

    def __init__(self, issuer: Issuer, database: Database, settings: Settings) -> None:
        self._issuer = issuer
        self._database = database
        self._settings = settings
        self._sign_in = SignIn(issuer, database, settings)
        self._tries = Tries(MAX_TRIES)
        tenant = f"/{settings.tenant}"
        self.routes = [
            *self._sign_in.routes,
            Route(f"{tenant}/v2.0/.well-known/openid-configuration", self._discovery),
            Route(f"{tenant}/.well-known/openid-configuration", self._discovery),
            Route(f"{tenant}/discovery/v2.0/keys", self._keys),
            Route(f"{tenant}/oauth2/v2.0/token", self._token, methods=["POST"]),
            Route(f"{tenant}/oauth2/token", self._token, methods=["POST"]),
        ]

    async def _discovery(self, _request: Request) -> Response:
        text = (PAGES / "discovery.json").read_text("utf-8")
        values = {"authority": self._issuer.authority, "resource": self._settings.resource}
        return Response(Template(text).substitute(values), media_type="application/json")

    async def _keys(self, _request: Request) -> Response:
        return JSONResponse(self._issuer.keys)

    async def _token(self, request: Request) -> Response:
        fields = await read_form(request)
        if fields is None:
            return _refuse("invalid_request", "The form cannot be read.")
        if fields.get("grant_type") in GRANTS:
            return token_response(await run_in_threadpool(self._sign_in.redeem, fields))
        if fields.get("grant_type") != "client_credentials":
            return _refuse(
                "unsupported_grant_type",
                f"The grants are client_credentials, {', '.join(GRANTS)}.",
            )
        basic = _basic(request.headers.get("authorization", ""))
        client_id, key = basic or (fields.get("client_id", ""), fields.get("client_secret", ""))
        # By address too, so that nobody can lock an account's owner out.
        guesser = f"{request.client and request.client.host} {client_id[:100]}"
        if pause := self._tries.pause(guesser):
            reply = _refuse("temporarily_unavailable", "There were too many wrong keys.", 429)
            reply.headers["Retry-After"] = str(math.ceil(pause))
            return reply
        mark = await run_in_threadpool(_accounts.check, self._database, client_id, key)
        if mark is None:
            self._tries.add(guesser)
            return _refuse(
                "invalid_client",
                "No account of this service has that client id and key. Check both; a new account"
                " is made with 'batchapps-service accounts add'.",
                401,
            )
        self._tries.forget(guesser)
        resource = self._settings.resource
        asked = fields.get("resource", fields.get("scope", "").removesuffix("/.default"))
        # AAD takes the resource with and without its final slash.
        if asked.rstrip("/") != resource.rstrip("/"):
            error = "invalid_target" if "resource" in fields else "invalid_scope"
            return _refuse(
                error, f"Tokens are issued for the resource {resource}, not for '{asked[:200]}'."
            )
        return JSONResponse(self._issuer.issue(client_id, client_id, mark), headers=NO_STORE)
