"""``batchapps-service check``: the database against the store."""

import hashlib
import threading
from collections.abc import Iterator

from batchapps_service import _collect
from batchapps_service._contents import small
from batchapps_service._database import rows, write_rows
from batchapps_service._datadir import DataDirectory, locked
from batchapps_service._errors import CommandError
from batchapps_service._store import hash_file

_NAMED = """
    SELECT digest FROM file UNION SELECT digest FROM job_file UNION SELECT digest FROM output
    UNION SELECT output_digest FROM job WHERE output_digest IS NOT NULL
    UNION SELECT preview_digest FROM job WHERE preview_digest IS NOT NULL
"""
_LOST = {
    "an input of job {} ({})": "SELECT job_id, path FROM job_file WHERE digest = ?",
    "an output of job {} ({})": "SELECT job_id, name FROM output WHERE digest = ?",
    "the final output of job {} ({})": "SELECT id, output_name FROM job WHERE output_digest = ?",
    "the preview of job {} ({})": "SELECT id, preview_name FROM job WHERE preview_digest = ?",
}


def check(directory: DataDirectory) -> None:
    """Verify a data directory in which no service runs, and repair what can be repaired.

    What is found and done is printed. Raises CommandError when something is lost for good.
    """
    with locked(directory):
        lost = [*_database_faults(directory)]
        count = 0
        for digest in _named(directory):
            count += 1
            if not _is_whole(directory, digest):
                lost += _repair(directory, digest)
        print(f"Verified {count} contents.")
        directory.store.sweep()
        if removed := _collect.collect(directory, None, threading.Event())[0]:
            print(f"Removed {removed} contents that nobody needs.")
    for line in lost:
        print(f"Lost: {line}")
    if lost:
        raise CommandError(
            f"{len(lost)} things are lost; see above. Put them back from a backup if there is one."
        )
    print("All is well.")


def _database_faults(directory: DataDirectory) -> Iterator[str]:
    with directory.database.read() as session:
        for pragma in ("integrity_check", "foreign_key_check"):
            for row in rows(session, f"PRAGMA {pragma}"):
                if row[0] != "ok":
                    yield f"the database's integrity: {', '.join(map(str, row))}"


def _named(directory: DataDirectory) -> list[str]:
    with directory.database.read() as session:
        return [row[0] for row in rows(session, _NAMED)]


def _is_whole(directory: DataDirectory, digest: str) -> bool:
    path = directory.store.path(digest)
    if not path.is_file():
        data = small(directory.database, digest)
        return data is not None and hashlib.sha256(data).hexdigest() == digest
    if hash_file(path) == digest:
        return True
    aside = path.with_name(f"{path.name}.damaged")
    path.replace(aside)
    print(f"Damaged: a content that has not its digest is {aside} now.")
    return False


def _repair(directory: DataDirectory, digest: str) -> list[str]:
    """Let clients bring a content again; what of it is lost for good."""
    with directory.database.write() as session:
        files = rows(session, "SELECT name, path FROM file WHERE digest = ?", digest)
        write_rows(session, "DELETE FROM file WHERE digest = ?", [(digest,)])
        lost = [
            what.format(*row)
            for what, query in _LOST.items()
            for row in rows(session, query, digest)
        ]
    for name, path in files:
        print(f"Repaired: '{name}' ({path}) is not listed any more, and can be uploaded again.")
    return lost
