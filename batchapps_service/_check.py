"""``batchapps-service check``: the database against the store."""

import hashlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.exc import DatabaseError

from batchapps_service import _collect, _jobtypes, _work
from batchapps_service._contents import small
from batchapps_service._database import rows, write_rows
from batchapps_service._datadir import DataDirectory, locked
from batchapps_service._errors import CommandError
from batchapps_service._store import hash_file
from batchapps_service._templates import TemplateError

_NAMED = """
    SELECT digest, size FROM file UNION SELECT digest, size FROM job_file
    UNION SELECT digest, size FROM output
    UNION SELECT output_digest, NULL FROM job WHERE output_digest IS NOT NULL
    UNION SELECT preview_digest, NULL FROM job WHERE preview_digest IS NOT NULL
"""
_LOST = {
    "an input of job {} ({})": "SELECT job_id, path FROM job_file WHERE digest = ?",
    "an output of job {} ({})": "SELECT job_id, name FROM output WHERE digest = ?",
    "the final output of job {} ({})": "SELECT id, output_name FROM job WHERE output_digest = ?",
    "the preview of job {} ({})": "SELECT id, preview_name FROM job WHERE preview_digest = ?",
}
_TO_RUN_AGAIN = """
    SELECT DISTINCT job_id, task_id FROM output JOIN job ON job.id = job_id
    WHERE digest = ? AND NOT made_by_service AND status NOT IN ('Complete', 'Error', 'Cancelled')
"""


def check(directory: DataDirectory) -> None:
    """Verify a data directory in which no service runs, and repair what can be repaired.

    What is found and done is printed. Raises CommandError when something is lost for good.
    """
    with locked(directory), locked(directory, _collect.LOCK):
        if faults := list(_database_faults(directory)):
            raise CommandError(
                f"The database is damaged: {'; '.join(faults)[:2000]}. Nothing was changed; put the"
                " data directory back from a backup."
            )
        lost = [*_bundle_faults(directory)]
        count = 0
        for digest, size in _named(directory):
            count += 1
            found = _size(directory, digest)
            if found is None:
                lost += _repair(directory, digest)
            elif size not in (None, found):
                _mend_size(directory, digest, found)
        print(f"Verified {count} contents.")
        directory.store.sweep()
        _work.clear(directory.work)
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
    try:
        with directory.database.read() as session:
            for pragma in ("integrity_check", "foreign_key_check"):
                for row in rows(session, f"PRAGMA {pragma}"):
                    if row[0] != "ok":
                        yield ", ".join(map(str, row))
    except (sqlite3.DatabaseError, DatabaseError) as error:
        yield str(error)


def _bundle_faults(directory: DataDirectory) -> Iterator[str]:
    """Job types that cannot be used."""
    for one in _jobtypes.installed(directory):
        try:
            _jobtypes.load(directory, one)
        except (TemplateError, OSError) as error:
            what = f"job type '{one.name}', version {one.version}"
            yield f"{what}, to be removed and installed again: {error}"


def _named(directory: DataDirectory) -> list[tuple[str, int | None]]:
    with directory.database.read() as session:
        return [(row[0], row[1]) for row in rows(session, _NAMED)]


def _size(directory: DataDirectory, digest: str) -> int | None:
    """The size of a content; None where it is missing, or is damaged and so was put aside."""
    path = directory.store.path(digest)
    aside = path.with_name(f"{path.name}.damaged")
    if path.is_file():
        if hash_file(path) == digest:
            return path.stat().st_size
        path.replace(aside)
        _tell_damaged(aside)
    data = small(directory.database, digest)
    if data is None:
        return None
    if hashlib.sha256(data).hexdigest() == digest:
        return len(data)
    aside.write_bytes(data)
    with directory.database.write() as session:
        write_rows(session, "DELETE FROM small_content WHERE digest = ?", [(digest,)])
    _tell_damaged(aside)
    return None


def _tell_damaged(aside: Path) -> None:
    print(f"Damaged: a content that has not its digest is {aside} now.")


def _mend_size(directory: DataDirectory, digest: str, size: int) -> None:
    with directory.database.write() as session:
        for table in ("file", "job_file", "output"):
            statement = f"UPDATE {table} SET size = ? WHERE digest = ?"  # noqa: S608
            write_rows(session, statement, [(size, digest)])
    print(f"Repaired: content {digest} was listed with a size that it has not.")


def _repair(directory: DataDirectory, digest: str) -> list[str]:
    """Let clients bring a content again, or tasks make it; what of it is lost for good."""
    with directory.database.write() as session:
        files = rows(session, "SELECT name, path FROM file WHERE digest = ?", digest)
        write_rows(session, "DELETE FROM file WHERE digest = ?", [(digest,)])
        tasks = rows(session, _TO_RUN_AGAIN, digest)
        again = "UPDATE task SET status = 'NotStarted', progress = 0, completed = NULL"
        write_rows(session, f"{again} WHERE job_id = ? AND id = ?", tasks)
        made = "DELETE FROM output WHERE job_id = ? AND task_id = ? AND kind != 'TaskLog'"
        write_rows(session, made, tasks)
        lost = [
            what.format(*row)
            for what, query in _LOST.items()
            for row in rows(session, query, digest)
        ]
    for name, path in files:
        print(f"Repaired: '{name}' ({path}) is not listed any more, and can be uploaded again.")
    for job, task in tasks:
        print(f"Repaired: task {task} of job {job} is run again.")
    return lost
