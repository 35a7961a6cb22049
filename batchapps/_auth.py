"""Tokens: where they come from, when they are renewed, and where they are sent."""

from __future__ import annotations

import contextlib
import logging
import re
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

import httpx

from ._http import WITHHELD_FOR, RetryingClient, error_from, origin
from ._secret import Secret
from .exceptions import (
    AuthenticationException,
    InvalidConfigException,
    RestCallException,
    SessionExpiredException,
)

#: A token is renewed so many seconds before it expires, or when this share of its life is left.
RENEWAL_MARGIN, RENEWAL_SHARE = 300.0, 0.2
#: After a renewal failed while the token is still good, the next try waits so many seconds.
RENEWAL_PAUSE = 30.0
#: Hosts of Microsoft's own login service, under which accounts of Azure are found.
_MICROSOFT_HOSTS = {"", "login.windows.net", "login.microsoftonline.com"}
_DEFAULT_HOST = "login.microsoftonline.com"

_log = logging.getLogger("batch_apps")


class Token:
    """An access token and when it expires (seconds since 1970, None: unknown)."""

    def __init__(self, text: str, expires_at: float | None = None) -> None:
        self.text = text
        self.expires_at = expires_at
        lifetime = 0.0 if expires_at is None else expires_at - time.time()
        self._renew_at = (expires_at or 0.0) - min(RENEWAL_MARGIN, RENEWAL_SHARE * lifetime)

    def expired(self) -> bool:
        return self.expires_at is not None and time.time() >= self.expires_at

    def due(self) -> bool:
        """Whether it is time to renew it."""
        return self.expires_at is not None and time.time() >= self._renew_at

    def postpone(self, seconds: float) -> None:
        """Do not try to renew it again before so many seconds, or its end."""
        self._renew_at = min(time.time() + seconds, self.expires_at or 0.0)

    def as_dict(self) -> dict[str, Any]:
        """The token in the form that OAuth libraries use."""
        expiry = {} if self.expires_at is None else {"expires_at": self.expires_at}
        return {"token_type": "Bearer", "access_token": Secret(self.text), **expiry}

    def __repr__(self) -> str:
        return f"<Token expires_at={self.expires_at}>"


def read_token(given: Mapping[str, Any] | str) -> Token:
    """The token in what an OAuth library gave: a mapping with ``access_token``, or plain text.

    Raises:
        AuthenticationException: There is no token in it.
    """
    fields: Mapping[str, Any] = {"access_token": given} if isinstance(given, str) else given
    try:
        text = str(fields["access_token"]).strip().removeprefix("Bearer ")
        expires_at = next(
            (float(fields[name]) for name in ("expires_at", "expires_on") if fields.get(name)), None
        )
        if expires_at is None and fields.get("expires_in"):
            expires_at = time.time() + float(fields["expires_in"])
    except (KeyError, TypeError, ValueError):
        text, expires_at = "", None
    if not re.fullmatch(r"[\x21-\x7e]+", text):
        raise AuthenticationException(
            "This is not an access token. Give its text, or a dictionary with 'access_token' and, "
            "if known, the time it expires: 'expires_at' (seconds since 1970) or 'expires_in'."
        )
    return Token(text, expires_at)


class TokenSource(Protocol):
    """Something that has a token, safe to use from several threads."""

    def token(self) -> Token:
        """A token that has not expired.

        Raises:
            SessionExpiredException: There is none any more.
            RestCallException: The issuer is out of reach or out of order.
        """
        ...

    def renewed(self, refused: str) -> Token | None:
        """Another token, after the service refused the one with the text `refused`; or None."""
        ...


class GivenToken:
    """A token that was got elsewhere and so cannot be renewed here."""

    def __init__(self, token: Token) -> None:
        self._token = token

    def token(self) -> Token:
        if self._token.expired():
            raise SessionExpiredException(
                "The access token has expired. Get a new one from where this one came from, and "
                "make new Credentials with it."
            )
        return self._token

    def renewed(self, refused: str) -> Token | None:  # noqa: ARG002
        return None


class RenewedToken:
    """A token that is renewed before it expires, in the way that a subclass knows."""

    _token: Token

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def token(self) -> Token:
        with self._lock:
            if self._token.due():
                self._renew()
            return self._token

    def renewed(self, refused: str) -> Token | None:
        with self._lock:
            if self._token.text == refused:  # else another thread has renewed it already
                self._token = self._acquire_again(refused)
            return self._token

    def _renew(self) -> None:
        try:
            self._token = self._acquire_again(None)
        except (SessionExpiredException, RestCallException) as error:
            if self._token.expired():
                raise
            self._token.postpone(RENEWAL_PAUSE)
            _log.warning(
                "The token could not be renewed yet and is used until it expires: %s", error
            )

    def _acquire_again(self, refused: str | None) -> Token:
        try:
            return self._acquire(refused)
        except AuthenticationException as error:
            raise SessionExpiredException(f"The session is over: {error}") from error

    def _acquire(self, refused: str | None) -> Token:
        """A token other than the one with the text `refused`.

        Raises:
            AuthenticationException: There is none any more.
        """
        raise NotImplementedError


class UnattendedToken(RenewedToken):
    """The token of an unattended account, got with its key."""

    def __init__(
        self, http: RetryingClient, authority: str, client_id: str, key: str, resource: str
    ) -> None:
        super().__init__()
        self._http = http
        self._authority = authority
        self._client_id = client_id
        self._key = key
        self._scope = f"{resource}/.default"
        self._token = self._acquire(None)

    def _acquire(self, refused: str | None) -> Token:  # noqa: ARG002
        import msal  # takes longer than the rest of the package

        with login_service(self._authority):
            # One that is made anew has no cache: when to renew is decided above.
            app = msal.ConfidentialClientApplication(
                self._client_id,
                authority=self._authority,
                client_credential=self._key,
                instance_discovery=False,
                http_client=MsalHttp(self._http),
            )
            reply: dict[str, Any] = app.acquire_token_for_client(scopes=[self._scope]) or {}
        if "access_token" not in reply:
            raise AuthenticationException(
                f"The account {self._client_id} was refused by {self._authority}: "
                f"{words_of(reply)}. "
                "Check unattended_account and unattended_key in the configuration; a key may have "
                "run out or been replaced."
            )
        return read_token(reply)


@contextlib.contextmanager
def login_service(authority: str) -> Iterator[None]:
    """Around calls of msal: says it clearly when there is no login service at `authority`."""
    try:
        yield
    except (ValueError, RuntimeError) as error:
        raise AuthenticationException(
            f"{authority} does not answer as a login service ({first_line(error)}). "
            "Check the account's TenantID, and endpoint and root in the configuration."
        ) from error


def words_of(reply: Mapping[str, Any]) -> str:
    """Why a login service refused."""
    return first_line(reply.get("error_description") or reply.get("error") or "")


class MsalHttp:
    """What msal needs of an HTTP library, over our own client."""

    def __init__(self, http: RetryingClient) -> None:
        self._http = http

    def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> httpx.Response:
        return _working(self._http.get(url, params=params, headers=headers))

    def post(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> httpx.Response:
        form = {name: value for name, value in (data or {}).items() if value is not None}
        return _working(self._http.post(url, params=params, data=form, headers=headers))

    def close(self) -> None:
        pass


class BearerAuth(httpx.Auth):
    """Puts the token on requests to the endpoint, and on no others, whatever a link says.

    A 401 makes it try once more with a new token if there is one.
    """

    def __init__(self, source: Callable[[], TokenSource], endpoint: str) -> None:
        self._source = source
        self._endpoint = httpx.URL(f"https://{endpoint}")

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if origin(request.url) != origin(self._endpoint):
            # For the words of an error.
            request.extensions = {**request.extensions, WITHHELD_FOR: self._endpoint}
            yield request
            return
        source = self._source()
        token = source.token()
        request.headers["Authorization"] = f"Bearer {token.text}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED:
            renewed = source.renewed(token.text)
            if renewed is not None:
                request.headers["Authorization"] = f"Bearer {renewed.text}"
                yield request


def read_account(account: str) -> tuple[str, str | None]:
    """Client id and tenant id of an account such as ``ClientID=...;TenantID=...``.

    The two may come in either order and spelling; the tenant may be absent.

    Raises:
        InvalidConfigException: There is no client id in it.
    """
    found = {
        name.lower(): value
        for name, value in re.findall(
            r"(client|tenant)[\s_-]*id\s*=\s*[\"']?([^\s;,\"']+)", account, flags=re.IGNORECASE
        )
    }
    if "client" not in found:
        raise InvalidConfigException(
            "The unattended account should look like 'ClientID=...;TenantID=...'. Set it with "
            "aad_config(account=...), or as unattended_account in the section [Authentication]."
        )
    return found["client"], found.get("tenant")


class Authority(NamedTuple):
    """The address of a login service, and what is to be said if it refuses an account."""

    address: str
    remark: str = ""


def find_authority(http: RetryingClient, endpoint: str, root: str, tenant: str) -> Authority:
    """The login service for `endpoint`.

    That is `root` if it is not Microsoft's; else the one that the endpoint names as its own when it
    is called without a token, if that has the endpoint's scheme, host and port; else Microsoft's,
    with a warning in the log if the endpoint named another one.

    Raises:
        RestCallException: The endpoint is out of reach or out of order.
    """
    host = re.sub(r"^https?://", "", root.strip(), flags=re.IGNORECASE).rstrip("/")
    if host.lower() not in _MICROSOFT_HOSTS:
        return Authority(f"https://{host}/{tenant}")
    home = httpx.URL(f"https://{endpoint}")
    response = _working(http.get(f"https://{endpoint}/api/jobs", params={"maxResults": "1"}))
    challenge = response.headers.get("WWW-Authenticate", "")
    found = re.search(r"\bauthorization_uri\s*=\s*\"?([^\",\s]+)", challenge, flags=re.IGNORECASE)
    if found:
        try:
            uri = httpx.URL(found[1])
        except httpx.InvalidURL:
            uri = httpx.URL("")
        if origin(uri) == origin(home):
            path = re.sub(r"/oauth2(/v2\.0)?/authorize$", "", uri.path.rstrip("/"))
            address = uri.copy_with(path=path or f"/{tenant}", query=None, fragment=None)
            return Authority(str(address))
        if uri.host and uri.host.lower() not in _MICROSOFT_HOSTS:
            there = uri.netloc.decode("ascii", "replace")
            remark = (
                f"The endpoint {endpoint} named {uri.scheme}://{there} as its login service; that "
                f"is not its own address, so {_DEFAULT_HOST} was used. If the service is your "
                f"own, use {there} as endpoint, or set root to it, in the configuration."
            )
            _log.warning(remark)
            return Authority(f"https://{_DEFAULT_HOST}/{tenant}", remark)
    return Authority(f"https://{_DEFAULT_HOST}/{tenant}")


def _working(response: httpx.Response) -> httpx.Response:
    """`response`, unless it tells that the other side is out of order for now."""
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS or response.is_server_error:
        raise error_from(response)
    return response


def first_line(text: object) -> str:
    lines = str(text).strip().splitlines()
    return lines[0].rstrip(". ") if lines else "no reason given"
