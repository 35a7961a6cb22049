"""People signing in through the client at the real service, by msal and the real pages."""

import logging
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import keyring
import keyring.backends.fail
import pytest
from browser import Browser, Page
from support import ROOT, Person, Service, running, until

from batchapps import (
    AuthenticationException,
    AzureOAuth,
    Configuration,
    Credentials,
    InvalidConfigException,
    JobManager,
    SessionExpiredException,
)

KEYRINGS = ROOT / "tests" / "keyrings"


@pytest.fixture(scope="module")
def person(service: Service) -> Person:
    return service.add_user()


@pytest.fixture
def browser(service: Service) -> Iterator[Browser]:
    made = Browser(service)
    yield made
    made.close()


@pytest.fixture
def cfg(person: Person) -> Configuration:
    return configuration(person)


def configuration(person: Person) -> Configuration:
    made = Configuration(log_level="debug", default=True)
    made.aad_config(
        client_id=person.client_id,
        tenant=person.tenant,
        redirect="localhost:54321/back",
        endpoint=person.endpoint,
        ca_cert=person.ca_cert,
    )
    return made


@pytest.fixture(autouse=True)
def no_keyring(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without a keyring, on which nobody has signed in yet."""
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    monkeypatch.setattr("batchapps._signin._memory", {})
    yield
    keyring.set_keyring(before)


@pytest.fixture
def shared(no_keyring: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with a keyring, which is the folder's."""
    path = tmp_path / "keyring.json"
    monkeypatch.setenv("FOLDER_KEYRING", str(path))
    monkeypatch.syspath_prepend(str(KEYRINGS))
    keyring.set_keyring(keyring.core.load_keyring("file_keyring.FolderKeyring"))
    return path


def by_page(browser: Browser, person: Person, cfg: Configuration, **options: Any) -> Credentials:
    url, state = AzureOAuth.get_authorization_url(cfg, **options)
    back = browser.sign_in(url, person).reply.headers["location"]
    return AzureOAuth.get_authorization_token(back, config=cfg, state=state)


def test_sign_in_by_page(browser: Browser, person: Person, cfg: Configuration) -> None:
    url, state = AzureOAuth.get_authorization_url(
        cfg, prompt=True, state="mine", login_hint="me@studio.example"
    )
    assert state == "mine"
    assert "login_hint=me%40studio.example" in url
    assert "prompt=login" in url
    assert "code_challenge_method=S256" in url
    back = browser.sign_in(url, person).reply.headers["location"]
    assert back.startswith("http://localhost:54321/back?code=")
    creds = AzureOAuth.get_authorization_token(back)
    assert JobManager(creds).get_jobs() is not None
    with pytest.raises(AuthenticationException, match="state in the address"):
        AzureOAuth.get_authorization_token(back)


def test_two_sign_ins_at_once_do_not_disturb_each_other(
    service: Service, browser: Browser, person: Person, cfg: Configuration
) -> None:
    other = service.add_user(service.add_account())  # which has no jobs
    begun = [AzureOAuth.get_authorization_url(each) for each in (cfg, configuration(other))]
    backs = [
        browser.sign_in(url, one).reply.headers["location"]
        for (url, _), one in zip(begun, (person, other), strict=True)
    ]
    first, second = [
        JobManager(AzureOAuth.get_authorization_token(back, state=state))
        for (_, state), back in zip(begun, backs, strict=True)
    ]
    first.get_jobs()
    assert second.get_jobs() == []


def test_an_address_to_come_back_to_stays_as_it_is(cfg: Configuration) -> None:
    for given, used in (("https://localhost/back", ""), ("localhost/back", "http://")):
        cfg.aad_config(redirect=given, validate=False)
        url, _ = AzureOAuth.get_authorization_url(cfg)
        assert httpx.URL(url).params["redirect_uri"] == used + given


def test_what_comes_back_must_belong_to_the_sign_in(
    browser: Browser, person: Person, cfg: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, state = AzureOAuth.get_authorization_url(cfg)
    back = browser.sign_in(url, person).reply.headers["location"]
    for wrong in (back.replace(state, "other"), back.partition("&state")[0]):
        with pytest.raises(AuthenticationException, match="state in the address"):
            AzureOAuth.get_authorization_token(wrong, state=state)
    with pytest.raises(AuthenticationException, match="state in the address"):
        AzureOAuth.get_authorization_token(back, state="other")
    code = back.partition("code=")[2].partition("&")[0]
    with pytest.raises(AuthenticationException, match=r"unknown, expired, used or revoked"):
        AzureOAuth.get_authorization_token(back.replace(code, "made-up"), state=state)


def test_a_token_for_another_nonce_is_refused(
    browser: Browser, person: Person, cfg: Configuration
) -> None:
    import httpx

    url, state = AzureOAuth.get_authorization_url(cfg)
    other = str(httpx.URL(url).copy_set_param("nonce", "other"))
    back = browser.sign_in(other, person).reply.headers["location"]
    with pytest.raises(AuthenticationException, match=r"not its own .*nonce"):
        AzureOAuth.get_authorization_token(back, state=state)
    with pytest.raises(AuthenticationException, match="no stored sign-in"):
        AzureOAuth.get_session(cfg)


def test_what_the_page_refuses_is_said(browser: Browser, cfg: Configuration) -> None:
    cfg.aad_config(redirect="https://evil.example/")
    url, state = AzureOAuth.get_authorization_url(cfg)
    assert browser.open(url).reply.status_code == 400
    denied = f"http://localhost:54321/back?error=access_denied&state={state}"
    with pytest.raises(AuthenticationException, match="refused the sign-in: access_denied"):
        AzureOAuth.get_authorization_token(denied, state=state)


def login(
    cfg: Configuration, act: Callable[[str, str], Page]
) -> tuple[Credentials | None, Exception | None]:
    """What comes of `login()` when a person acts on the sentence that is shown."""
    shown: list[str] = []
    outcome: list[Any] = [None, None]

    def program() -> None:
        try:
            outcome[0] = AzureOAuth.login(cfg, shown.append)
        except Exception as error:
            outcome[1] = error

    thread = threading.Thread(target=program)
    thread.start()
    try:
        (sentence,) = until(lambda: shown)
        words = sentence.split()
        page = next(word for word in words if word.startswith("https://"))
        act(page, words[-1].rstrip("."))
    finally:
        thread.join(60)
    return outcome[0], outcome[1]


def test_sign_in_at_a_terminal(browser: Browser, person: Person, cfg: Configuration) -> None:
    creds, error = login(cfg, lambda page, code: browser.sign_in(page, person, code=code))
    assert error is None
    assert creds is not None
    assert JobManager(creds).get_jobs() is not None


def test_a_denied_sign_in_at_a_terminal(
    browser: Browser, person: Person, cfg: Configuration
) -> None:
    _, error = login(cfg, lambda page, code: browser.sign_in(page, person, code=code, answer="no"))
    assert isinstance(error, AuthenticationException)
    assert "The user denied it" in str(error)


def test_a_sign_in_at_a_terminal_that_takes_too_long(
    service: Service, browser: Browser, cfg: Configuration
) -> None:
    def wait(page: str, code: str) -> Page:
        with sqlite3.connect(service.directory / "service.db", timeout=30) as database:
            database.execute(
                'update "grant" set expires = 1 where user_code = ?', (code.replace("-", ""),)
            )
        database.close()
        return browser.open(page)

    _, error = login(cfg, wait)
    assert isinstance(error, AuthenticationException)
    assert "expired" in str(error)


def test_sign_in_with_the_browser_of_this_machine(
    browser: Browser, person: Person, cfg: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(url: str, *_: object, **__: object) -> bool:
        def use() -> None:
            page = browser.sign_in(url, person)
            browser.http.post(page.action, data=page.fields)

        threading.Thread(target=use).start()
        return True

    monkeypatch.setattr("msal.oauth2cli.authcode._browse", opened)
    creds = AzureOAuth.login(cfg, browser=True)
    assert JobManager(creds).get_jobs() is not None


# -- where it is kept ------------------------------------------------------------------------


def test_without_a_keyring_it_is_kept_in_memory_with_a_word(
    browser: Browser, person: Person, cfg: Configuration, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(AuthenticationException, match=r"no stored sign-in.*AzureOAuth.login"):
        AzureOAuth.get_session(cfg)
    with caplog.at_level(logging.WARNING, "batch_apps"):
        by_page(browser, person, cfg)
        first = AzureOAuth.get_session(cfg)
        by_page(browser, person, cfg)
    assert caplog.text.count("in memory only") == 1
    assert JobManager(first).get_jobs() is not None
    assert first.token["access_token"] not in caplog.text
    first.clear_auth()
    with pytest.raises(AuthenticationException, match="no stored sign-in"):
        Credentials(cfg, person.client_id)


def program(cfg: Configuration, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Another process that takes the sign-in from the keyring."""
    auth = {name: cfg.aad_config(validate=False)[name] for name in ("endpoint", "ca_cert")}
    code = (
        "from batchapps import *\n"
        "cfg = Configuration(default=True)\n"
        f"cfg.aad_config(client_id='batchapps', validate=False, **{auth!r})\n"
        "jobs = JobManager(AzureOAuth.get_session(cfg)).get_jobs()\n"
        "print('listed', type(jobs).__name__)\n"
    )
    backend = {
        "PYTHON_KEYRING_BACKEND": "file_keyring.FolderKeyring",
        "PYTHONPATH": str(KEYRINGS),
    }
    return subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | backend | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_another_process_goes_on_with_what_is_in_the_keyring(
    browser: Browser, person: Person, cfg: Configuration, shared: Path, tmp_path: Path
) -> None:
    creds = by_page(browser, person, cfg)
    assert creds.token["access_token"] in shared.read_text()
    done = program(cfg)
    assert done.stdout == "listed list\n", done.stderr
    locked = program(cfg, LOCKED="1")
    assert "no stored sign-in" in locked.stderr
    creds.clear_auth()
    assert "no stored sign-in" in program(cfg).stderr


def test_what_else_is_in_the_keyring_does_no_harm(
    browser: Browser, person: Person, cfg: Configuration, shared: Path
) -> None:
    keyring.set_password("AzureBatchApps", person.client_id, "{'token_type': 'Bearer'}")
    with pytest.raises(AuthenticationException, match="no stored sign-in"):
        AzureOAuth.get_session(cfg)
    by_page(browser, person, cfg)
    assert JobManager(AzureOAuth.get_session(cfg)).get_jobs() is not None


def test_a_keyring_that_is_a_plain_file_is_not_used(
    browser: Browser,
    person: Person,
    cfg: Configuration,
    shared: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    type(keyring.get_keyring()).__name__ = "PlaintextKeyring"
    try:
        by_page(browser, person, cfg)
    finally:
        type(keyring.get_keyring()).__name__ = "FolderKeyring"
    assert not shared.exists()
    assert "in memory only" in caplog.text


# -- renewal ---------------------------------------------------------------------------------


def test_tokens_are_renewed_until_the_sign_in_is_over(
    tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Service.make(tmp_path / "data", token_lifetime=2)
    with running(made):
        person, browser = made.add_user(), Browser(made)
        cfg = configuration(person)
        creds = by_page(browser, person, cfg)
        other = AzureOAuth.get_session(cfg)  # as another process would
        first = creds.token["access_token"]
        until(lambda: creds.token["access_token"] != first)
        until(lambda: other.token["access_token"] not in (first, creds.token["access_token"]))
        assert len(JobManager(creds).get_jobs()) == len(JobManager(other).get_jobs())
        with sqlite3.connect(made.directory / "service.db", timeout=30) as database:
            database.execute('delete from "grant"')
        database.close()
        with pytest.raises(SessionExpiredException, match=r"Sign in with AzureOAuth\.login"):
            until(lambda: JobManager(creds).get_jobs())
        browser.close()


def test_the_configuration_must_name_the_client(cfg: Configuration) -> None:
    cfg.aad_config(client_id="", validate=False)
    for call in (AzureOAuth.login, AzureOAuth.get_session):
        with pytest.raises(InvalidConfigException, match="client_id"):
            call(cfg)
    with pytest.raises(InvalidConfigException, match="client_id"):
        AzureOAuth.get_authorization_url(cfg)
