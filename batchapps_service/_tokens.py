"""Access tokens: RS256-signed JWTs for this service alone."""

import time
import uuid
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from batchapps_service._certificates import write_private
from batchapps_service._database import User
from batchapps_service._settings import Settings

LEEWAY = 30
"""Seconds by which another machine's clock may differ."""

MOST_KNOWN = 1000
"""Tokens that are kept, as to verify one takes longer than many a call."""

Verified = tuple[str, str | None]
"""The account or user that a token was issued to, and the mark of the account's key."""


def make_key(path: Path) -> None:
    """Write a new signing key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    write_private(path, pem)


class TokenRefused(Exception):
    """The token is not one this service accepts; the text says why, without the token."""


class Issuer:
    """Issues and verifies the tokens of one service."""

    def __init__(self, key_path: Path, settings: Settings) -> None:
        key = serialization.load_pem_private_key(key_path.read_bytes(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        self._key = key
        self._public = key.public_key()
        self._settings = settings
        self.authority = f"{settings.base_url}/{settings.tenant}"
        self.name = f"{self.authority}/v2.0"
        jwk: dict[str, Any] = RSAAlgorithm.to_jwk(self._public, as_dict=True)
        self._key_id = uuid.uuid5(uuid.NAMESPACE_OID, jwk["n"]).hex
        self.keys = {
            "keys": [
                {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self._key_id}
                | {"n": jwk["n"], "e": jwk["e"]}
            ]
        }
        """The public keys, as a JWK set (RFC 7517)."""
        self._known: dict[str, tuple[float, float, Verified]] = {}
        """From when until when a verified token is good without another look."""

    def issue(self, subject: str, client_id: str, mark: str | None = None) -> dict[str, Any]:
        """A token response (RFC 6749, 5.1) with a fresh token for an account, or for a user.

        ``mark`` is that of the account's key.
        """
        claims = {
            "aud": self._settings.resource,
            "sub": subject,
            "oid": subject,
            "appid": client_id,
            "key": mark,
            "jti": uuid.uuid4().hex,
        }
        now, lifetime = int(time.time()), self._settings.token_lifetime
        return {
            "token_type": "Bearer",
            "expires_in": lifetime,
            "expires_on": now + lifetime,
            "resource": self._settings.resource,
            "access_token": self._sign(claims),
        }

    def identify(self, user: User, client_id: str, nonce: str | None) -> str:
        """An ID token: tells the client who has signed in."""
        claims = {"aud": client_id, "sub": user.id, "oid": user.id, "preferred_username": user.name}
        return self._sign(claims | ({"nonce": nonce} if nonce else {}))

    def _sign(self, claims: dict[str, Any]) -> str:
        now = int(time.time())
        common = {"iss": self.name, "tid": self._settings.tenant, "iat": now, "nbf": now}
        claims |= common | {"exp": now + self._settings.token_lifetime}
        return jwt.encode(claims, self._key, "RS256", headers={"kid": self._key_id})

    def verify(self, token: str) -> Verified:
        """What the token says, if it is good. Raises TokenRefused.

        Called by the event loop's thread alone.
        """
        since, until, verified = self._known.get(token, (0.0, 0.0, None))
        now = time.time()
        if verified and since <= now < until:
            return verified
        try:
            claims = jwt.decode(
                token,
                self._public,
                algorithms=["RS256"],
                audience=self._settings.resource,
                issuer=self.name,
                leeway=LEEWAY if self._settings.token_lifetime > LEEWAY else 0,
                # An ID token has no jti, so that it never passes for one of these.
                options={"require": ["exp", "iat", "iss", "aud", "sub", "jti"]},
            )
        except jwt.ExpiredSignatureError:
            raise TokenRefused("the token has expired; get a new one") from None
        except jwt.InvalidAudienceError:
            raise TokenRefused("the token is meant for another service") from None
        except jwt.InvalidIssuerError:
            raise TokenRefused("the token is from another issuer") from None
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise TokenRefused("the token is not one of this service") from None
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        verified = str(claims["sub"]), claims.get("key")
        self._known[token] = now, float(claims["exp"]), verified
        return verified
