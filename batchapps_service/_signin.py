"""Users signing in: the pages that they see, and the tokens that come of it.

The ways are the authorization code with PKCE (RFC 6749, 7636), the device code (RFC 8628) and,
after either, refresh tokens. There is no session: who signs in gives a password each time.
"""

import asyncio
import base64
import hashlib
import hmac
import html
import re
import secrets
from collections.abc import Mapping
from importlib import resources
from string import Template
from typing import Any
from urllib.parse import urlencode, urlsplit

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from batchapps_service import _grants
from batchapps_service._bodies import read_form
from batchapps_service._database import Database, User
from batchapps_service._settings import Settings
from batchapps_service._tokens import Issuer
from batchapps_service._users import Door

CODE_SECONDS = 120
DEVICE_SECONDS = 900
POLL_SECONDS = 2
# The types of grant, and the field of the form that holds each one's secret.
GRANTS = {
    "authorization_code": "code",
    "urn:ietf:params:oauth:grant-type:device_code": "device_code",
    "refresh_token": "refresh_token",
}
SCOPES = {"openid", "profile", "offline_access"}
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}

# RFC 8252, 7.3: a program on the user's machine listens there, on whatever port it gets.
_LOOPBACK = re.compile(r"http://(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?(/[!$-\[\]-~]*)?")
# What a request for a code must have: its form, and the error otherwise.
_NEEDED = {
    "response_type": ("code", "unsupported_response_type"),
    "response_mode": ("(query|form_post)?", "invalid_request"),
    "code_challenge_method": ("S256", "invalid_request"),
    "code_challenge": (r"[\w-]{43}", "invalid_request"),
    "prompt": ("(?!none$).*", "login_required"),
}
_COOKIE = "__Host-form"
PAGES = resources.files("batchapps_service") / "pages"


class SignIn:
    """The issuer's human side."""

    def __init__(self, issuer: Issuer, database: Database, settings: Settings) -> None:
        self._issuer = issuer
        self._database = database
        self._settings = settings
        self._door = Door(database)
        self._one = asyncio.Semaphore(1)  # passwords are slow to check: others have to wait
        root = f"/{settings.tenant}/oauth2"
        self.routes = [
            Route(f"{root}/v2.0/authorize", self._authorize, methods=["GET", "POST"]),
            Route(f"{root}/v2.0/devicecode", self._begin_device, methods=["POST"]),
            Route(f"{root}/deviceauth", self._enter_code, methods=["GET", "POST"]),
        ]

    async def _authorize(self, request: Request) -> Response:
        query = dict(request.query_params)
        redirect = query.get("redirect_uri", "")
        allowed = _LOOPBACK.fullmatch(redirect) or redirect in self._settings.redirect_uris
        if query.get("client_id") != self._settings.client_id or not allowed:
            # The user must not be sent there.
            text = "The program that sent you here is not known, or wants the answer elsewhere."
            return _page("message", {"text": text}, status=400)
        for name, (form, error) in _NEEDED.items():
            if not re.fullmatch(form, query.get(name, "")):
                return _send_back(query, _error(error, f"It is not possible with this {name}."))
        if problem := self._wrong_scope(query):
            return _send_back(query, problem)
        return await self._ask(request, "signin", query)

    async def _enter_code(self, request: Request) -> Response:
        return await self._ask(request, "device", {})

    async def _ask(self, request: Request, form: str, query: dict[str, str]) -> Response:
        """The page with that form, or what comes of sending it."""
        # A page of somebody else's can send a form here, but knows no cookie to send with it.
        cookie = request.cookies.get(_COOKIE) or secrets.token_urlsafe()
        fields: dict[str, str] = {}
        outcome: Response | str = ""
        if request.method == "POST":
            fields = await read_form(request) or {}
            outcome = "This page was open for too long, or the browser keeps no cookies. Try again."
            if hmac.compare_digest(cookie.encode(), fields.get("cookie", "").encode()):
                if query and fields.get("answer") == "no":
                    return _send_back(query, _error("access_denied", "The user cancelled it."))
                async with self._one:
                    outcome = await run_in_threadpool(self._let_in, fields, query)
        if isinstance(outcome, Response):
            return outcome
        values = {"problem": outcome, "name": fields.get("name", ""), "cookie": cookie}
        values["service"] = self._settings.base_url
        page = _page(form, values, query.get("redirect_uri"), 403 if outcome else 200)
        page.set_cookie(_COOKIE, cookie, secure=True, httponly=True, samesite="lax")
        return page

    def _let_in(self, fields: Mapping[str, str], query: dict[str, str]) -> Response | str:
        """What comes of a right name and password, or in words what was wrong."""
        user = self._door.check(fields.get("name", ""), fields.get("password", ""))
        if isinstance(user, str):
            return user
        with self._database.write() as session:
            if query:
                secret = _grants.issue(session, "code", CODE_SECONDS, query, user_id=user.id)
                outcome = _send_back(query, {"code": secret})
            else:
                state = "denied" if fields.get("answer") == "no" else "approved"
                if not _grants.decide(session, fields.get("code", ""), state, user):
                    return "No program waits with this code now. Check it, or start again there."
                outcome = _page(
                    "message", {"text": f"You have {state} it. You can close this page."}
                )
        self._door.opened(user)
        return outcome

    async def _begin_device(self, request: Request) -> Response:
        fields = await read_form(request) or {}
        reply = await run_in_threadpool(self._new_device, fields)
        return token_response(reply)

    def _new_device(self, fields: Mapping[str, str]) -> dict[str, Any]:
        if problem := self._wrong_client(fields) or self._wrong_scope(fields):
            return problem
        with self._database.write() as session:
            code = _grants.new_user_code(session)
            if code is None:
                return _error("temporarily_unavailable", "Too many sign-ins wait. Try later.")
            details = {"scope": fields["scope"]}
            secret = _grants.issue(session, "device_code", DEVICE_SECONDS, details, user_code=code)
        shown, page = f"{code[:4]}-{code[4:]}", f"{self._issuer.authority}/oauth2/deviceauth"
        return {
            "device_code": secret,
            "user_code": shown,
            "verification_uri": page,
            "expires_in": DEVICE_SECONDS,
            "interval": POLL_SECONDS,
            "message": f"To sign in, open {page} in a web browser and enter the code {shown}.",
        }

    def redeem(self, fields: Mapping[str, str]) -> dict[str, Any]:
        """The response to a request for tokens by one of GRANTS; RFC 6749, 5.1 and 5.2."""
        if problem := self._wrong_client(fields):
            return problem
        kind = GRANTS[fields["grant_type"]]
        with self._database.write() as session:
            grant = _grants.find(session, kind, fields.get(kind, ""))
            if grant is None and kind == "device_code":
                return _error("expired_token", "The code has expired. Begin again.")
            if grant is not None and grant.state == "open" and kind == "device_code":
                return _error("authorization_pending", "The user has not entered the code yet.")
            if grant is not None and grant.state == "denied":
                return _error("access_denied", "The user denied it.")
            if grant is not None and _grants.use(session, grant) and _proven(grant.details, fields):
                user = session.get_one(User, grant.user_id)
                return self._tokens(session, user, grant.details, grant.sign_in)
            # Returned, not raised: what was used up stays so.
            return _error(
                "invalid_grant", "It is unknown, expired, used or revoked. Sign in again."
            )

    def _tokens(
        self, session: Session, user: User, details: Mapping[str, str], sign_in: str
    ) -> dict[str, Any]:
        client, scopes = self._settings.client_id, details["scope"].split()
        reply = self._issuer.issue(user.id, client) | {"scope": details["scope"]}
        if "openid" in scopes:
            reply["id_token"] = self._issuer.identify(user, client, details.get("nonce"))
        if "offline_access" in scopes:
            lifetime = self._settings.sign_in_days * 86_400
            kept = {"scope": details["scope"]}
            reply["refresh_token"] = _grants.issue(
                session, "refresh_token", lifetime, kept, user_id=user.id, sign_in=sign_in
            )
        return reply

    def _wrong_client(self, fields: Mapping[str, str]) -> dict[str, str]:
        known = fields.get("client_id") == self._settings.client_id
        return {} if known else _error("invalid_client", "There is no client with this id.")

    def _wrong_scope(self, fields: Mapping[str, str]) -> dict[str, str]:
        resource = self._settings.resource
        found = {
            scope.removesuffix("/.default").rstrip("/") for scope in fields.get("scope", "").split()
        }
        good = found - SCOPES == {resource.rstrip("/")}
        return {} if good else _error("invalid_scope", f"The scope must be {resource}/.default.")


def token_response(reply: dict[str, Any]) -> Response:
    """The answer to a client that asked for tokens, good or bad."""
    return JSONResponse(reply, 400 if "error" in reply else 200, NO_STORE)


def _error(error: str, description: str) -> dict[str, str]:
    return {"error": error, "error_description": description}


def _proven(asked: Mapping[str, str], fields: Mapping[str, str]) -> bool:
    """Whether who brings an authorization code is who asked for it; True for other grants."""
    digest = hashlib.sha256(fields.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    return challenge == asked.get("code_challenge", challenge) and (
        asked.get("redirect_uri") in (None, fields.get("redirect_uri"))
    )


def _send_back(query: Mapping[str, str], answer: dict[str, str]) -> Response:
    """Send the browser, with the answer, to where the client waits."""
    redirect = query["redirect_uri"]
    answer |= {"state": query["state"]} if "state" in query else {}
    if query.get("response_mode") == "form_post":
        values = {"address": redirect, "code": "", "error": "", "state": ""} | answer
        return _page("continue", values, redirect)
    sign = "&" if "?" in redirect else "?"
    return RedirectResponse(redirect + sign + urlencode(answer), 303, NO_STORE)


def _page(
    page: str, values: Mapping[str, str], redirect: str | None = None, status: int = 200
) -> Response:
    frame = (PAGES / "page.html").read_text("utf-8")
    style = re.findall("<style>(.*?)</style>", frame, re.DOTALL)[0]
    style_hash = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    # Browsers hold form-action against redirects too, so that it names where they lead.
    target = "{0.scheme}://{0.netloc}".format(urlsplit(redirect)) if redirect else ""
    headers = {
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'sha256-{style_hash}'; base-uri 'none';"
            f" form-action 'self' {target}; frame-ancestors 'none'"
        ),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    escaped = {key: html.escape(text) for key, text in values.items()}
    body = Template((PAGES / f"{page}.html").read_text("utf-8")).substitute(escaped)
    return HTMLResponse(Template(frame).substitute(body=body), status, headers | NO_STORE)
