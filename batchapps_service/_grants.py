"""What stands for a sign-in until there are tokens: codes for once, and refresh tokens.

Only hashes of them are kept. One that comes a second time has been stolen or lost, so that it ends
the whole sign-in.
"""

import hashlib
import secrets
import time
import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from batchapps_service._database import Grant, User

LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # RFC 8628, 6.1: they make no words
MAX_WAITING = 1000  # device codes that may wait for their users at a time


def issue(
    session: Session, kind: str, lifetime: float, details: Mapping[str, str], **columns: Any
) -> str:
    """A new grant's secret; ``lifetime`` is in seconds. Without ``sign_in`` it begins one."""
    secret = secrets.token_urlsafe(32)
    columns = {"sign_in": uuid.uuid4().hex, "details": dict(details)} | columns
    expires = time.time() + lifetime
    session.add(Grant(secret_hash=_hash(secret), kind=kind, expires=expires, **columns))
    return secret


def find(session: Session, kind: str, secret: str) -> Grant | None:
    """The grant with that secret. What has expired is gone."""
    _drop_expired(session)
    found = session.get(Grant, _hash(secret))
    return found if found and found.kind == kind else None


def use(session: Session, grant: Grant) -> bool:
    """Use a grant up; False when that happened before."""
    if grant.state == "used":
        session.execute(delete(Grant).where(Grant.sign_in == grant.sign_in))
        return False
    grant.state = "used"
    return True


def new_user_code(session: Session) -> str | None:
    """A code for a user to type, or None when too many wait already."""
    _drop_expired(session)
    waiting = session.scalar(select(func.count()).where(Grant.user_code.is_not(None))) or 0
    return "".join(secrets.choice(LETTERS) for _ in range(8)) if waiting < MAX_WAITING else None


def decide(session: Session, user_code: str, state: str, user: User) -> bool:
    """Approve or deny the device code that was shown with the code; False when none waits."""
    code = "".join(letter for letter in user_code.upper() if letter in LETTERS)
    _drop_expired(session)
    found = session.scalar(select(Grant).where(Grant.user_code == code, Grant.state == "open"))
    if found is not None:
        found.state, found.user_id = state, user.id
    return found is not None


def _drop_expired(session: Session) -> None:
    session.execute(delete(Grant).where(Grant.expires < time.time()))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
