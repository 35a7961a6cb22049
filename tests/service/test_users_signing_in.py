"""Users of the service: the sign-in pages, and the tokens that come of them."""

import base64
import hashlib
import secrets
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import jwt
import pytest
from browser import Browser, Page
from support import RESOURCE, Person, Service, command, running

SCOPE = f"{RESOURCE}/.default openid profile offline_access"
REDIRECT = "http://localhost:54321/back"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture(scope="module")
def person(service: Service) -> Person:
    """A user of the first account, for tests that end with the right password."""
    return service.add_user()


@pytest.fixture
def browser(service: Service) -> Iterator[Browser]:
    made = Browser(service)
    yield made
    made.close()


class Asking:
    """A request for a code, with what is needed later."""

    def __init__(self, service: Service, **changes: str | None) -> None:
        self.verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(self.verifier.encode()).digest()
        query: dict[str, str | None] = {
            "client_id": "batchapps",
            "response_type": "code",
            "redirect_uri": REDIRECT,
            "scope": SCOPE,
            "state": "the state",
            "nonce": "the nonce",
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        query = {name: value for name, value in (query | changes).items() if value is not None}
        self.redirect = query.get("redirect_uri")
        path = f"/{service.account.tenant}/oauth2/v2.0/authorize"
        self.address = f"{service.account.endpoint}{path}?{urlencode(query)}"

    def redemption(self, a_code: str, **changes: str) -> dict[str, str]:
        form = {
            "grant_type": "authorization_code",
            "client_id": "batchapps",
            "code": a_code,
            "redirect_uri": self.redirect or "",
            "code_verifier": self.verifier,
        }
        return form | changes


def answer(page: Page) -> dict[str, str]:
    """What a redirect brings to the client."""
    assert page.reply.status_code == 303, page.text
    location = page.reply.headers["location"]
    return {name: one for name, (one,) in parse_qs(urlsplit(location).query).items()}


def ask(service: Service, form: dict[str, str]) -> httpx.Response:
    with service.anonymous() as http:
        return http.post(f"/{service.account.tenant}/oauth2/v2.0/token", data=form)


def error(service: Service, form: dict[str, str]) -> str:
    reply = ask(service, form)
    assert reply.status_code == 400, reply.text
    assert reply.json()["error_description"]
    return str(reply.json()["error"])


def refreshing(token: str, **changes: str) -> dict[str, str]:
    form = {"grant_type": "refresh_token", "client_id": "batchapps", "refresh_token": token}
    return form | changes


def signed_in(service: Service, browser: Browser, person: Person) -> dict[str, Any]:
    """The tokens of a user who signs in."""
    asking = Asking(service)
    code = answer(browser.sign_in(asking.address, person))["code"]
    reply = ask(service, asking.redemption(code))
    assert reply.status_code == 200, reply.text
    assert reply.headers["cache-control"] == "no-store"
    return dict(reply.json())


def works(service: Service, token: str) -> int:
    with service.anonymous() as http:
        reply = http.get("/api/jobs", headers={"Authorization": f"Bearer {token}"})
        return reply.status_code


def test_a_user_acts_for_the_account(service: Service, browser: Browser) -> None:
    account = service.add_account()
    api = service.api(account)
    file_id = api.put("mine.txt", b"x")
    api.http.close()
    tokens = signed_in(service, browser, service.add_user(account))
    with service.anonymous() as http:
        http.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        found = http.get("/api/files").json()
    assert [one["name"] for one in found["files"]] == ["mine.txt"], file_id


def test_the_id_token_is_for_the_client_alone(
    service: Service, browser: Browser, person: Person
) -> None:
    tokens = signed_in(service, browser, person)
    with service.anonymous() as http:
        tenant = service.account.tenant
        found = http.get(f"/{tenant}/v2.0/.well-known/openid-configuration").json()
        keys = jwt.PyJWKSet.from_dict(http.get(found["jwks_uri"]).json())
    claims = jwt.decode(
        tokens["id_token"],
        keys.keys[0].key,
        ["RS256"],
        audience="batchapps",
        issuer=found["issuer"],
    )
    assert (claims["nonce"], claims["preferred_username"]) == ("the nonce", person.user)
    assert works(service, tokens["access_token"]) == 200
    assert works(service, tokens["id_token"]) == 401
    assert works(service, tokens["refresh_token"]) == 401


def test_what_is_announced_is_there(service: Service) -> None:
    tenant = service.account.tenant
    with service.anonymous() as http:
        found = http.get(f"/{tenant}/v2.0/.well-known/openid-configuration").json()
        assert found["issuer"] == f"{service.account.endpoint}/{tenant}/v2.0"
        for name in ("authorization_endpoint", "jwks_uri"):
            assert http.get(found[name]).status_code in {200, 400}, name
        for name in ("token_endpoint", "device_authorization_endpoint"):
            assert http.post(found[name]).status_code == 400, name
    for grant in found["grant_types_supported"]:
        form = {"grant_type": grant, "client_id": "batchapps"}
        assert ask(service, form).json()["error"] != "unsupported_grant_type", grant
    assert found["code_challenge_methods_supported"] == ["S256"]


# -- the page --------------------------------------------------------------------------------


def test_the_page_can_be_used_by_all_and_framed_by_none(service: Service, browser: Browser) -> None:
    page = browser.open(Asking(service).address)
    assert page.reply.status_code == 200
    assert "script" not in page.tags
    assert '<html lang="en">' in page.reply.text
    assert page.ids == page.labelled == {"name", "password"}
    policy = page.reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' http://localhost:54321;" in policy
    assert page.reply.headers["cache-control"] == "no-store"
    style = page.reply.text.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    cookie = page.reply.headers["set-cookie"]
    assert cookie.startswith("__Host-")
    assert "HttpOnly" in cookie
    assert "Secure" in cookie


def test_what_is_shown_again_is_only_text(
    service: Service, browser: Browser, person: Person
) -> None:
    asking = Asking(service)
    page = browser.sign_in(asking.address, person, name='"><script>alert(1)</script>')
    assert "script" not in page.tags
    assert page.fields["name"] == '"><script>alert(1)</script>'
    assert page.fields["password"] == ""


def test_a_form_from_elsewhere_is_not_taken(
    service: Service, browser: Browser, person: Person
) -> None:
    filled = {"name": person.user, "password": person.password}
    asking = Asking(service)
    with service.anonymous() as http:  # without cookies, as from a page of another site
        for forged in ({}, {"cookie": browser.open(asking.address).fields["cookie"]}):
            reply = http.post(asking.address, data=filled | forged)
            http.cookies.clear()
            assert reply.status_code == 403
            assert "location" not in reply.headers
    assert browser.sign_in(asking.address, person, cookie="guessed").reply.status_code == 403
    assert "code" in answer(browser.sign_in(asking.address, person))


@pytest.mark.parametrize(
    "redirect",
    [
        "https://evil.example/",
        "http://localhost.evil.example/",
        "http://localhost@evil.example/",
        "http://localhost:80@evil.example/",
        "http://evil.example/?http://localhost:1/",
        "http://localhost:1/\\evil",
        "http://localhost:1/#there",
        "http://localhost:1/;\r\nX: y",
        "https://localhost:1/",
        "javascript:alert(1)",
        "//evil.example",
        "",
        None,
    ],
)
def test_nobody_is_sent_elsewhere(
    service: Service, browser: Browser, person: Person, redirect: str | None
) -> None:
    address = Asking(service, redirect_uri=redirect).address
    for page in (browser.open(address), browser.sign_in(address, person)):
        assert page.reply.status_code == 400
        assert "location" not in page.reply.headers
        assert "evil" not in page.reply.text
        assert "evil" not in page.reply.headers["content-security-policy"]


@pytest.mark.parametrize(
    "redirect", ["http://127.0.0.1:1/", "http://[::1]:80/a?b=c", "http://localhost"]
)
def test_programs_on_the_users_machine_are_answered(
    service: Service, browser: Browser, person: Person, redirect: str
) -> None:
    asking = Asking(service, redirect_uri=redirect)
    page = browser.sign_in(asking.address, person)
    assert page.reply.headers["location"].startswith(redirect)
    assert answer(page)["state"] == "the state"
    assert ask(service, asking.redemption(answer(page)["code"])).status_code == 200


def test_an_unknown_client_is_told_to_the_user_only(service: Service, browser: Browser) -> None:
    page = browser.open(Asking(service, client_id="other").address)
    assert page.reply.status_code == 400
    assert "location" not in page.reply.headers


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"scope": "openid"}, "invalid_scope"),
        ({"scope": "https://graph.example/.default"}, "invalid_scope"),
        ({"scope": SCOPE + " admin"}, "invalid_scope"),
        ({"prompt": "none"}, "login_required"),
    ],
)
def test_what_is_wrong_is_told_to_the_client(
    service: Service, browser: Browser, changes: dict[str, str | None], expected: str
) -> None:
    found = answer(browser.open(Asking(service, **changes).address))
    assert (found["error"], found["state"]) == (expected, "the state")
    assert "code" not in found


def test_who_cancels_goes_back_without_a_code(service: Service, browser: Browser) -> None:
    page = browser.open(Asking(service).address)
    found = answer(browser.send(page, answer="no"))
    assert (found["error"], found["state"]) == ("access_denied", "the state")
    assert "code" not in found


def test_the_answer_can_go_by_a_form(service: Service, browser: Browser, person: Person) -> None:
    asking = Asking(service, response_mode="form_post", state='"><script>')
    page = browser.sign_in(asking.address, person)
    assert page.action == REDIRECT
    assert page.fields["state"] == '"><script>'
    assert "script" not in page.tags
    assert ask(service, asking.redemption(page.fields["code"])).status_code == 200


def test_settings_and_restarts(tmp_path: Path) -> None:
    allowed = "https://tool.example/back"
    made = Service.make(tmp_path / "data", redirect_uris=[allowed], client_id="studio-tool")
    with running(made):
        browser, person = Browser(made), made.add_user()
        assert person.client_id == "studio-tool"
        asking = Asking(made, redirect_uri=allowed, client_id="studio-tool")
        page = browser.sign_in(asking.address, person)
        assert page.reply.headers["location"].startswith(allowed + "?code=")
        for other in (allowed + "/x", "https://tool.example/"):
            address = Asking(made, redirect_uri=other, client_id="studio-tool").address
            assert browser.open(address).reply.status_code == 400
        browser.close()
    code = asking.redemption(answer(page)["code"], client_id="studio-tool")
    with running(made):
        tokens = ask(made, code).json()
        assert works(made, tokens["access_token"]) == 200
        again = refreshing(tokens["refresh_token"], client_id="studio-tool")
        assert ask(made, again).status_code == 200


# -- passwords -------------------------------------------------------------------------------


def test_a_wrong_password_and_an_unknown_name_look_the_same(
    service: Service, browser: Browser, person: Person
) -> None:
    address = Asking(service).address
    wrong = browser.sign_in(address, person, password="wrong")
    unknown = browser.sign_in(address, person, name="nobody-of-that-name")
    assert wrong.reply.status_code == unknown.reply.status_code == 403
    words = "The user name or the password is wrong."
    assert words in wrong.text
    assert words in unknown.text


def test_guessing_is_stopped_also_for_names_that_nobody_has(
    service: Service, browser: Browser
) -> None:
    person = service.add_user()
    address = Asking(service).address
    for name in (person.user, f"no-{person.user}"):
        for _ in range(5):
            assert "wrong" in browser.sign_in(address, person, name=name, password="x").text
        assert "too many tries" in browser.sign_in(address, person, name=name.upper()).text
    other = service.add_user()
    assert "code" in answer(browser.sign_in(address, other))


def test_neither_passwords_nor_tokens_are_kept(
    service: Service, browser: Browser, person: Person
) -> None:
    tokens = signed_in(service, browser, person)
    kept = b"".join(path.read_bytes() for path in service.directory.glob("service.db*"))
    kept += service.log.read_bytes()
    assert person.user.encode() in kept
    for secret in (person.password, tokens["refresh_token"], tokens["access_token"]):
        assert secret.encode() not in kept


def test_a_user_who_is_removed_is_out_at_once(service: Service, browser: Browser) -> None:
    person = service.add_user()
    tokens = signed_in(service, browser, person)
    listed = command("users", "list", service.directory).stdout.splitlines()
    assert f"{person.user} {service.account.client_id}" in listed
    assert command("users", "remove", service.directory, person.user).returncode == 0
    assert works(service, tokens["access_token"]) == 401
    assert error(service, refreshing(tokens["refresh_token"])) == "invalid_grant"
    assert browser.sign_in(Asking(service).address, person).reply.status_code == 403
    again = command("users", "remove", service.directory, person.user)
    assert (again.returncode, again.stderr) == (
        1,
        f"batchapps-service: There is no user '{person.user}'.\n",
    )


def test_users_that_cannot_be_made(service: Service, person: Person) -> None:
    service.add_account()
    first = ["--account", service.account.client_id]
    for arguments, words in (
        ([person.user.upper(), *first], "already"),
        (["two words", *first], "letters"),
        (["somebody"], service.account.client_id),
        (["somebody", "--account", "no-such"], "--account"),
    ):
        done = command("users", "add", service.directory, *arguments)
        assert done.returncode == 1
        assert words in done.stderr


# -- codes -----------------------------------------------------------------------------------


def test_a_code_works_once_and_its_replay_ends_the_sign_in(
    service: Service, browser: Browser, person: Person
) -> None:
    asking = Asking(service)
    code = answer(browser.sign_in(asking.address, person))["code"]
    tokens = ask(service, asking.redemption(code)).json()
    assert error(service, asking.redemption(code)) == "invalid_grant"
    assert error(service, refreshing(tokens["refresh_token"])) == "invalid_grant"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"code_verifier": "x" * 64}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_grant"),
        ({"redirect_uri": "http://localhost:54321/other"}, "invalid_grant"),
        ({"redirect_uri": ""}, "invalid_grant"),
        ({"client_id": "other"}, "invalid_client"),
        ({"client_id": ""}, "invalid_client"),
        ({"code": "made-up"}, "invalid_grant"),
        ({"grant_type": DEVICE}, "expired_token"),
    ],
)
def test_a_code_is_for_who_asked_for_it(
    service: Service, browser: Browser, person: Person, changes: dict[str, str], expected: str
) -> None:
    asking = Asking(service)
    code = answer(browser.sign_in(asking.address, person))["code"]
    assert error(service, asking.redemption(code, **changes)) == expected
    # As a refresh token or device code it is nothing either.
    assert error(service, refreshing(code)) == "invalid_grant"


def expire(service: Service, user: str) -> None:
    """Let all that the user was granted end now."""
    with sqlite3.connect(service.directory / "service.db", timeout=30) as database:
        database.execute(
            'update "grant" set expires = 1 where user_id = (select id from user where name = ?)',
            (user,),
        )
    database.close()


def test_codes_and_refresh_tokens_expire(
    service: Service, browser: Browser, person: Person
) -> None:
    asking = Asking(service)
    code = answer(browser.sign_in(asking.address, person))["code"]
    expire(service, person.user)
    assert error(service, asking.redemption(code)) == "invalid_grant"
    tokens = signed_in(service, browser, person)
    expire(service, person.user)
    assert error(service, refreshing(tokens["refresh_token"])) == "invalid_grant"


def test_refresh_tokens_rotate_and_a_used_one_ends_the_sign_in(
    service: Service, browser: Browser, person: Person
) -> None:
    first, other = (signed_in(service, browser, person) for _ in range(2))
    second = ask(service, refreshing(first["refresh_token"])).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    third = ask(service, refreshing(second["refresh_token"])).json()
    assert works(service, third["access_token"]) == 200
    assert error(service, refreshing(third["refresh_token"], client_id="other")) == "invalid_client"
    assert error(service, refreshing(first["refresh_token"])) == "invalid_grant"
    assert error(service, refreshing(third["refresh_token"])) == "invalid_grant"
    # Another sign-in of the same user has nothing to do with it.
    assert ask(service, refreshing(other["refresh_token"])).status_code == 200


def test_without_offline_access_there_is_nothing_to_refresh(
    service: Service, browser: Browser, person: Person
) -> None:
    asking = Asking(service, scope=f"{RESOURCE}/.default")
    code = answer(browser.sign_in(asking.address, person))["code"]
    tokens = ask(service, asking.redemption(code)).json()
    assert "refresh_token" not in tokens
    assert "id_token" not in tokens
    assert works(service, tokens["access_token"]) == 200


# -- device codes ----------------------------------------------------------------------------


def device(service: Service, **changes: str) -> httpx.Response:
    form = {"client_id": "batchapps", "scope": SCOPE} | changes
    with service.anonymous() as http:
        return http.post(f"/{service.account.tenant}/oauth2/v2.0/devicecode", data=form)


def polling(begun: dict[str, Any]) -> dict[str, str]:
    device_code = begun["device_code"]
    return {"grant_type": DEVICE, "client_id": "batchapps", "device_code": device_code}


def test_a_device_is_signed_in(service: Service, browser: Browser, person: Person) -> None:
    begun = device(service).json()
    assert begun["user_code"] in begun["message"]
    assert error(service, polling(begun)) == "authorization_pending"
    page = browser.open(begun["verification_uri"])
    assert page.ids == page.labelled == {"code", "name", "password"}
    typed = begun["user_code"].lower().replace("-", " ")
    done = browser.sign_in(begun["verification_uri"], person, code=typed)
    assert done.reply.status_code == 200
    assert "approved" in done.text
    tokens = ask(service, polling(begun)).json()
    assert works(service, tokens["access_token"]) == 200
    assert ask(service, refreshing(tokens["refresh_token"])).status_code == 200
    # Once is all: the code works neither on the page nor for the device.
    again = browser.sign_in(begun["verification_uri"], person, code=begun["user_code"])
    assert "No program waits" in again.text
    assert error(service, polling(begun)) == "invalid_grant"


def test_a_device_is_denied(service: Service, browser: Browser, person: Person) -> None:
    begun = device(service).json()
    page = browser.sign_in(begun["verification_uri"], person, code=begun["user_code"], answer="no")
    assert "denied" in page.text
    assert error(service, polling(begun)) == "access_denied"


def test_a_device_code_expires(service: Service, browser: Browser, person: Person) -> None:
    begun = device(service).json()
    browser.sign_in(begun["verification_uri"], person, code=begun["user_code"])
    expire(service, person.user)
    assert error(service, polling(begun)) == "expired_token"


def test_device_codes_are_not_to_be_guessed(service: Service, browser: Browser) -> None:
    person = service.add_user()
    begun = device(service).json()
    wrong = browser.sign_in(
        begun["verification_uri"], person, code=begun["user_code"], password="wrong"
    )
    assert "password is wrong" in wrong.text
    for _ in range(4):
        page = browser.sign_in(begun["verification_uri"], person, code="BBBB-BBBB")
        assert "No program waits" in page.text
    page = browser.sign_in(begun["verification_uri"], person, code=begun["user_code"])
    assert "too many tries" in page.text
    assert error(service, polling(begun)) == "authorization_pending"


def test_devices_that_ask_wrongly(service: Service) -> None:
    assert device(service, client_id="other").json()["error"] == "invalid_client"
    assert device(service, scope="openid").json()["error"] == "invalid_scope"
    made_up = {"device_code": "made-up"}
    assert error(service, polling(made_up)) == "expired_token"


def test_an_account_key_is_still_needed_for_its_own_grant(service: Service) -> None:
    for client_id in ("batchapps", service.account.client_id):
        form = {"grant_type": "client_credentials", "client_id": client_id, "scope": SCOPE}
        assert ask(service, form).status_code == 401
