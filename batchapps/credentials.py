"""Logging in, and what is logged in.

Module switches, read when a session is made:

- `VERIFY`: False turns verification of TLS certificates off, with an
  `UnverifiedConnectionWarning` and a record in the log each time.
- `CA_CERT`: file of a private CA's certificate, in PEM. It comes before the environment variable
  ``BATCHAPPS_CA_CERT``, and that before ``ca_cert`` in the configuration. All are additions to the
  system's roots.
"""

from __future__ import annotations

import logging
import os
import ssl
import threading
import warnings
from collections.abc import Mapping
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
from .config import Configuration
from .exceptions import AuthenticationException, RestCallException

__all__ = ["CA_CERT", "CRED_STORE", "VERIFY", "AzureOAuth", "Credentials"]

VERIFY: bool = True
CA_CERT: str | None = None
#: Name under which the system's keyring holds tokens of web sign-in.
CRED_STORE: str = "AzureBatchApps"

_NO_WEB_SIGN_IN = (
    "Web sign-in is not available in this version. Use an unattended account with "
    "AzureOAuth.get_unattended_session(), or get a token elsewhere and pass it to "
    "Credentials(config, client_id, token=...)."
)


class Credentials:
    """What managers use to talk to the service: a token, and connections that carry it.

    The token goes to the configured endpoint only. Connections are made when first needed and are
    shared by all managers that have the same credentials and endpoint.

    Args:
        config: The configuration that names the endpoint.
        client_id: Id of the client or account that the token is for.
        token: A token got elsewhere: its text, or a dictionary with ``access_token`` and, if
            known, ``expires_at`` or ``expires_in``.

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
        if token is None:
            raise AuthenticationException("There is no stored token. " + _NO_WEB_SIGN_IN)
        self._set_up(config, client_id, GivenToken(read_token(token)))

    @classmethod
    def _renewable(
        cls, config: Configuration, client_id: str, source: TokenSource, tls: ssl.SSLContext
    ) -> Credentials:
        credentials = cls.__new__(cls)
        credentials._set_up(config, client_id, source)
        credentials._tls = tls
        return credentials

    def _set_up(self, config: Configuration, client_id: str, source: TokenSource) -> None:
        self.auth: dict[str, str] = config.aad_config(validate=False)
        self.client_id = client_id
        self._config = config
        self._source: TokenSource | None = source
        self._tls: ssl.SSLContext | None = None
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
        """Get a new token now, for an unattended account.

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
        """Forget the token."""
        self._source = None

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
    def get_session(config: Configuration | None = None) -> Credentials:  # noqa: ARG004
        """Resume a web sign-in. Not available yet.

        Raises:
            AuthenticationException: Always, saying what to use.
        """
        raise AuthenticationException(_NO_WEB_SIGN_IN)

    @staticmethod
    def get_authorization_url(
        config: Configuration | None = None,  # noqa: ARG004
        msa: bool = False,  # noqa: ARG004
        prompt: bool = False,  # noqa: ARG004
        state: str | None = None,  # noqa: ARG004
        **additional_args: str,  # noqa: ARG004
    ) -> tuple[str, str]:
        """The address for a web sign-in. Not available yet.

        Raises:
            AuthenticationException: Always, saying what to use.
        """
        raise AuthenticationException(_NO_WEB_SIGN_IN)

    @staticmethod
    def get_authorization_token(
        auth_url: str,  # noqa: ARG004
        config: Configuration | None = None,  # noqa: ARG004
        state: str | None = None,  # noqa: ARG004
    ) -> Credentials:
        """Finish a web sign-in. Not available yet.

        Raises:
            AuthenticationException: Always, saying what to use.
        """
        raise AuthenticationException(_NO_WEB_SIGN_IN)


def _tls(settings: Mapping[str, str]) -> ssl.SSLContext:
    places = [
        ("batchapps.credentials.CA_CERT", CA_CERT),
        ("the environment variable BATCHAPPS_CA_CERT", os.environ.get("BATCHAPPS_CA_CERT")),
        ("ca_cert in the configuration", settings.get("ca_cert")),
    ]
    source, ca_cert = next(((s, c) for s, c in places if c), ("", None))
    return tls_context(ca_cert, ca_source=source, verify=VERIFY is not False)
