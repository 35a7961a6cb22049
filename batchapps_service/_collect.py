"""Removing contents that no row names any more, while the service runs.

A content is removed within a transaction that writes, so that no row that names it is written
meanwhile. One in the store comes before its row: it is removed only if the last round found it
unneeded too, and nobody has brought it again since. Rounds lie apart by the time that passes, and
not by what the clock tells. Whoever writes a row looks in the same transaction whether the content
is there.
"""

import json
import logging
import threading
from collections.abc import Iterator, Mapping, Sequence

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
        self._unneeded: dict[str, int] = {}

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
                    removed, self._unneeded = collect(
                        self._directory, self._unneeded, self._stopped
                    )
                log.info("removed %d contents that nobody needs", removed)
            except DataDirectoryError:
                log.info("contents stay for now, as a backup is being made")
            except Exception:
                log.exception("contents that nobody needs could not be removed")


def collect(
    directory: DataDirectory, before: Mapping[str, int] | None, stopped: threading.Event
) -> tuple[int, dict[str, int]]:
    """Remove contents that no row names; how many, and the states of those that are left of them.

    Of contents in the store only those that had the same state ``before``; None: all.
    """
    store, removed = directory.store, 0
    left: dict[str, int] = {}
    for digests in _contents(directory):
        if stopped.is_set():
            break
        with directory.database.read() as session:
            found = {digest: store.state(digest) for digest in _unneeded(session, digests)}
        old = [one for one, state in found.items() if before is None or before.get(one, 0) == state]
        left.update((digest, found[digest]) for digest in found.keys() - set(old))
        if not old:
            continue
        with directory.database.write() as session:
            gone = [(digest,) for digest in _unneeded(session, old)]
            removed += write_rows(session, "DELETE FROM small_content WHERE digest = ?", gone)
            aside = [store.set_aside(digest, found[digest]) for (digest,) in gone]
        for path in filter(None, aside):  # after the transaction, as large ones take their time
            path.unlink()
            removed += 1
    return removed, left


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
