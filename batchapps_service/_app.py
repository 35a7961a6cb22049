"""The HTTP application: every operation of the description, authenticated and validated."""

import inspect
import json
import logging
import re
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_to_bytes

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Lifespan, Message, Receive, Scope, Send

from batchapps_service import _accounts, _description
from batchapps_service._bodies import read_limited
from batchapps_service._calls import Call, Context, Handler
from batchapps_service._connections import CROWDED
from batchapps_service._description import Description, Operation
from batchapps_service._errors import ApiError, NotNow, bad_request, is_full, later
from batchapps_service._issuer import IssuerRoutes
from batchapps_service._threads import refuse_if_busy, writing
from batchapps_service._tokens import Issuer, TokenRefused, Verified

log = logging.getLogger("batchapps_service.http")

PREFIX = "/api"


class JsonResponse(Response):
    """A JSON body in UTF-8."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def build(
    context: Context,
    issuer: Issuer,
    handlers: Mapping[str, Handler],
    lifespan: Lifespan[Starlette],
) -> ASGIApp:
    """The application.

    ``handlers`` are by operationId; the description's operations and they must be the same.
    """
    description = _description.load()
    operations = list(description.operations())
    different = {operation.id for operation in operations} ^ handlers.keys()
    if different:
        raise RuntimeError(f"operations and handlers differ in {sorted(different)}")
    paths: dict[str, dict[str, ASGIApp]] = {}
    for operation in operations:
        endpoint = _Endpoint(context, issuer, description, operation, handlers[operation.id])
        paths.setdefault(operation.path, {})[operation.method.upper()] = endpoint
    app = Starlette(
        routes=[
            *(_route(path, paths[path]) for path in sorted(paths, key=_precedence, reverse=True)),
            *IssuerRoutes(issuer, context.database, context.settings).routes,
        ],
        exception_handlers={HTTPException: _http_error, Exception: _unexpected},
        lifespan=lifespan,
    )
    # It would lead, without being described, to an address made from the header Host.
    app.router.redirect_slashes = False
    return _Envelope(app)


class _Endpoint:
    """One operation as an ASGI endpoint."""

    def __init__(
        self,
        context: Context,
        issuer: Issuer,
        description: Description,
        operation: Operation,
        handler: Handler,
    ) -> None:
        self.operation = operation
        self._context = context
        self._issuer = issuer
        self._description = description
        self._handler = handler
        self._writes = operation.method not in {"get", "head"} and "/query/" not in operation.path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
            await response(scope, receive, send)
        except ApiError as error:
            await _error_response(request, error)(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        # First of all, so that nothing is read for a stranger.
        token = self._verify(request)
        if self._writes:
            refuse_if_busy()
        data = b""
        if self.operation.body:
            data = await read_limited(request, self._context.settings.max_body_bytes)
        # One hop to a thread for everything that touches the database.
        threads = writing if self._writes else run_in_threadpool
        result = await threads(self._run, request, token, data)
        if inspect.isawaitable(result):
            result = await result
        return result if isinstance(result, Response) else JsonResponse(result)

    def _run(self, request: Request, token: Verified, data: bytes) -> Any:
        account = self._account(*token)
        return self._handler(self._call(request, account, data))

    def _call(self, request: Request, account: str, data: bytes) -> Call:
        for part in (request.scope["raw_path"], request.scope["query_string"]):
            try:
                unquote_to_bytes(part).decode()
            except UnicodeDecodeError:
                raise bad_request("The address is no text: it must be in UTF-8") from None
        query = _description.read_query(self.operation, request.query_params)
        body = None
        if self.operation.body and (data or self.operation.body_required):
            body = self._description.read_body(self.operation.body, data)
        return Call(self._context, account, request, request.path_params, query, body, data)

    def _verify(self, request: Request) -> Verified:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise self._unauthorized("The call has no bearer token; sign in first.")
        try:
            return self._issuer.verify(token.strip())
        except TokenRefused as refusal:
            raise self._unauthorized(f"The bearer token was refused: {refusal}.") from None

    def _account(self, subject: str, mark: str | None) -> str:
        account = _accounts.acting(self._context.database, subject, mark)
        if account is None:
            raise self._unauthorized(
                "The bearer token's account, key or user is not there any more."
            )
        return account

    def _unauthorized(self, message: str) -> ApiError:
        # RFC 6750, 3; the address is how a client finds the authority to sign in with.
        challenge = f'Bearer authorization_uri="{self._issuer.authority}"'
        return ApiError(401, message, headers={"WWW-Authenticate": challenge})


class _Rest(Convertor[str]):
    """The rest of a path, whatever it holds."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("rest", _Rest())


class _Methods:
    """All operations of one path as an ASGI endpoint."""

    def __init__(self, methods: Mapping[str, ASGIApp]) -> None:
        self._methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self._methods.get(scope["method"])
        if endpoint is None:
            raise HTTPException(405, headers={"Allow": ", ".join(self._methods)})
        await endpoint(scope, receive, send)


def _route(path: str, methods: Mapping[str, ASGIApp]) -> Route:
    # A final name takes the rest of the path, so that a slash in it is seen and refused.
    return Route(PREFIX + re.sub(r"\{name\}$", "{name:rest}", path), _Methods(methods))


def _precedence(path: str) -> list[bool]:
    """Greater where a path spells out what another has a parameter for, or goes on."""
    return [not part.startswith("{") for part in path.split("/")]


def _error_response(request: Request, error: ApiError) -> Response:
    request_id = request.scope["state"]["request_id"]
    log.info("%s: %d %s", request_id, error.status, error.message)
    body: dict[str, Any] = {"Message": error.message, "RequestId": request_id}
    if error.problems:
        body["ValidationErrors"] = [
            {"Name": name, "Message": text} for name, text in error.problems.items()
        ]
    return JsonResponse(body, error.status, error.headers)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    message = f"{phrase}: {request.method} {request.url.path} is not part of this API."
    return _error_response(request, ApiError(error.status_code, message, headers=error.headers))


async def _unexpected(request: Request, error: Exception) -> Response:
    request_id = request.scope["state"]["request_id"]
    if isinstance(error, NotNow):
        return _error_response(request, later(str(error), 5))
    if is_full(error):
        return _error_response(request, later("The service's disk is full", 30))
    log.error("%s: %s %s failed", request_id, request.method, request.url.path, exc_info=error)
    message = "The service failed to serve the call; its log has the reason under the request id."
    return _error_response(request, ApiError(500, message))


async def _come_later(scope: Scope, receive: Receive, send: Send) -> None:
    headers = {"Retry-After": "2", "Connection": "close"}
    error = ApiError(503, "The service has too many connections; try again.", headers=headers)
    await _error_response(Request(scope), error)(scope, receive, send)


class _Envelope:
    """Around every request: its id, its log line, and the double slash some endpoints end in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = str(uuid.uuid4())
        scope.setdefault("state", {})["request_id"] = request_id
        scope["path"] = re.sub("^//+", "/", scope["path"])
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                header = (b"x-ms-request-id", request_id.encode())
                message["headers"] = [*message["headers"], header]
            await send(message)

        theirs = dict(scope["headers"]).get(b"x-ms-client-request-id", b"-").decode("latin-1")
        try:
            app = _come_later if scope["state"].get(CROWDED) else self._app
            await app(scope, receive, send_with_id)
        except ClientDisconnect:
            status = 499
        except Exception:
            if not status:  # answered, and logged, by the handler of unexpected errors otherwise
                raise
        finally:
            log.info(
                "%s: %s %s %d client-request-id=%r",
                request_id,
                scope["method"],
                scope["path"],
                status,
                theirs[:100],
            )
