"""Logging in, tokens and their renewal, certificates, and who gets the token."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
from standin import FakeService, Reply

from batchapps import (
    AuthenticationException,
    AuthenticationRefusedException,
    AzureOAuth,
    Configuration,
    ConnectionFailedException,
    Credentials,
    InvalidConfigException,
    JobManager,
    ServerErrorException,
    SessionExpiredException,
    UnverifiedConnectionWarning,
    credentials,
)
from batchapps._auth import find_authority, read_account
from batchapps._http import RetryingClient, tls_context

NO_JOBS = Reply(body={"jobs": []})


def authorizations(service: FakeService) -> list[str | None]:
    return [call.headers.get("authorization") for call in service.made("GET jobs")]


@pytest.mark.parametrize(
    "account",
    [
        "ClientID=artist;TenantID=studio",
        "tenantID=studio;ClientId=artist",
        " clientid = artist ; TENANTID = studio ",
        "Account Id = ClientId=artist;TenantId=studio",
    ],
)
def test_account_in_any_spelling_and_order(account: str) -> None:
    assert read_account(account) == ("artist", "studio")


def test_account_that_is_none_is_refused_without_showing_it() -> None:
    with pytest.raises(InvalidConfigException, match="ClientID=") as caught:
        read_account("perhaps-the-key")
    assert "perhaps" not in str(caught.value)


def test_unattended_session_with_what_is_on_disk(cfg: Configuration, service: FakeService) -> None:
    service.on("GET jobs", NO_JOBS)
    service.on("GET jobs", Reply(401, {}, {"WWW-Authenticate": challenge(service)}), NO_JOBS)
    creds = AzureOAuth.get_unattended_session()
    assert JobManager(creds).get_jobs() == []
    assert authorizations(service) == [None, "Bearer token-1"]
    form = next(call for call in service.calls if call.path == "/studio/oauth2/v2.0/token").body
    assert b"scope=https%3A%2F%2Fbatchapps.core.windows.net%2F%2F.default" in form
    assert b"client_id=artist" in form
    assert creds.token["access_token"] == "token-1"
    assert abs(creds.token["expires_at"] - time.time() - 3600) < 60
    assert "token-1" not in repr(creds) + repr(creds.token) + repr(vars(creds))


def challenge(service: FakeService, tenant: str = "/studio") -> str:
    return f'Bearer authorization_uri="https://{service.endpoint}{tenant}", error="invalid_token"'


def authority(root: str, reply: httpx.Response, tenant: str = "T") -> tuple[str, int]:
    """The authority that is found, and how often the endpoint was asked."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return reply

    context = tls_context(None, ca_source="", verify=True)
    with RetryingClient(verify=context, transport=httpx.MockTransport(answer)) as http:
        found = find_authority(http, "host.example:8443", root, tenant)
    assert all("authorization" not in request.headers for request in asked)
    return found.address, len(asked)


def unauthorized(header: str) -> httpx.Response:
    return httpx.Response(401, headers={"WWW-Authenticate": header})


MICROSOFT = "https://login.microsoftonline.com/T"


def test_a_root_of_ones_own_wins_unasked() -> None:
    there = unauthorized('Bearer authorization_uri="https://host.example:8443/X"')
    assert authority("https://login.example:99/", there) == ("https://login.example:99/T", 0)
    assert authority("login.chinacloudapi.cn", there) == ("https://login.chinacloudapi.cn/T", 0)


@pytest.mark.parametrize("root", ["login.windows.net/", "https://login.microsoftonline.com", ""])
@pytest.mark.parametrize(
    ("header", "found"),
    [
        ('Bearer authorization_uri="https://host.example:8443/X"', "https://host.example:8443/X"),
        ('Bearer realm="a", authorization_uri=https://HOST.example:8443/X/', None),
        ('Bearer authorization_uri="https://host.example:8443/X/oauth2/authorize"', None),
        ('Bearer authorization_uri="https://host.example:8443"', "https://host.example:8443/T"),
        ('Bearer authorization_uri="https://host.example/X"', MICROSOFT),
        ('Bearer authorization_uri="http://host.example:8443/X"', MICROSOFT),
        ('Bearer authorization_uri="https://host.example:8443@evil.example/X"', MICROSOFT),
        ('Bearer authorization_uri="https://evil.example:8443/X"', MICROSOFT),
        ('Bearer authorization_uri="::"', MICROSOFT),
        ("Basic", MICROSOFT),
    ],
)
def test_authority_of_the_endpoint_counts_if_it_is_at_the_endpoint(
    root: str, header: str, found: str | None
) -> None:
    expected = found or "https://host.example:8443/X"
    assert authority(root, unauthorized(header)) == (expected, 1)


def test_a_login_service_elsewhere_is_named_and_not_used(
    cfg: Configuration, service: FakeService, other: FakeService, caplog: pytest.LogCaptureFixture
) -> None:
    uri = f'Bearer authorization_uri="https://{other.endpoint}/studio"'
    service.on("GET jobs", Reply(401, {}, {"WWW-Authenticate": uri}))
    # Stands for Microsoft's, which nobody should ask here.
    real = httpx.Client.send

    def send(self: httpx.Client, request: httpx.Request, **options: object) -> httpx.Response:
        if request.url.host == "login.microsoftonline.com":
            return httpx.Response(400, json={"error": "invalid_tenant"}, request=request)
        return real(self, request, **options)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx.Client, "send", send)
        with pytest.raises(AuthenticationException) as caught:
            AzureOAuth.get_unattended_session(cfg)
    for words in (
        f"The endpoint {service.endpoint} named https://{other.endpoint} as its login service",
        "not its own address, so login.microsoftonline.com was used",
        f"use {other.endpoint} as endpoint, or set root",
    ):
        assert words in str(caught.value)
        assert words in caplog.text
    assert other.calls == []


def test_wrong_key(cfg: Configuration) -> None:
    cfg.aad_config(key="wr0ng", unattended=True)
    with pytest.raises(
        AuthenticationException, match=r"That key is wrong.*unattended_key"
    ) as caught:
        AzureOAuth.get_unattended_session(cfg)
    assert "wr0ng" not in str(caught.value)


def test_something_that_is_no_login_service(cfg: Configuration, service: FakeService) -> None:
    service.on("GET /studio/.*", Reply(200, b"<html>hello"))
    with pytest.raises(AuthenticationException, match="not answer as a login service"):
        AzureOAuth.get_unattended_session(cfg)


def test_endpoint_that_is_down(
    cfg: Configuration, service: FakeService, pauses: list[float]
) -> None:
    service.close()
    with pytest.raises(AuthenticationException, match=r"could not be reached.*is running"):
        AzureOAuth.get_unattended_session(cfg)
    assert len(pauses) == 3
    with pytest.raises(ConnectionFailedException, match="could not be reached") as caught:
        JobManager(Credentials(cfg, "artist", "t")).get_jobs()
    assert caught.value.type is ConnectionError
    assert caught.value.status is None


def test_login_service_out_of_order(
    cfg: Configuration, service: FakeService, pauses: list[float]
) -> None:
    service.on("POST /studio/.*token", Reply(500, {"Message": "Broken."}), Reply(503))
    with pytest.raises(AuthenticationException, match=r"Could not log in.*Broken"):
        AzureOAuth.get_unattended_session(cfg)
    # Its key must not go to another login service because the endpoint does not name its own.
    service.on("GET jobs", Reply(503, {"Message": "Starting."}))
    with pytest.raises(AuthenticationException, match="Starting"):
        AzureOAuth.get_unattended_session(cfg)


def test_deprecated_way_to_log_in(cfg: Configuration) -> None:
    with pytest.warns(DeprecationWarning, match="get_unattended_session"):
        assert AzureOAuth.get_principal_token(cfg).token["access_token"] == "token-1"


# -- tokens got elsewhere --------------------------------------------------------------------


@pytest.mark.parametrize(
    "token",
    [
        "abc",
        "Bearer abc\n",
        {"access_token": "abc"},
        {"access_token": "abc", "token_type": "Bearer", "expires_at": time.time() + 3600},
        {"access_token": "abc", "expires_on": str(int(time.time()) + 3600)},
        {"access_token": "abc", "expires_in": "3600"},
    ],
)
def test_token_got_elsewhere(cfg: Configuration, service: FakeService, token: str) -> None:
    service.on("GET jobs", NO_JOBS)
    JobManager(Credentials(cfg, "artist", token=token)).get_jobs()
    assert authorizations(service) == ["Bearer abc"]


@pytest.mark.parametrize("token", ["", "two words", "schlüssel", {}, {"access_token": ""}])
def test_what_is_no_token_is_refused(cfg: Configuration, token: object) -> None:
    with pytest.raises(AuthenticationException, match="not an access token"):
        Credentials(cfg, "artist", token)  # type: ignore[arg-type]


def test_expired_token_says_so_before_it_is_sent(cfg: Configuration, service: FakeService) -> None:
    creds = Credentials(cfg, "artist", {"access_token": "abc", "expires_at": time.time() - 1})
    with pytest.raises(SessionExpiredException, match="Get a new one"):
        JobManager(creds).get_jobs()
    assert service.made() == []


def test_refused_token(cfg: Configuration, creds: Credentials, service: FakeService) -> None:
    service.on("GET jobs", Reply(401, {"Message": "The token is not ours."}))
    with pytest.raises(AuthenticationRefusedException, match=r"The token is not ours.*Log in"):
        JobManager(creds).get_jobs()
    assert len(service.made()) == 1
    assert creds.refresh_session() is None


def test_stored_token_can_be_replaced_and_forgotten(
    creds: Credentials, service: FakeService
) -> None:
    service.on("GET jobs", NO_JOBS)
    mgr = JobManager(creds)
    creds.store_auth({"access_token": "second"})
    mgr.get_jobs()
    assert authorizations(service) == ["Bearer second"]
    creds.clear_auth()
    with pytest.raises(AuthenticationException, match="Log in again"):
        mgr.get_jobs()


# -- renewal ---------------------------------------------------------------------------------


class Clock:
    """The time, which a test can put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self._true = time.time

    def __call__(self) -> float:
        return self._true() + self.ahead


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("time.time", made)
    return made


@pytest.mark.parametrize(("life", "good", "due"), [(3600, 3200, 3400), (50, 30, 45)])
def test_token_is_renewed_before_it_expires(
    cfg: Configuration, service: FakeService, clock: Clock, life: int, good: int, due: int
) -> None:
    service.expires_in = life
    creds = AzureOAuth.get_unattended_session(cfg)
    service.on("GET jobs", NO_JOBS)
    for seconds in (0, good, due):
        clock.ahead = seconds
        JobManager(creds).get_jobs()
    assert authorizations(service)[1:] == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]


def test_refused_token_is_renewed_once(cfg: Configuration, service: FakeService) -> None:
    refused = Reply(401, {"Message": "Revoked."})
    service.on("GET jobs", refused, refused, NO_JOBS)
    service.on(
        "GET jobs", Reply(401, {}, {"WWW-Authenticate": challenge(service)}), refused, NO_JOBS
    )
    creds = AzureOAuth.get_unattended_session(cfg)
    assert JobManager(creds).get_jobs() == []
    assert authorizations(service)[1:] == ["Bearer token-1", "Bearer token-2"]
    service.on("GET jobs", refused)
    with pytest.raises(AuthenticationRefusedException, match="Revoked"):
        JobManager(creds).get_jobs()
    assert service.tokens() == 3


def test_body_is_sent_again_after_a_renewal(
    cfg: Configuration, service: FakeService, tmp_path: Path
) -> None:
    from batchapps import FileManager

    (tmp_path / "a.bin").write_bytes(b"x" * 600_000)
    files = FileManager(AzureOAuth.get_unattended_session(cfg))
    service.on("POST files/bulk", Reply(401, {}), Reply(body={}))
    result = files.file_from_path(tmp_path / "a.bin").upload(force=True)
    assert result is not None
    assert result.success
    first, second = (call.body for call in service.made("POST files/bulk"))
    assert first == second
    assert first.endswith(b"\n" + b"x" * 600_000)


def test_many_threads_renew_one_token_once(cfg: Configuration, service: FakeService) -> None:
    creds = AzureOAuth.get_unattended_session(cfg)

    def by_token(call: object) -> Reply:
        authorization = call.headers["authorization"]  # type: ignore[attr-defined]
        return Reply(401, {}) if authorization == "Bearer token-1" else NO_JOBS

    service.on("GET jobs", by_token)
    mgr = JobManager(creds)
    threads = [threading.Thread(target=mgr.get_jobs) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert service.tokens() == 2


def test_key_that_was_withdrawn_ends_the_session(cfg: Configuration, service: FakeService) -> None:
    creds = AzureOAuth.get_unattended_session(cfg)
    service.on("GET jobs", Reply(401, {}))
    service.on("POST /studio/.*token", Reply(401, {"error": "invalid_client"}))
    with pytest.raises(SessionExpiredException, match="invalid_client"):
        JobManager(creds).get_jobs()


def test_token_is_used_until_it_expires_when_it_cannot_be_renewed(
    cfg: Configuration, service: FakeService, pauses: list[float], clock: Clock
) -> None:
    creds = AzureOAuth.get_unattended_session(cfg)
    service.on("POST /studio/.*token", Reply(503))
    service.on("GET jobs", NO_JOBS)
    clock.ahead = 3500
    assert JobManager(creds).get_jobs() == []
    clock.ahead = 3700
    with pytest.raises(ServerErrorException):
        JobManager(creds).get_jobs()


# -- certificates ----------------------------------------------------------------------------


def test_unknown_ca_is_told_with_what_to_do(
    cfg: Configuration, service: FakeService, pauses: list[float]
) -> None:
    cfg.aad_config(ca_cert="", validate=False)
    with pytest.raises(AuthenticationException, match=r"not trusted.*BATCHAPPS_CA_CERT"):
        AzureOAuth.get_unattended_session(cfg)
    assert pauses == []  # trying again would not help


def test_places_of_the_ca_in_their_order(
    cfg: Configuration, service: FakeService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    service.on("GET jobs", NO_JOBS)
    cfg.aad_config(ca_cert=str(tmp_path / "ini.pem"), validate=False)

    def look() -> list[object]:
        return list(JobManager(Credentials(cfg, "artist", "t")).get_jobs())

    with pytest.raises(InvalidConfigException, match=r"ini\.pem does not exist; see ca_cert"):
        look()
    monkeypatch.setenv("BATCHAPPS_CA_CERT", str(tmp_path / "env.pem"))
    with pytest.raises(InvalidConfigException, match=r"env\.pem does not .* BATCHAPPS_CA_CERT"):
        look()
    monkeypatch.setattr(credentials, "CA_CERT", str(tmp_path / "switch.pem"))
    with pytest.raises(
        InvalidConfigException, match=r"switch\.pem does not .*credentials\.CA_CERT"
    ):
        look()
    (tmp_path / "switch.pem").write_text("not a certificate")
    with pytest.raises(InvalidConfigException, match="no readable CA certificate"):
        look()
    monkeypatch.setattr(credentials, "CA_CERT", str(service.ca_cert))
    assert look() == []


def test_other_ca_variables_do_not_matter(
    cfg: Configuration, service: FakeService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "wrong.pem").write_text("nothing")
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "wrong.pem"))
    service.on("GET jobs", Reply(401, {}, {"WWW-Authenticate": challenge(service)}), NO_JOBS)
    assert JobManager(AzureOAuth.get_unattended_session(cfg)).get_jobs() == []


def test_verification_is_off_only_for_false_and_warns_each_time(
    cfg: Configuration,
    service: FakeService,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    service.on("GET jobs", NO_JOBS)
    cfg.aad_config(ca_cert="", validate=False)
    monkeypatch.setattr(credentials, "VERIFY", None)
    with pytest.raises(ConnectionFailedException):
        JobManager(Credentials(cfg, "artist", "t")).get_jobs()
    monkeypatch.setattr(credentials, "VERIFY", False)
    for _ in range(2):
        with pytest.warns(UnverifiedConnectionWarning, match="VERIFY is False"):
            JobManager(Credentials(cfg, "artist", "t")).get_jobs()
    assert caplog.text.count("TLS verification is off") == 2


def test_that_verification_is_off_is_seen_whatever_is_logged(service: FakeService) -> None:
    service.on("GET jobs", NO_JOBS)
    program = f"""
import logging
from batchapps import Configuration, Credentials, JobManager, config, credentials
config.STREAM_LOG = config.FILE_LOG = False
credentials.VERIFY = False
logging.disable()
cfg = Configuration(log_level="critical", default=True)
cfg.aad_config(endpoint={service.endpoint!r}, validate=False)
for _ in range(3):
    assert JobManager(Credentials(cfg, "artist", "t")).get_jobs() == []
"""
    # The second asks for no warnings at all.
    for options, count in ([], 3), (["-W", "ignore"], 0):
        done = subprocess.run(
            [sys.executable, *options, "-c", program],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr.count("UnverifiedConnectionWarning: TLS") == count


# -- who gets the token ----------------------------------------------------------------------


def test_token_goes_to_the_endpoint_only(
    jobs: JobManager, service: FakeService, other: FakeService, tmp_path: Path
) -> None:
    job = {"id": "1", "name": "n", "type": "t", "outputFileName": "out.txt"}
    job["outputLink"] = {"href": f"https://{other.endpoint}/api/elsewhere"}  # type: ignore[assignment]
    service.on("GET jobs/1", Reply(body=job))
    other.on("GET elsewhere", Reply(200, b"data"))
    other.on("GET jobs/1", Reply(body=job))
    found = jobs.get_job(jobid="1")
    found.get_output(tmp_path)
    jobs.get_job(url=f"https://{other.endpoint}/api/jobs/1")
    jobs.get_job(url=f"https://{service.endpoint}/api/jobs/1")
    assert [c.headers.get("authorization") for c in other.calls] == [None, None]
    assert [c.headers.get("authorization") for c in service.calls] == ["Bearer given-token"] * 2


def test_a_withheld_token_is_said(
    jobs: JobManager, service: FakeService, other: FakeService
) -> None:
    with pytest.raises(AuthenticationRefusedException) as caught:
        jobs.get_job(url=f"https://{other.endpoint}/api/jobs/1")
    words = f"the link's host {other.endpoint} is not the endpoint's host {service.endpoint}"
    assert f"The token was withheld because {words}" in str(caught.value)
    service.on("GET jobs/1", Reply(401, {}))
    with pytest.raises(AuthenticationRefusedException) as caught:
        jobs.get_job(url=f"https://{service.endpoint}/api/jobs/1")
    assert "withheld" not in str(caught.value)


def test_redirects_are_not_followed(
    jobs: JobManager, service: FakeService, other: FakeService
) -> None:
    service.on("GET jobs", Reply(307, None, {"Location": f"https://{other.endpoint}/api/jobs"}))
    with pytest.raises(Exception, match="307"):
        jobs.get_jobs()
    assert other.calls == []


def test_one_connection_serves_all_managers(creds: Credentials, service: FakeService) -> None:
    from batchapps import PoolManager

    service.on("GET jobs", NO_JOBS)
    service.on("GET pools", Reply(body={"pools": []}))
    JobManager(creds).get_jobs()
    PoolManager(creds).get_pools()
    assert creds.get_session() is creds.get_session()
    assert isinstance(creds.get_session(), httpx.Client)
    timeout = creds.get_session().timeout
    assert (timeout.connect, timeout.read, timeout.write) == (10.0, 60.0, 60.0)
