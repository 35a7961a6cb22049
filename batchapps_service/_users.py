"""Users: people who sign in on the issuer's pages and then act for an account."""

import hashlib
import hmac
import re
import secrets
import uuid

from sqlalchemy import delete, select

from batchapps_service._accounts import ACTIVE
from batchapps_service._database import Account, Database, Grant, User
from batchapps_service._errors import CommandError
from batchapps_service._tries import PAUSE, Tries

# Wrong passwords in a row after which a name has to wait.
MAX_TRIES = 5


def _hash(password: str, salt: str) -> str:
    # 32 MiB and about a tenth of a second.
    secret, salted = password.encode(), salt.encode()
    return hashlib.scrypt(secret, salt=salted, n=1 << 15, r=8, p=1, maxmem=1 << 26).hex()


def add(database: Database, name: str, account: str | None) -> tuple[str, str]:
    """Make a user of the account, or of the only one; name and password, not to be had again.

    Raises CommandError.
    """
    name, password, salt = name.casefold(), secrets.token_urlsafe(12), secrets.token_hex(16)
    if not re.fullmatch(r"[\w.@+-]{1,100}", name):
        raise CommandError("A user's name has up to 100 letters, digits, and . _ @ + -")
    with database.write() as session:
        accounts = session.scalars(select(Account.id).where(ACTIVE)).all()
        account = accounts[0] if account is None and len(accounts) == 1 else account
        if account not in accounts:
            raise CommandError(f"Name one of the accounts with --account: {', '.join(accounts)}")
        if session.scalar(select(User).where(User.name == name)):
            raise CommandError(f"There is a user '{name}' already; remove that one first.")
        hashed = _hash(password, salt)
        session.add(
            User(id=str(uuid.uuid4()), name=name, account_id=account, salt=salt, hash=hashed)
        )
    return name, password


def remove(database: Database, name: str) -> None:
    """Remove a user; the tokens that they have are refused from now on. Raises CommandError."""
    with database.write() as session:
        user = session.scalar(select(User).where(User.name == name.casefold()))
        if user is None:
            raise CommandError(f"There is no user '{name}'.")
        session.execute(delete(Grant).where(Grant.user_id == user.id))
        session.delete(user)


def all_of(database: Database) -> list[User]:
    """All users, by name."""
    with database.read() as session:
        return list(session.scalars(select(User).order_by(User.name)))


class Door:
    """Checks passwords, and slows down those who guess. One thread at a time may use it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tries = Tries(MAX_TRIES)  # by name, whether somebody has it or not

    def check(self, name: str, password: str) -> User | str:
        """The user, or in words why there is none; it takes as long for names that nobody has."""
        name = name.strip().casefold()
        if self._tries.pause(name):
            return f"There were too many tries. Try again in {PAUSE / 60:.0f} minutes."
        self._tries.add(name)
        with self._database.read() as session:
            user = session.scalar(select(User).where(User.name == name))
        salt, expected = (user.salt, user.hash) if user else ("", "")
        right = hmac.compare_digest(expected, _hash(password, salt))
        return user if user and right else "The user name or the password is wrong."

    def opened(self, user: User) -> None:
        """Forget the user's tries: this one came to a good end."""
        self._tries.forget(user.name)
