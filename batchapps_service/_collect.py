"""Removing contents that no row names any more, while the service runs.

A content is removed under the lock that all who write rows hold, so that none is named anew
meanwhile; one that was taken in lately stays, as its row may be about to be written.
"""

import json
import logging
import threading
from collections.abc import Iterator, Sequence

from sqlalchemy.orm import Session

from batchapps_service._database import rows, write_rows
from batchapps_service._datadir import DataDirectory, DataDirectoryError, locked

log = logging.getLogger("batchapps_service")

LOCK = "collect.lock"
"""Held while contents are removed, and while a backup copies them."""
BATCH = 1000

_UNNEEDED = """
    SELECT value FROM json_each(?)
    WHERE NOT EXISTS (SELECT 1 FROM job_file WHERE digest = value)
    AND NOT EXISTS (SELECT 1 FROM output WHERE digest = value)
    AND NOT EXISTS (SELECT 1 FROM job WHERE output_digest = value)
    AND NOT EXISTS (SELECT 1 FROM job WHERE preview_digest = value)
    AND NOT EXISTS (
        SELECT 1 FROM account JOIN file ON file.account_id = account.id AND file.digest = value
    )
"""


class Collector:
    """Removes them now and then, in a thread of its own."""

    def __init__(self, directory: DataDirectory) -> None:
        self._directory = directory
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="batchapps-collector")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End soon."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        seconds = self._directory.settings.collect_seconds
        while not self._stopped.wait(seconds or None):
            try:
                with locked(self._directory, LOCK):
                    self._directory.store.sweep_uploads()
                    removed = collect(self._directory, seconds, self._stopped)
                log.info("removed %d contents that nobody needs", removed)
            except DataDirectoryError:
                log.info("contents stay for now, as a backup is being made")
            except Exception:
                log.exception("contents that nobody needs could not be removed")


def collect(
    directory: DataDirectory, seconds: float, stopped: threading.Event | None = None
) -> int:
    """Remove contents that no row names, those of the last ``seconds`` excepted; how many."""
    removed = 0
    for digests in _contents(directory):
        if stopped is not None and stopped.is_set():
            break
        with directory.database.read() as session:
            candidates = _unneeded(session, digests)
        if not candidates:
            continue
        with directory.database.write() as session:
            gone = _unneeded(session, candidates)
            removed += write_rows(
                session, "DELETE FROM small_content WHERE digest = ?", [(one,) for one in gone]
            )
            removed += sum(directory.store.discard(digest, seconds) for digest in gone)
    return removed


def _unneeded(session: Session, digests: Sequence[str]) -> list[str]:
    return [row[0] for row in rows(session, _UNNEEDED, json.dumps(digests))]


def _contents(directory: DataDirectory) -> Iterator[list[str]]:
    """The digests of all contents, in batches."""
    last = 0
    while True:
        query = "SELECT rowid, digest FROM small_content WHERE rowid > ? ORDER BY rowid LIMIT ?"
        with directory.database.read() as session:
            found = rows(session, query, last, BATCH)
        if not found:
            break
        last = found[-1][0]
        yield [row[1] for row in found]
    yield from directory.store.digests()
