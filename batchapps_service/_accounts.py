"""Unattended accounts and their keys."""

import hashlib
import hmac
import secrets
import uuid

from sqlalchemy import select

from batchapps_service import _times
from batchapps_service._database import Account, Database, User
from batchapps_service._errors import CommandError


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
    right = hmac.compare_digest(expected, _hash(key))
    return right and account is not None and not account.removed


def remove(database: Database, client_id: str) -> None:
    """Refuse an account's key and tokens from now on, and those of its users.

    What it owns stays, and its jobs go on. Raises CommandError.
    """
    with database.write() as session:
        account = session.get(Account, client_id)
        if account is None or account.removed:
            raise CommandError(f"There is no account '{client_id}'.")
        account.removed = True


def all_of(database: Database) -> list[Account]:
    """All accounts that were not removed, the oldest first."""
    with database.read() as session:
        present = select(Account).where(Account.removed.is_(False))
        return list(session.scalars(present.order_by(Account.created)))


def acting(database: Database, subject: str) -> str | None:
    """The account that a token's subject, an account or a user, acts for, if it is still there."""
    with database.read() as session:
        user = session.get(User, subject)
        account = session.get(Account, user.account_id if user else subject)
    return account.id if account is not None and not account.removed else None


def account_string(client_id: str, tenant: str) -> str:
    """The form in which users are given an account."""
    return f"ClientID={client_id};TenantID={tenant}"
