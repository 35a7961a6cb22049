"""HTTP as this package speaks it: TLS, timeouts, repetition, and errors with words."""

from __future__ import annotations

import contextlib
import email.utils
import json
import logging
import random
import re
import ssl
import time
import warnings
import weakref
from collections.abc import Iterator
from http.client import responses as _PHRASES
from pathlib import Path
from typing import Any

import httpx

from ._version import VERSION
from .exceptions import (
    AuthenticationException,
    AuthenticationRefusedException,
    BadRequestException,
    ConflictException,
    ConnectionFailedException,
    InvalidConfigException,
    NotFoundException,
    RestCallException,
    ServerErrorException,
    StateConflictException,
    TooManyRequestsException,
    UnverifiedConnectionWarning,
)

API_VERSION = "2014-10-01-preview"
USER_AGENT = f"batchapps/{VERSION}"

CONNECT_TIMEOUT = 10.0
#: Longest silence while sending, or waiting for an answer or for more of it, in seconds.
SILENCE_TIMEOUT = 60.0
#: How often a request is sent again, and the shortest and longest pause before that, in seconds.
RETRIES = 3
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8.0
#: The service may ask for a longer pause by Retry-After, but not for more than this.
LONGEST_RETRY_AFTER = 60.0

#: Extension of a request that goes without the token: the endpoint that alone gets it.
WITHHELD_FOR = "batchapps.withheld_for"

_REQUEST_ID = "x-ms-client-request-id"
_LONGEST_WORDS = 1000
#: Headers that tell how a body came, not what it is.
_OF_THE_WIRE = {"content-encoding", "content-length", "transfer-encoding"}

#: Queries, and calls that do the same when they are made again.
_SAFE_POSTS = re.compile(r"/files/(query/\w+|offer|bulk)$|/uploads$|/outputs/fetch$")

_log = logging.getLogger("batch_apps")

# Each time, not once for a place in the code; after the filters that the program or its user set.
warnings.simplefilter("always", UnverifiedConnectionWarning, append=True)


def tls_context(ca_cert: str | None, *, ca_source: str, verify: bool) -> ssl.SSLContext:
    """TLS with the system's and certifi's roots, and those in `ca_cert` if it is given.

    Being passed to httpx ready-made, it does not depend on variables such as REQUESTS_CA_BUNDLE.

    Args:
        ca_cert: A file of certificates in PEM, or a folder as OpenSSL wants it.
        ca_source: Where `ca_cert` was set, for the message if it is no good.
        verify: False turns all verification off; an `UnverifiedConnectionWarning` is shown and
            logged each time.

    Raises:
        InvalidConfigException: `ca_cert` does not exist or holds no certificate.
    """
    context = ssl.create_default_context()
    if not verify:
        words = (
            "TLS verification is off (batchapps.credentials.VERIFY is False): anybody on the way "
            "can read and change what is sent, the token included."
        )
        _log.warning(words)
        warnings.warn(words, UnverifiedConnectionWarning, stacklevel=2)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    import certifi

    context.load_verify_locations(certifi.where())
    if ca_cert:
        path = Path(ca_cert).expanduser()
        if not path.exists():
            raise InvalidConfigException(
                f"The CA certificate {path} does not exist; see {ca_source}."
            )
        try:
            if path.is_dir():
                context.load_verify_locations(capath=path)
            else:
                context.load_verify_locations(cafile=path)
        except OSError as error:  # ssl.SSLError is one
            raise InvalidConfigException(
                f"{path} holds no readable CA certificate in PEM ({error}); see {ca_source}."
            ) from error
    return context


def origin(url: httpx.URL) -> tuple[str, str, int | None]:
    """Scheme, host and port; the port is None where it is the scheme's own."""
    return url.scheme, url.host, url.port


class RetryingClient(httpx.Client):
    """An httpx client with this package's timeouts that sends again what is safe to send again.

    Any answer is returned, errors too. Redirects are not followed.

    Raises (on sending):
        ConnectionFailedException: There was no answer, or it broke off.
    """

    def __init__(self, *, verify: ssl.SSLContext, **options: Any) -> None:
        timeout = httpx.Timeout(SILENCE_TIMEOUT, connect=CONNECT_TIMEOUT)
        headers = {"Accept": "application/json", "User-Agent": USER_AGENT}
        super().__init__(verify=verify, timeout=timeout, headers=headers, **options)
        # Nobody is asked to close it; its connections go with the last that uses it.
        for transport in (self._transport, *self._mounts.values()):
            if transport is not None:
                weakref.finalize(self, transport.close)

    def send(
        self, request: httpx.Request, *, stream: bool = False, **options: Any
    ) -> httpx.Response:
        import uuid

        request.headers.setdefault(_REQUEST_ID, str(uuid.uuid4()))
        attempt = 0
        while True:
            started = time.monotonic()
            try:
                response = super().send(request, stream=stream, **options)
            except httpx.TransportError as error:
                pause = pause_after_error(request, error, attempt)
                _log_call(request, type(error).__name__, started)
                if pause is None:
                    raise connection_failed(request, error) from error
            else:
                pause = pause_after_response(request, response, attempt)
                _log_call(request, response.status_code, started)
                if pause is None:
                    return response
                response.close()
            _log.info("%s %s is sent again in %.1f s.", request.method, request.url.path, pause)
            time.sleep(pause)
            attempt += 1


class ApiClient(RetryingClient):
    """A client for the management API: adds its headers and raises its errors.

    Raises (on sending):
        RestCallException: The subclass tells which kind of failure it is.
    """

    def __init__(self, endpoint: str, *, verify: ssl.SSLContext, auth: httpx.Auth) -> None:
        super().__init__(verify=verify, base_url=f"https://{endpoint}/api", auth=auth)
        self.headers["x-ms-version"] = API_VERSION

    def send(
        self, request: httpx.Request, *, stream: bool = False, **options: Any
    ) -> httpx.Response:
        response = super().send(request, stream=stream, **options)
        if response.is_success:
            return response if stream else _plain(response)
        with contextlib.closing(response), contextlib.suppress(httpx.TransportError):
            response.read()
        raise error_from(response)


class _InThreads(httpx.AsyncBaseTransport):
    """Has another client, which is not asynchronous, make the calls in threads."""

    def __init__(self, session: httpx.Client) -> None:
        self._session = session

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        import asyncio

        await request.aread()
        answer = await asyncio.to_thread(self._session.send, request)
        headers = answer.headers.copy()
        for name in _OF_THE_WIRE if answer.content else ():  # without a body they tell of another
            headers.pop(name, None)
        return httpx.Response(answer.status_code, headers=headers, content=answer.content)


def in_threads(session: httpx.Client) -> httpx.AsyncClient:
    """A client for asyncio that does what `session` does about its calls."""
    return httpx.AsyncClient(
        transport=_InThreads(session),
        base_url=session.base_url,
        headers=session.headers,
        timeout=session.timeout,
    )


# -- when to send again ----------------------------------------------------------------------


def pause_after_error(
    request: httpx.Request, error: httpx.TransportError, attempt: int
) -> float | None:
    """Seconds until `request`, which got no answer, is sent again; None: not at all."""
    if attempt >= RETRIES or isinstance(
        error, (httpx.UnsupportedProtocol, httpx.LocalProtocolError)
    ):
        return None
    if _tls_error(error):
        return None
    never_sent = isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))
    return _backoff(attempt) if never_sent or _repeatable(request) else None


def pause_after_response(
    request: httpx.Request, response: httpx.Response, attempt: int
) -> float | None:
    """Seconds until `request`, answered by `response`, is sent again; None: not at all."""
    not_processed = response.status_code in {429, 503}
    maybe_processed = response.status_code in {500, 502, 504}
    if attempt >= RETRIES or not (not_processed or (maybe_processed and _repeatable(request))):
        return None
    asked = retry_after(response)
    if asked is None:
        return _backoff(attempt)
    return asked if asked <= LONGEST_RETRY_AFTER else None


def retry_after(response: httpx.Response) -> float | None:
    """Seconds that the header Retry-After asks to wait, whether it gives seconds or a date."""
    value = response.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", value):
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return None


def _backoff(attempt: int) -> float:
    # Some chance in it keeps many clients from coming back all at once.
    pause: float = min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt)
    return pause * random.uniform(0.75, 1.0)  # noqa: S311


def _repeatable(request: httpx.Request) -> bool:
    return request.method not in {"POST", "PATCH"} or bool(_SAFE_POSTS.search(request.url.path))


# -- answers ---------------------------------------------------------------------------------


def _plain(response: httpx.Response) -> httpx.Response:
    """`response` as the generated code can read it.

    It knows 200 and 202 as successes, always with a body, and members that are absent but not
    members that are null.
    """
    if response.request.method == "HEAD":  # without a body, and all in its headers
        return response
    content = response.content or b"{}"
    if b"null" in content:
        with contextlib.suppress(ValueError):
            content = json.dumps(json.loads(content, object_pairs_hook=_without_nulls)).encode()
    status = response.status_code if response.status_code in {200, 202} else 200
    if status == response.status_code and content is response.content:
        return response
    headers = {"Content-Type": response.headers.get("Content-Type", "application/json")}
    return httpx.Response(status, headers=headers, content=content, request=response.request)


def _without_nulls(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in pairs if value is not None}


_CHECK_ENDPOINT = "Check the endpoint in the configuration and that the service is running."
#: Status: exception, its `type`, what it means, and what to do.
_KINDS: dict[int, tuple[type[RestCallException], type[BaseException] | None, str, str]] = {
    400: (BadRequestException, ValueError, "the service found the request wrong", ""),
    401: (
        AuthenticationRefusedException,
        AuthenticationException,
        "the service did not accept the token",
        "Log in again; if that does not help, check that account and endpoint belong together.",
    ),
    403: (StateConflictException, None, "this is not possible in the present state", ""),
    404: (NotFoundException, OSError, "there is no such thing", ""),
    409: (ConflictException, ValueError, "a limit or conflict stands in the way", ""),
    429: (
        TooManyRequestsException,
        ValueError,
        "the service was asked too often",
        "Try again later.",
    ),
}
_SERVER_ERROR = (ServerErrorException, ValueError, "the service failed", "Try again later.")


def error_from(response: httpx.Response) -> RestCallException:
    """The exception for an answer that is not a success."""
    request, status = response.request, response.status_code
    if status in _KINDS:
        kind, exp_type, meaning, hint = _KINDS[status]
    elif status >= 500:
        kind, exp_type, meaning, hint = _SERVER_ERROR
    else:
        kind, exp_type, meaning, hint = RestCallException, ValueError, "unexpected answer", ""
    endpoint = request.extensions.get(WITHHELD_FOR)
    if status == 401 and endpoint is not None:
        meaning = "the call needs a token"
        hint = (
            f"The token was withheld because the link's host {_host(request.url)} is not the "
            f"endpoint's host {_host(endpoint)}. If both are the same service, use the former as "
            "endpoint in the configuration."
        )
    phrase = _PHRASES.get(status, "")
    body = _body(response)
    words = _words(body)
    if isinstance(body, str) and body.lstrip().startswith("<"):
        words = None
        hint = f"The answer is a web page: does something else answer? {_CHECK_ENDPOINT}"
    fields = body if isinstance(body, dict) else {}
    request_id = (
        fields.get("RequestId")
        or response.headers.get("x-ms-request-id")
        or request.headers.get(_REQUEST_ID)
    )
    wait = retry_after(response)
    if wait is not None and kind in {TooManyRequestsException, ServerErrorException}:
        hint = f"Try again in {wait:.0f} s."
    parts = [f"{request.method} {_address(request)}: {meaning} ({f'{status} {phrase}'.strip()})"]
    parts.append(f": {words.rstrip('.')}. " if words else ". ")
    parts.append(f"{hint} " if hint else "")
    parts.append(f"[request {request_id}]")
    return kind(
        exp_type,
        "".join(parts),
        None,
        status=status,
        code=str(fields.get("Code") or fields.get("code") or phrase.replace(" ", "") or status),
        request_id=request_id,
        server_message=words,
        retry_after=wait,
    )


def _body(response: httpx.Response) -> object:
    """The body of an answer: parsed if it is JSON, else text."""
    try:
        text = response.text.strip()
    except (httpx.ResponseNotRead, httpx.StreamError):
        return ""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _words(body: object) -> str | None:
    """What the service says in the body of an error, ending with what it found wrong where."""
    if isinstance(body, dict):
        main = body.get("Message") or body.get("message") or json.dumps(body)
        faults = body.get("ValidationErrors") or body.get("validationErrors") or []
        details = [f"{f.get('Name')}: {f.get('Message')}" for f in faults if isinstance(f, dict)]
        details = [detail for detail in dict.fromkeys(details) if detail not in str(main)]
        text = "; ".join([str(main).rstrip("."), *details]) if details else str(main)
    else:
        text = "" if body is None else str(body)
    return text[:_LONGEST_WORDS] or None


def connection_failed(
    request: httpx.Request, error: httpx.TransportError
) -> ConnectionFailedException:
    """The exception for an answer that did not come, or not as a whole."""
    host = _host(request.url)
    tls = _tls_error(error)
    if isinstance(tls, ssl.SSLCertVerificationError):
        what = (
            f"the certificate of {host} is not trusted ({tls.verify_message}). If the service has "
            "a CA of its own, name that CA's certificate file: ca_cert in the section "
            "[Authentication] of the configuration, batchapps.credentials.CA_CERT, or the "
            "environment variable BATCHAPPS_CA_CERT."
        )
    elif tls:
        what = f"TLS with {host} failed ({tls.reason or tls}). {_CHECK_ENDPOINT}"
    elif isinstance(error, httpx.ConnectTimeout):
        what = f"{host} could not be reached within {CONNECT_TIMEOUT:.0f} s. {_CHECK_ENDPOINT}"
    elif isinstance(error, httpx.ConnectError):
        what = f"{host} could not be reached ({error}). {_CHECK_ENDPOINT}"
    elif isinstance(error, httpx.TimeoutException):
        what = f"{host} was silent for {SILENCE_TIMEOUT:.0f} s. Try again later."
    else:
        what = f"the connection to {host} failed ({error or type(error).__name__}). Try again."
    address = _address(request)
    # Whoever pickles exceptions with their causes, as Dask does, is not to get a token or a key.
    error.request = httpx.Request(request.method, address)
    return ConnectionFailedException(
        ConnectionError,
        f"{request.method} {address}: {what}",
        error,
        request_id=request.headers.get(_REQUEST_ID),
    )


def _tls_error(error: BaseException) -> ssl.SSLError | None:
    return next((e for e in _chain(error) if isinstance(e, ssl.SSLError)), None)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _host(url: httpx.URL) -> str:
    return url.netloc.decode("ascii", "replace")


def _address(request: httpx.Request) -> str:
    """The address of a request without its query, which may hold paths of the user."""
    return str(request.url.copy_with(query=None, fragment=None))


def _log_call(request: httpx.Request, outcome: object, started: float) -> None:
    _log.debug(
        "%s %s: %s after %.0f ms [request %s]",
        request.method,
        request.url.path,
        outcome,
        (time.monotonic() - started) * 1000,
        request.headers.get(_REQUEST_ID),
    )
