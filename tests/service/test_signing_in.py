"""The service as its own token issuer."""

import base64
import json
import time
from pathlib import Path

import httpx
import jwt
import msal
import pytest
from support import RESOURCE, Service, running


def ask(service: Service, path: str, **form: str) -> httpx.Response:
    with service.anonymous() as client:
        return client.post(f"/{service.account.tenant}/{path}", data=form)


def credentials(service: Service) -> dict[str, str]:
    return {"client_id": service.account.client_id, "client_secret": service.account.key}


def test_msal_gets_a_token_with_nothing_patched(service: Service) -> None:
    import requests

    session = requests.Session()
    session.verify = service.account.ca_cert
    app = msal.ConfidentialClientApplication(
        service.account.client_id,
        client_credential=service.account.key,
        authority=f"{service.account.endpoint}/{service.account.tenant}",
        instance_discovery=False,
        http_client=session,
    )
    reply = app.acquire_token_for_client([RESOURCE + "/.default"])
    assert reply["token_type"] == "Bearer", reply
    with service.anonymous() as client:
        client.headers["Authorization"] = "Bearer " + reply["access_token"]
        assert client.get("/api/jobs").status_code == 200


def test_the_v1_path_takes_form_fields_and_basic(service: Service) -> None:
    form = {"grant_type": "client_credentials", "resource": RESOURCE}
    reply = ask(service, "oauth2/token", **form, **credentials(service))
    assert reply.status_code == 200, reply.text
    assert {"access_token", "token_type", "expires_in"} <= reply.json().keys()
    assert reply.headers["cache-control"] == "no-store"
    with service.anonymous() as client:
        basic = httpx.BasicAuth(service.account.client_id, service.account.key)
        path = f"/{service.account.tenant}/oauth2/token"
        reply = client.post(path, data=form, auth=basic)
    assert reply.status_code == 200, reply.text


def test_tokens_are_signed_with_the_published_key(service: Service) -> None:
    with service.anonymous() as client:
        tenant = service.account.tenant
        found = client.get(f"/{tenant}/v2.0/.well-known/openid-configuration").json()
        keys = jwt.PyJWKSet.from_dict(client.get(found["jwks_uri"]).json())
    token = service.token()
    key = next(one for one in keys.keys if one.key_id == jwt.get_unverified_header(token)["kid"])
    claims = jwt.decode(token, key.key, ["RS256"], audience=RESOURCE, issuer=found["issuer"])
    assert claims["sub"] == service.account.client_id


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"client_id": ""}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"scope": "https://graph.example/.default"}, 400, "invalid_scope"),
    ],
)
def test_what_is_wrong_is_said(
    service: Service, changes: dict[str, str], status: int, error: str
) -> None:
    form = {"grant_type": "client_credentials", "scope": RESOURCE + "/.default"}
    reply = ask(service, "oauth2/v2.0/token", **(form | credentials(service) | changes))
    assert reply.status_code == status
    assert reply.json()["error"] == error
    assert service.account.key not in reply.text


def test_without_a_token_the_reply_names_the_authority(service: Service) -> None:
    with service.anonymous() as client:
        reply = client.get("/api/jobs", headers={"Host": "evil.example"})
    assert reply.status_code == 401
    expected = f"{service.account.endpoint}/{service.account.tenant}"
    assert reply.headers["www-authenticate"] == f'Bearer authorization_uri="{expected}"'


def altered(token: str, **claims: object) -> str:
    """The token with other claims under the old signature."""
    head, body, signature = token.split(".")
    old = json.loads(base64.urlsafe_b64decode(body + "=="))
    new = base64.urlsafe_b64encode(json.dumps(old | claims).encode()).decode().rstrip("=")
    return f"{head}.{new}.{signature}"


def test_tokens_that_are_not_ours_are_refused(service: Service) -> None:
    token = service.token()
    claims = jwt.decode(token, options={"verify_signature": False})
    bad = {
        "nonsense": "x",
        "altered": altered(token, sub="someone"),
        "unsigned": jwt.encode(claims, None, algorithm="none"),
        "symmetric": jwt.encode(claims, "k" * 32, algorithm="HS256"),
    }
    with service.anonymous() as client:
        for what, value in bad.items():
            reply = client.get("/api/jobs", headers={"Authorization": f"Bearer {value}"})
            assert reply.status_code == 401, what
            assert len(value) == 1 or value not in reply.text
    log = service.log.read_text()
    assert token not in log
    assert service.account.key not in log


def test_an_expired_token_is_refused_with_words(tmp_path: Path) -> None:
    made = Service.make(tmp_path / "data", token_lifetime=1)
    with running(made):
        token = made.token()
        with made.anonymous() as client:
            client.headers["Authorization"] = f"Bearer {token}"
            assert client.get("/api/jobs").status_code == 200
            time.sleep(2.1)
            reply = client.get("/api/jobs")
        assert reply.status_code == 401
        assert "expired" in reply.json()["Message"]
