"""Unattended accounts and their keys."""

import hashlib
import hmac
import secrets
import uuid

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from batchapps_service import _times
from batchapps_service._database import Account, Database, Grant, User, rows
from batchapps_service._errors import CommandError

ACTIVE = Account.key_hash != ""
"""An account whose key was taken away is closed."""


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def add(database: Database, name: str = "unattended") -> tuple[str, str]:
    """Make an account; its client id and its key, which is not to be had again."""
    client_id, key = str(uuid.uuid4()), secrets.token_urlsafe(32)
    account = Account(id=client_id, name=name, key_hash=_hash(key), created=_times.now())
    with database.write() as session:
        session.add(account)
    return client_id, key


def all_of(database: Database) -> list[Account]:
    """All accounts that may log in, the oldest first."""
    with database.read() as session:
        return list(session.scalars(select(Account).where(ACTIVE).order_by(Account.created)))


def renew(database: Database, client_id: str) -> str:
    """A new key for the account; the old one and its tokens are refused from now on."""
    key = secrets.token_urlsafe(32)
    with database.write() as session:
        _existing(session, client_id).key_hash = _hash(key)
    return key


def remove(database: Database, client_id: str) -> None:
    """Close the account and remove its users; all their tokens are refused from now on.

    The row stays for the jobs and files that it owns.
    """
    with database.write() as session:
        _existing(session, client_id).key_hash = ""
        users = select(User.id).where(User.account_id == client_id)
        session.execute(delete(Grant).where(Grant.user_id.in_(users)))
        session.execute(delete(User).where(User.account_id == client_id))


def _existing(session: Session, client_id: str) -> Account:
    account = session.get(Account, client_id)
    if account is None or not account.key_hash:
        raise CommandError(f"There is no account '{client_id}'; 'accounts list' lists them.")
    return account


def check(database: Database, client_id: str, key: str) -> str | None:
    """The mark of the account's key if ``key`` is that; takes as long if there is no account."""
    with database.read() as session:
        account = session.get(Account, client_id)
    expected = account.key_hash if account else ""
    return _mark(expected) if hmac.compare_digest(expected, _hash(key)) else None


def _mark(key_hash: str) -> str:
    # In a token it tells, without the key, that the token was given for the present one.
    return _hash(key_hash)[:16]


def acting(database: Database, subject: str, mark: str | None) -> str | None:
    """The account that a token's subject, an account or a user, may still act for.

    ``mark`` is that of the key that an account's token was given for.
    """
    with database.read() as session:
        found = rows(session, _ACTING, subject, subject)
    for account, key_hash in found:
        if key_hash is None or _mark(key_hash) == mark:
            return str(account)
    return None


# Asked in every call, so without what makes objects of rows.
_ACTING = """SELECT account_id, NULL FROM user WHERE id = ?
    UNION ALL SELECT id, key_hash FROM account WHERE id = ? AND key_hash != ''"""


def account_string(client_id: str, tenant: str) -> str:
    """The form in which users are given an account."""
    return f"ClientID={client_id};TenantID={tenant}"
