"""Unattended accounts and their keys."""

import hashlib
import hmac
import secrets
import uuid

from batchapps_service import _times
from batchapps_service._database import Account, Database, User


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def add(database: Database, name: str = "unattended") -> tuple[str, str]:
    """Make an account; its client id and its key, which is not to be had again."""
    client_id, key = str(uuid.uuid4()), secrets.token_urlsafe(32)
    account = Account(id=client_id, name=name, key_hash=_hash(key), created=_times.now())
    with database.write() as session:
        session.add(account)
    return client_id, key


def check(database: Database, client_id: str, key: str) -> bool:
    """Whether there is such an account and ``key`` is its key; takes as long either way."""
    with database.read() as session:
        account = session.get(Account, client_id)
    expected = account.key_hash if account else _hash("")
    return hmac.compare_digest(expected, _hash(key)) and account is not None


def acting(database: Database, subject: str) -> str | None:
    """The account that a token's subject, an account or a user, acts for, if it is still there."""
    with database.read() as session:
        if user := session.get(User, subject):
            return user.account_id
        return subject if session.get(Account, subject) else None


def account_string(client_id: str, tenant: str) -> str:
    """The form in which users are given an account."""
    return f"ClientID={client_id};TenantID={tenant}"
