"""``batchapps-service backup``: a copy of a data directory, also while its service runs."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from batchapps_service._collect import LOCK
from batchapps_service._datadir import DataDirectory, locked
from batchapps_service._errors import CommandError
from batchapps_service._store import sync

_NOT_NEEDED = shutil.ignore_patterns("tmp", "uploads", "*.damaged")
_NEEDED = ("service.json", "issuer.key", "tls", "jobtypes", "store")


def backup(directory: DataDirectory, target: Path) -> None:
    """Copy all that is needed to ``target``, which must not exist. Raises CommandError.

    The database is copied first: contents are never changed and come before the rows that name
    them, so that those of the copied rows are there, as long as none is removed meanwhile.
    """
    target = target.absolute()
    if target.exists():
        raise CommandError(f"{target} exists already. Name a folder that does not.")
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with locked(directory, LOCK, wait=True):
            partial.mkdir(mode=0o700, parents=True)
            _copy_database(directory.root / "service.db", partial / "service.db")
            for name in _NEEDED:
                source = directory.root / name
                if source.is_dir():
                    ignore = _NOT_NEEDED if name == "store" else None
                    shutil.copytree(source, partial / name, ignore=ignore)
                else:
                    shutil.copy2(source, partial / name)
            for name in ("work", "store/tmp", "store/uploads"):
                (partial / name).mkdir()
            if hasattr(os, "sync"):  # many files: at once
                os.sync()
            partial.rename(target)
            sync(target.parent)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise CommandError(f"The backup to {target} failed: {error}.") from error


def _copy_database(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)
