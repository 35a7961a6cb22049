"""Every operation of the description with every bad token, and keys that were taken away."""

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from conformance import operations, resolve
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pictures import PNG
from support import RESOURCE, STAMP, Account, Api, Service, command

OPERATIONS = {one["operationId"]: (method, path, one) for path, method, one in operations()}


def hmac_signed(claims: dict[str, Any], secret: bytes) -> str:
    """A token by HS256 with any secret; PyJWT refuses to make one with a public key."""
    head = {"alg": "HS256", "typ": "JWT"}
    parts = [urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=") for one in (head, claims)]
    signature = hmac.digest(secret, b".".join(parts), "sha256")
    return b".".join([*parts, urlsafe_b64encode(signature).rstrip(b"=")]).decode()


class Bad:
    """Tokens that are good but for one thing. They are signed with the service's own key."""

    def __init__(self, service: Service, removed: str, renewed: str, user: str) -> None:
        pem = (service.directory / "issuer.key").read_bytes()
        key = serialization.load_pem_private_key(pem, None)
        assert isinstance(key, rsa.RSAPrivateKey)
        stranger = rsa.generate_private_key(65537, 2048)
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        good = service.token()
        kid = jwt.get_unverified_header(good)["kid"]
        claims = jwt.decode(good, options={"verify_signature": False})
        now = int(time.time())

        def signed(key: Any = key, without: str = "", **changes: Any) -> str:
            changed = {name: one for name, one in (claims | changes).items() if name != without}
            return jwt.encode(changed, key, "RS256", {"kid": kid})

        assert signed() == good
        self.headers: dict[str, str | None] = {
            "no token": None,
            "an empty one": "Bearer",
            "another scheme": f"Basic {good}",
            **{
                what: f"Bearer {token}"
                for what, token in {
                    "nonsense": "a.b.c",
                    "expired": signed(iat=now - 7200, nbf=now - 7200, exp=now - 3600),
                    "not yet good": signed(nbf=now + 3600),
                    "wrong audience": signed(aud="https://graph.example/"),
                    "wrong issuer": signed(iss="https://login.example/v2.0"),
                    "alg none": jwt.encode(claims, None, "none"),
                    "HS256 with the public key": hmac_signed(claims, public),
                    "another one's key": signed(stranger),
                    "an ID token": signed(without="jti"),
                    "of nobody": signed(sub="3f0f2d3c-0000-4000-8000-000000000000"),
                    "without the key's mark": signed(without="key"),
                    "of a removed account": removed,
                    "for a renewed key": renewed,
                    "of a removed account's user": user,
                }.items()
            },
        }


def user_token(service: Service, account: Account) -> str:
    """A token of a user of the account, made with the service's key as a sign-in makes it."""
    from batchapps_service._datadir import open_directory
    from batchapps_service._tokens import Issuer

    name = service.add_user(account).user
    directory = open_directory(service.directory)
    from sqlalchemy import select

    from batchapps_service._database import User

    with directory.database.read() as session:
        user = session.scalars(select(User).where(User.name == name)).one()
    directory.database.close()
    return str(
        Issuer(directory.issuer_key, directory.settings).issue(user.id, "batchapps")["access_token"]
    )


@pytest.fixture(scope="module")
def bad(service: Service) -> Bad:
    removed, renewed = service.add_account(), service.add_account()
    tokens = service.token(removed), service.token(renewed), user_token(service, removed)
    with service.anonymous() as client:
        for token in tokens:
            client.headers["Authorization"] = f"Bearer {token}"
            assert client.get("/api/jobs").status_code == 200
    assert command("accounts", "remove", service.directory, removed.client_id).returncode == 0
    assert command("accounts", "renew", service.directory, renewed.client_id).returncode == 0
    return Bad(service, *tokens)


@pytest.fixture(scope="module")
def calls(service: Service) -> dict[str, Callable[[httpx.Client], httpx.Response]]:
    """Every operation, called with the ids of things that the first account has."""
    api = service.api()
    file = api.put("of the first.png", PNG)
    pool = api.post("pools", {})["poolId"]
    begun = api.post("uploads", {"Name": "large", "Timestamp": STAMP, "Size": 5})["id"]
    job = api.submit("ImageResize", ["of the first.png"])
    assert api.finished(job)["status"] == "Complete"
    name = "of the first.png_thumbnail.png"
    ids = {"jobId": job, "taskId": "1", "poolId": pool, "fileId": file["id"]}
    ids |= {"uploadId": begun, "number": "0", "name": name}
    api.http.close()

    def call(
        method: str, path: str, operation: dict[str, Any]
    ) -> Callable[[httpx.Client], httpx.Response]:
        named = ids | ({"name": "of the first.png"} if path.startswith("/files") else {})
        media = resolve(operation.get("requestBody", {})).get("content", {})
        body = media.get("application/json", {}).get("example")
        if operation["operationId"] == "fetchJobOutputFiles":
            body = {"Names": [name]}
        query = {
            one["name"]: one["schema"].get("example") or one.get("example") or "1"
            for one in operation["parameters"]
            if one["in"] == "query" and one.get("required")
        }
        content = {"json": body} if body is not None else {"content": b"x" if media else None}
        return lambda client: client.request(
            method, f"/api{path.format(**named)}", params=query, **content
        )

    return {key: call(*value) for key, value in OPERATIONS.items()}


@pytest.fixture(scope="module")
def anybody(service: Service) -> Iterator[httpx.Client]:
    with service.anonymous() as client:
        yield client


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_operation_takes_a_bad_token(
    anybody: httpx.Client, bad: Bad, calls: dict[str, Any], name: str
) -> None:
    for what, header in bad.headers.items():
        anybody.headers = httpx.Headers({} if header is None else {"Authorization": header})
        reply = calls[name](anybody)
        assert reply.status_code == 401, what
        assert "authorization_uri" in reply.headers["www-authenticate"]


@pytest.mark.parametrize("name", [one for one, (_, path, _) in OPERATIONS.items() if "Id}" in path])
def test_another_accounts_token_finds_nothing(
    common: Api, calls: dict[str, Any], name: str
) -> None:
    assert calls[name](common.http).status_code == 404


def test_the_calls_find_it_with_the_right_token(service: Service, calls: dict[str, Any]) -> None:
    """Or else the tests above would prove nothing."""
    order = {method: number for number, method in enumerate(("get", "head", "put", "post"))}
    with service.api().http as client:
        for name in sorted(OPERATIONS, key=lambda one: order.get(OPERATIONS[one][0], 9)):
            assert calls[name](client).status_code not in (401, 404), name


# -- keys -----------------------------------------------------------------------------------------


def ask(service: Service, client_id: str, key: str) -> httpx.Response:
    form = {"grant_type": "client_credentials", "scope": f"{RESOURCE}/.default"}
    with service.anonymous() as client:
        return client.post(
            f"/{service.account.tenant}/oauth2/v2.0/token",
            data=form | {"client_id": client_id, "client_secret": key},
        )


def test_a_renewed_key_replaces_the_old_one_at_once(service: Service) -> None:
    account = service.add_account()
    api = service.api(account)
    file = api.put("kept.txt", b"kept")
    done = command("accounts", "renew", service.directory, account.client_id, "--json")
    renewed = Account(**json.loads(done.stdout))
    assert (renewed.client_id, renewed.endpoint) == (account.client_id, account.endpoint)
    refused = api.http.get("/api/jobs")
    assert refused.status_code == 401
    assert ask(service, account.client_id, account.key).status_code == 401
    again = service.api(renewed)
    assert again.get("files")["files"][0]["id"] == file["id"]


def test_a_removed_account_is_closed_at_once(service: Service) -> None:
    account = service.add_account()
    person = service.add_user(account)
    api = service.api(account)
    assert account.client_id in command("accounts", "list", service.directory).stdout
    done = command("accounts", "remove", service.directory, account.client_id)
    assert done.stdout == f"Removed account '{account.client_id}'.\n"
    assert api.http.get("/api/jobs").status_code == 401
    for key in (account.key, "", hashlib.sha256(b"").hexdigest()):
        assert ask(service, account.client_id, key).status_code == 401
    assert account.client_id not in command("accounts", "list", service.directory).stdout
    assert person.user not in command("users", "list", service.directory).stdout
    for verb in ("remove", "renew"):
        again = command("accounts", verb, service.directory, account.client_id)
        assert again.returncode == 1
        assert "There is no account" in again.stderr
    user = ("users", "add", service.directory, "late", "--account", account.client_id)
    assert command(*user).returncode == 1


def test_wrong_keys_have_to_wait(service: Service) -> None:
    account = service.add_account()
    for _ in range(9):
        assert ask(service, account.client_id, "wrong").status_code == 401
    assert ask(service, account.client_id, account.key).status_code == 200  # counts anew
    for _ in range(10):
        assert ask(service, account.client_id, "wrong").status_code == 401
    for key in ("wrong", account.key):
        late = ask(service, account.client_id, key)
        assert late.status_code == 429
        assert 290 < int(late.headers["retry-after"]) <= 300
        assert late.json()["error"] == "temporarily_unavailable"
    assert ask(service, service.account.client_id, service.account.key).status_code == 200


def test_no_file_holds_a_key(service: Service) -> None:
    account = service.add_account()
    service.token(account)
    for path in Path(service.directory).rglob("*"):
        if path.is_file():
            assert account.key.encode() not in path.read_bytes(), path
