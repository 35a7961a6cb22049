"""Contents, wherever they are kept: small ones in the database, the others in the store.

Small contents are committed with the rows that name them, so that thousands take one wait for the
disk.
"""

from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from batchapps_service._database import Database, SmallContent, write_rows
from batchapps_service._store import Store

SMALL = 128 * 1024
"""Contents of up to so many bytes are small."""


def add_small(session: Session, contents: Iterable[tuple[str, bytes]]) -> None:
    """Keep small contents, each with its digest, from the session's commit on."""
    write_rows(session, "INSERT OR IGNORE INTO small_content VALUES (?, ?)", contents)


def small(database: Database, digest: str) -> bytes | None:
    """The small content of that digest, if there is one."""
    with database.read() as session:
        return session.scalar(select(SmallContent.data).where(SmallContent.digest == digest))


def copy_out(store: Store, database: Database, digest: str, target: Path) -> None:
    """Write a content to the new file ``target``: a copy, which may be changed."""
    if store.path(digest).is_file():
        store.copy_out(digest, target)
        return
    data = small(database, digest)
    if data is None:
        raise FileNotFoundError(f"content {digest} is missing from the store")
    with target.open("xb") as file:
        file.write(data)
