"""A data directory: where everything of one service lies."""

import contextlib
import json
import os
import shutil
import sys
import uuid
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from batchapps_service import _certificates, _settings, _tokens
from batchapps_service._database import SCHEMA_VERSION, Database
from batchapps_service._errors import CommandError
from batchapps_service._settings import Settings
from batchapps_service._store import Store, sync, sync_tree

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")
LOOPBACK = {4: "127.0.0.1", 6: "::1"}
EVERYWHERE = {4: "0.0.0.0", 6: "::"}  # noqa: S104 - a host is named for others to reach it


class DataDirectoryError(CommandError):
    """The data directory cannot be made or opened; the text says why and what to do."""


class DataDirectory:
    """An opened data directory."""

    def __init__(self, root: Path, settings: Settings) -> None:
        self.root = root
        self.settings = settings
        self.database = Database(root / "service.db")
        self.store = Store(root / "store")

    @property
    def mark(self) -> str:
        """What the marks of this service's processes begin with; see ``_processes``."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, str(self.root)))

    @property
    def tls(self) -> Path:
        """Certificates and their keys."""
        return self.root / "tls"

    @property
    def issuer_key(self) -> Path:
        """The private key that signs tokens."""
        return self.root / "issuer.key"

    @property
    def work(self) -> Path:
        """Where jobs run; holds nothing that is needed after a restart."""
        return self.root / "work"

    def bundle(self, jobtype_id: int) -> Path:
        """The folder of an installed version of a job type."""
        return self.root / "jobtypes" / str(jobtype_id)


def create(root: Path, port: int, host: str) -> DataDirectory:
    """Make a data directory at ``root``, which must not exist.

    It is made beside ``root`` and renamed when whole. Raises DataDirectoryError.
    """
    root = root.absolute()
    if root.exists() or root.is_symlink():
        raise DataDirectoryError(
            f"{root} exists already and was left as it is. Name a folder that does not exist yet,"
            " or start the service in it with 'batchapps-service serve'."
        )
    version = 6 if ":" in host else 4
    bind = (LOOPBACK if host in LOOPBACK_NAMES else EVERYWHERE)[version]
    settings = Settings(tenant=str(uuid.uuid4()), host=host, bind=bind, port=port)
    partial = root.with_name(f".{root.name}.{uuid.uuid4().hex[:8]}")
    try:
        partial.mkdir(parents=True, mode=0o700)
        made = DataDirectory(partial, settings)
        for folder in (made.tls, made.work, made.root / "jobtypes"):
            folder.mkdir()
        made.store.create()
        (partial / "service.json").write_text(json.dumps(asdict(settings), indent=2) + "\n")
        _certificates.make_authority(made.tls)
        _certificates.make_server_certificate(made.tls, host)
        _tokens.make_key(made.issuer_key)
        made.database.create()
        made.database.close()
        sync_tree(partial)
        os.rename(partial, root)  # noqa: PTH104 - fails rather than replaces when root has appeared
        sync(root.parent)
    except (OSError, UnicodeError) as error:
        shutil.rmtree(partial, ignore_errors=True)
        # The error itself names the folder beside it.
        reason = getattr(error, "strerror", None) or error
        raise DataDirectoryError(
            f"{root} cannot be made: {reason}. Is {root.parent} a folder that you may write in?"
        ) from error
    return DataDirectory(root, settings)


def open_directory(root: Path, *, migrate: bool = False) -> DataDirectory:
    """Open the data directory at ``root``; with ``migrate``, also one of an earlier release.

    Raises DataDirectoryError.
    """
    root = root.absolute()
    try:
        settings = _settings.read(root / "service.json")
    except (FileNotFoundError, NotADirectoryError):
        raise DataDirectoryError(
            f"{root} is no data directory. Make one with 'batchapps-service init {root}'."
        ) from None
    except OSError as error:
        raise DataDirectoryError(f"{root / 'service.json'} cannot be read: {error}") from error
    opened = DataDirectory(root, settings)
    if not (root / "service.db").is_file():  # SQLite would make an empty one
        raise DataDirectoryError(
            f"{root / 'service.db'}, the database, is missing. Put it back from a backup, or make"
            " another data directory with 'batchapps-service init'."
        )
    try:
        version = opened.database.version()
    except Exception as error:
        raise DataDirectoryError(f"{root / 'service.db'} cannot be read: {error}") from error
    if version > SCHEMA_VERSION:
        raise DataDirectoryError(
            f"{root} was used by a later release of this service (its database has schema version"
            f" {version}, and this release knows up to {SCHEMA_VERSION}). Install that release."
        )
    if version < SCHEMA_VERSION and not migrate:
        raise DataDirectoryError(
            f"{root} was made by an earlier release of this service. Stop the service in it if one"
            f" is running, and start this one: 'batchapps-service serve {root}'."
        )
    return opened


@contextlib.contextmanager
def locked(directory: DataDirectory, name: str = "lock", *, wait: bool = False) -> Iterator[None]:
    """Hold a lock of a data directory: that of a running service, or another one.

    The system frees the lock of a dead process. Unless it shall ``wait``, raises
    DataDirectoryError where somebody else has it.
    """
    with (directory.root / name).open("a+b") as file:
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError:
            raise DataDirectoryError(
                f"A service is running in {directory.root} already."
                if name == "lock"
                else f"{directory.root} is being backed up or tidied; try again in a while."
            ) from None
        yield
