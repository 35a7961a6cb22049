"""Logging in, and what is logged in.

Module switches, read when a session is made:

- `VERIFY`: False turns verification of TLS certificates off, with an
  `UnverifiedConnectionWarning` and a record in the log each time.
- `CA_CERT`: file of a private CA's certificate, in PEM. It comes before the environment variable
  ``BATCHAPPS_CA_CERT``, and that before ``ca_cert`` in the configuration. All are additions to the
  system's roots.
"""

from __future__ import annotations

import contextlib
import logging
import os
import ssl
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx

from ._auth import (
    BearerAuth,
    GivenToken,
    TokenSource,
    UnattendedToken,
    find_authority,
    read_account,
    read_token,
)
from ._http import ApiClient, RetryingClient, in_threads, tls_context
from ._signin import SignIn, Store
from .config import Configuration
from .exceptions import AuthenticationException, InvalidConfigException, RestCallException

__all__ = ["CA_CERT", "CRED_STORE", "VERIFY", "AzureOAuth", "Credentials"]

VERIFY: bool = True
CA_CERT: str | None = None
#: Name under which the system's keyring holds tokens of web sign-in.
CRED_STORE: str = "AzureBatchApps"

# Sign-ins by web page that were begun and not finished, by their state.
_begun: dict[str, tuple[Configuration, SignIn, ssl.SSLContext, dict[str, Any]]] = {}
_MOST_BEGUN = 100


class Credentials:
    """What managers use to talk to the service: a token, and connections that carry it.

    The token goes to the configured endpoint only. Connections are made when first needed and are
    shared by all managers that have the same credentials and endpoint.

    Args:
        config: The configuration that names the endpoint.
        client_id: Id of the client or account that the token is for.
        token: A token got elsewhere: its text, or a dictionary with ``access_token`` and, if
            known, ``expires_at`` or ``expires_in``. Default: the stored sign-in of the client.

    Attributes:
        auth: The settings of the configuration's Authentication section.
        client_id: As given.

    Raises:
        AuthenticationException: There is no token, or it is not one.
        SessionExpiredException: On the first call: the token has expired.
    """

    def __init__(
        self,
        config: Configuration,
        client_id: str,
        token: Mapping[str, Any] | str | None = None,
    ) -> None:
        if token is not None:
            self._set_up(config, client_id, GivenToken(read_token(token)))
            return
        source, tls = _sign_in(config, client_id)
        with _logging_in():
            source.resume()
        self._set_up(config, client_id, source, tls)

    @classmethod
    def _renewable(
        cls, config: Configuration, client_id: str, source: TokenSource, tls: ssl.SSLContext
    ) -> Credentials:
        credentials = cls.__new__(cls)
        credentials._set_up(config, client_id, source, tls)
        return credentials

    def _set_up(
        self,
        config: Configuration,
        client_id: str,
        source: TokenSource,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.auth: dict[str, str] = config.aad_config(validate=False)
        self.client_id = client_id
        self._config = config
        self._source: TokenSource | None = source
        self._tls = tls
        self._sessions: dict[str, ApiClient] = {}
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<Credentials client_id={self.client_id!r}>"

    @property
    def config(self) -> Configuration:
        """The configuration they were made with; managers use it unless given another one."""
        return self._config

    @property
    def token(self) -> dict[str, Any]:
        """The present token, as a dictionary with ``access_token``, ``token_type`` and,
        if known, ``expires_at``."""
        return self.get_stored_auth()

    def get_session(self) -> httpx.Client:
        """An httpx client for the configured endpoint, with its base address, the token, retries,
        and this package's exceptions. It is the one that managers use, so do not close it.

        Raises:
            InvalidConfigException: No endpoint is configured, or the CA certificate is no good.
        """
        return self.session_for(self._config.endpoint())

    def get_async_session(self) -> httpx.AsyncClient:
        """The same for asyncio: its calls are made by `get_session`, each in a thread, and answers
        are read whole. A call that is cancelled goes on to its end there.

        Raises:
            InvalidConfigException: No endpoint is configured, or the CA certificate is no good.
        """
        return in_threads(self.get_session())

    def session_for(self, endpoint: str) -> ApiClient:
        """The same for another endpoint, which then gets the token."""
        with self._lock:
            if endpoint not in self._sessions:
                self._tls = self._tls or _tls(self.auth)
                auth = BearerAuth(self._present, endpoint)
                self._sessions[endpoint] = ApiClient(endpoint, verify=self._tls, auth=auth)
            return self._sessions[endpoint]

    def refresh_session(self) -> httpx.Client | None:
        """Get a new token now, for an unattended account or a sign-in.

        Returns:
            The session as from `get_session`; None if the token cannot be renewed.

        Raises:
            SessionExpiredException: The account is not accepted any more.
        """
        source = self._present()
        renewed = source.renewed(source.token().text)
        return None if renewed is None else self.get_session()

    def get_stored_auth(self) -> dict[str, Any]:
        """The token that is kept, as `token`.

        Raises:
            AuthenticationException: None is.
        """
        return self._present().token().as_dict()

    def store_auth(self, token: Mapping[str, Any] | str) -> None:
        """Use `token` from now on. It is kept in memory only.

        Raises:
            AuthenticationException: It is not a token.
        """
        self._source = GivenToken(read_token(token))

    def clear_auth(self) -> None:
        """Forget the token, and the sign-in where it is stored.

        Raises:
            AuthenticationException: The login service of the sign-in does not answer.
        """
        source, self._source = self._source, None
        if isinstance(source, SignIn):
            with _logging_in():
                source.forget()

    def _present(self) -> TokenSource:
        if self._source is None:
            raise AuthenticationException("There is no token any more. Log in again.")
        return self._source


class AzureOAuth:
    """Ways to log in."""

    # Kept for programs that look at them; nothing is shared between logins any more.
    config: Configuration | None = None
    state: str | None = None
    LOG: logging.Logger = logging.getLogger("batch_apps")

    @staticmethod
    def get_unattended_session(config: Configuration | None = None) -> Credentials:
        """Log in with the unattended account of the configuration.

        Args:
            config: Default: the configuration file in its default place.

        Returns:
            Credentials whose token is renewed as long as the account's key is good.

        Raises:
            InvalidConfigException: The configuration lacks something.
            AuthenticationException: The account was refused, or the endpoint or its login service
                is out of reach or out of order.
        """
        config = config or Configuration()
        settings = config.aad_config(unattended=True)
        client_id, tenant = read_account(settings["unattended_account"])
        tls = _tls(settings)
        http = RetryingClient(verify=tls)
        remark = ""
        try:
            authority, remark = find_authority(
                http, config.endpoint(), settings["root"], tenant or settings["tenant"]
            )
            source = UnattendedToken(
                http, authority, client_id, settings["unattended_key"], settings["resource"]
            )
        except (AuthenticationException, RestCallException) as error:
            http.close()
            if isinstance(error, AuthenticationException) and not remark:
                raise
            raise AuthenticationException(f"Could not log in. {error} {remark}".rstrip()) from error
        return Credentials._renewable(config, client_id, source, tls)

    @staticmethod
    def get_principal_token(config: Configuration | None = None) -> Credentials:
        """Deprecated: use `get_unattended_session`."""
        warnings.warn(
            "get_principal_token() is deprecated, use get_unattended_session()",
            DeprecationWarning,
            stacklevel=2,
        )
        return AzureOAuth.get_unattended_session(config)

    @staticmethod
    def get_session(config: Configuration | None = None) -> Credentials:
        """Go on with an earlier sign-in of the configured client, without asking anybody.

        It is found in the system's keyring, or in this process where there is no keyring.

        Raises:
            InvalidConfigException: The configuration lacks something.
            AuthenticationException: There is none or it is over; sign in again.
        """
        config = config or Configuration()
        return Credentials(config, _client_id(config))

    @staticmethod
    def login(
        config: Configuration | None = None,
        show: Callable[[str], object] = print,
        *,
        browser: bool = False,
    ) -> Credentials:
        """Sign in as a person: wait until somebody has, in a web browser.

        Args:
            config: Default: the configuration file in its default place.
            show: Is given the sentence that says where to sign in and with which code.
            browser: Open the browser of this machine instead, with no code to enter.

        Returns:
            Credentials whose token is renewed as long as the sign-in lasts.

        Raises:
            InvalidConfigException: The configuration lacks something.
            AuthenticationException: It was denied, it took too long, or the endpoint or its login
                service is out of reach or out of order.
        """
        config = config or Configuration()
        client_id = _client_id(config)
        source, tls = _sign_in(config, client_id)
        with _logging_in():
            if browser:
                source.by_browser()
            else:
                source.by_device(show)
        return Credentials._renewable(config, client_id, source, tls)

    @staticmethod
    def get_authorization_url(
        config: Configuration | None = None,
        msa: bool = False,
        prompt: bool = False,
        state: str | None = None,
        **additional_args: str,
    ) -> tuple[str, str]:
        """Begin a sign-in by web page. It is finished in the same process.

        Args:
            config: Default: the configuration file in its default place. Its `redirect_uri` is
                where the page leads back to.
            msa: Whether users have a Microsoft account, for the page to offer that.
            prompt: Whether users have to give their password even if they are signed in.
            state: Text that comes back with the answer. Default: something random.
            **additional_args: More parameters for the page, such as ``login_hint``.

        Returns:
            The address to open in a browser, and the state.

        Raises:
            InvalidConfigException: The configuration lacks something.
            AuthenticationException: The endpoint or its login service is out of reach or out of
                order.
        """
        config = config or Configuration()
        redirect = config.aad_config()["redirect_uri"]
        source, tls = _sign_in(config, _client_id(config))
        with _logging_in():
            flow = source.begin(
                redirect_uri=redirect if "://" in redirect else f"http://{redirect}",
                state=state,
                prompt="login" if prompt else None,
                domain_hint="live.com" if msa else None,
            )
        url, state = httpx.URL(flow["auth_uri"]), str(flow["state"])
        more = {name: text for name, text in additional_args.items() if name not in url.params}
        if len(_begun) >= _MOST_BEGUN:
            del _begun[next(iter(_begun))]
        _begun[state] = (config, source, tls, flow)
        AzureOAuth.config, AzureOAuth.state = config, state
        return str(url.copy_merge_params(more)), state

    @staticmethod
    def get_authorization_token(
        auth_url: str,
        config: Configuration | None = None,  # noqa: ARG004
        state: str | None = None,
    ) -> Credentials:
        """Finish a sign-in by web page.

        Args:
            auth_url: The whole address to which the page led back.
            config: Not needed: what counts is the one that the sign-in was begun with.
            state: The state from `get_authorization_url`. Default: that of the last call of it.

        Returns:
            Credentials whose token is renewed as long as the sign-in lasts.

        Raises:
            AuthenticationException: The address belongs to no sign-in that was begun here, or to
                another one, or the user was refused.
        """
        answer = dict(httpx.URL(auth_url).params)
        state = state or AzureOAuth.state or ""
        if state not in _begun or answer.get("state") != state:
            raise AuthenticationException(
                "The state in the address is not that of a sign-in that was begun here. Begin with "
                "AzureOAuth.get_authorization_url(), and give the address to which the page led."
            )
        begun, source, tls, flow = _begun.pop(state)
        with _logging_in():
            source.finish(flow, answer)
        return Credentials._renewable(begun, _client_id(begun), source, tls)


def _client_id(config: Configuration) -> str:
    client_id = config.aad_config(validate=False)["client_id"]
    if not client_id:
        raise InvalidConfigException(
            "The configuration lacks client_id, the client that people sign in with. Set it with "
            "aad_config(client_id=...)."
        )
    return client_id


def _sign_in(config: Configuration, client_id: str) -> tuple[SignIn, ssl.SSLContext]:
    settings = config.aad_config(validate=False)
    tls = _tls(settings)
    http = RetryingClient(verify=tls)
    with _logging_in():
        authority, remark = find_authority(
            http, config.endpoint(), settings["root"], settings["tenant"]
        )
    if remark:
        AzureOAuth.LOG.warning(remark)
    store = Store(CRED_STORE, client_id)
    return SignIn(http, authority, client_id, settings["resource"], store), tls


@contextlib.contextmanager
def _logging_in() -> Iterator[None]:
    """Around what talks to a login service: what fails there is a failed login."""
    try:
        yield
    except RestCallException as error:
        raise AuthenticationException(f"Could not log in. {error}") from error


def _tls(settings: Mapping[str, str]) -> ssl.SSLContext:
    places = [
        ("batchapps.credentials.CA_CERT", CA_CERT),
        ("the environment variable BATCHAPPS_CA_CERT", os.environ.get("BATCHAPPS_CA_CERT")),
        ("ca_cert in the configuration", settings.get("ca_cert")),
    ]
    source, ca_cert = next(((s, c) for s, c in places if c), ("", None))
    return tls_context(ca_cert, ca_source=source, verify=VERIFY is not False)
