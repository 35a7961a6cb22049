"""People signing in, and where their sign-in is kept."""

from __future__ import annotations

import contextlib
import json
import logging
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from ._auth import (
    MsalHttp,
    RenewedToken,
    Token,
    first_line,
    login_service,
    read_token,
    words_of,
)
from ._http import RetryingClient
from .exceptions import AuthenticationException

HOW = (
    "Sign in with AzureOAuth.login(), or use an unattended account with "
    "AzureOAuth.get_unattended_session()."
)

_log = logging.getLogger("batch_apps")
_memory: dict[tuple[str, str], str] = {}


class Store:
    """Keeps the sign-ins of one client in the system's keyring, or else in this process alone.

    Args:
        name: Name of the keyring's entry.
        user: Its user name: the client's id.
    """

    def __init__(self, name: str, user: str) -> None:
        self._key = (name, user)

    def load(self) -> str:
        """What was saved last, as text in JSON; ``{}`` if nothing was."""
        text = None
        with contextlib.suppress(Exception):  # as in save(), which tells of it
            text = safe_keyring().get_password(*self._key)
        text = text or _memory.get(self._key, "{}")
        try:
            return text if isinstance(json.loads(text), dict) else "{}"
        except ValueError:  # as version 0.5.2 left it
            return "{}"

    def save(self, text: str) -> None:
        try:
            safe_keyring().set_password(*self._key, text)
            _memory.pop(self._key, None)
        except Exception as error:  # keyrings have errors of all kinds
            if not _memory:
                _log.warning(
                    "The sign-in is kept in memory only and ends with this program, as no system "
                    "keyring could be used (%s). The extra azure-batch-apps[keyring] installs what "
                    "uses one.",
                    type(error).__name__,
                )
            _memory[self._key] = text


def safe_keyring() -> Any:
    """The package ``keyring``. Raises whatever it does, and if it would keep secrets in clear."""
    import keyring

    backend = keyring.get_keyring()
    for one in getattr(backend, "backends", [backend]):
        if type(one).__name__ == "PlaintextKeyring":
            raise RuntimeError("this keyring is a file in clear")
    return keyring


class SignIn(RenewedToken):
    """A person's sign-in at a login service: begun in one of three ways, and renewed after that."""

    def __init__(
        self, http: RetryingClient, authority: str, client_id: str, resource: str, store: Store
    ) -> None:
        super().__init__()
        self._http = http
        self._authority = authority
        self._client_id = client_id
        self._scopes = [f"{resource}/.default"]
        self._store = store

    def begin(self, **options: Any) -> dict[str, Any]:
        """A sign-in by web page, as msal describes it; the page's address is its ``auth_uri``."""
        with warnings.catch_warnings(), login_service(self._authority):
            # msal recommends another response_mode, which programs for 0.5.2 do not serve.
            warnings.filterwarnings("ignore", "response_mode", UserWarning)
            return dict(self._app().initiate_auth_code_flow(self._scopes, **options))

    def finish(self, flow: dict[str, Any], answer: Mapping[str, str]) -> None:
        """Finish it with what the page sent back."""
        self._sign_in(lambda app: app.acquire_token_by_auth_code_flow(flow, dict(answer)))

    def by_browser(self) -> None:
        """Sign in with this machine's browser, and wait for it."""
        self._sign_in(lambda app: app.acquire_token_interactive(self._scopes))

    def by_device(self, show: Callable[[str], object]) -> None:
        """Sign in with any browser anywhere, and wait for it."""

        def wait(app: Any) -> dict[str, Any]:
            flow = dict(app.initiate_device_flow(self._scopes))
            if "user_code" not in flow:
                return flow
            address, code = flow["verification_uri"], flow["user_code"]
            show(f"To sign in, open {address} in a web browser and enter the code {code}.")
            return dict(app.acquire_token_by_device_flow(flow))

        self._sign_in(wait)

    def resume(self) -> None:
        """Go on with the sign-in that is stored."""
        self._token = self._acquire(None)

    def forget(self) -> None:
        """Remove the sign-in from where it is stored."""
        with login_service(self._authority):
            app = self._app()
            self._drop_others(app, None)
            self._store.save(app.token_cache.serialize())

    def _app(self) -> Any:
        import msal

        # At DEBUG it tells device codes.
        logging.getLogger("msal.token_cache").setLevel(logging.INFO)
        cache = msal.SerializableTokenCache()
        cache.deserialize(self._store.load())
        return msal.PublicClientApplication(
            self._client_id,
            authority=self._authority,
            instance_discovery=False,
            http_client=MsalHttp(self._http),
            token_cache=cache,
        )

    def _drop_others(self, app: Any, user: str | None) -> None:
        for account in app.get_accounts():
            if account["local_account_id"] != user:
                app.remove_account(account)

    def _sign_in(self, get: Callable[[Any], dict[str, Any]]) -> None:
        with login_service(self._authority):
            app = self._app()
        try:
            reply = get(app)
        except (ValueError, RuntimeError) as error:  # a wrong state or nonce, above all
            raise AuthenticationException(
                f"The sign-in failed, or the answer is not its own ({first_line(error)}). "
                "Begin again."
            ) from error
        # Whoever signed in before is not to be taken for who does now.
        if claims := reply.get("id_token_claims"):
            self._drop_others(app, claims.get("oid", claims["sub"]))
        self._token = self._keep(app, reply)

    def _acquire(self, refused: str | None) -> Token:
        # Read again each time: another process may have renewed it, and a refresh token works once.
        with login_service(self._authority):
            app = self._app()
            accounts = app.get_accounts()
            if not accounts:
                raise AuthenticationException(f"There is no stored sign-in. {HOW}")
            reply = app.acquire_token_silent_with_error(self._scopes, accounts[0]) or {}
            if refused is not None and reply.get("access_token") == refused:
                reply = app.acquire_token_silent_with_error(
                    self._scopes, accounts[0], force_refresh=True
                )
        return self._keep(app, reply or {})

    def _keep(self, app: Any, reply: dict[str, Any]) -> Token:
        if app.token_cache.has_state_changed:
            self._store.save(app.token_cache.serialize())
        if "access_token" not in reply:
            raise AuthenticationException(
                f"{self._authority} refused the sign-in: {words_of(reply)}. {HOW}"
            )
        return read_token(reply)
