"""The service's state: tables of a SQLite database, and transactions on it."""

import shutil
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Engine, ForeignKey, Index, create_engine, event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from batchapps_service._errors import NotNow

SCHEMA_VERSION = 3
"""Kept in SQLite's ``user_version``; see ``_migrations``."""


BUSY_SECONDS = 5
"""How long to wait for others that write."""
ROOM = 8 * 1024 * 1024
"""Bytes that must be free, so that what is begun is not broken off by a full disk."""

FINISHED = frozenset({"Complete", "Error", "Cancelled"})
"""States of a job that has ended."""


class Base(DeclarativeBase):
    """The tables' common base."""

    type_annotation_map = {dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012


class Account(Base):
    """An unattended account: what a token is issued to, and the owner of everything else."""

    __tablename__ = "account"

    id: Mapped[str] = mapped_column(primary_key=True)
    """The client id, a GUID."""
    name: Mapped[str]
    key_hash: Mapped[str]
    """SHA-256 of the key, in hexadecimal; keys are 256 random bits, so no slow hash is needed."""
    created: Mapped[datetime]


class User(Base):
    """A person who signs in on the issuer's pages, and then acts for the account."""

    __tablename__ = "user"

    # A GUID: what the person's tokens name.
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    salt: Mapped[str]
    # The password's, by scrypt, in hexadecimal.
    hash: Mapped[str]


class Grant(Base):
    """What a client can have tokens for: an authorization code, device code or refresh token."""

    __tablename__ = "grant"

    # SHA-256 of what the client holds, in hexadecimal.
    secret_hash: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(default="open")
    # The sign-in that it comes from; all grants of one are revoked together.
    sign_in: Mapped[str] = mapped_column(index=True)
    # None: a device code that nobody has entered yet.
    user_id: Mapped[str | None] = mapped_column(ForeignKey("user.id"), index=True)
    user_code: Mapped[str | None] = mapped_column(index=True)
    # What was asked for: ``scope``, and for a code the rest of the request.
    details: Mapped[dict[str, Any]]
    # Seconds since 1970.
    expires: Mapped[float]


class File(Base):
    """An uploaded file as its account lists it; the content is in the store."""

    __tablename__ = "file"
    __table_args__ = (
        Index("file_by_name", "account_id", "name", "path", unique=True),
        Index("file_by_digest", "account_id", "digest", "size"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    name: Mapped[str]
    path: Mapped[str]
    """The path on the uploader's machine, as sent."""
    timestamp: Mapped[str]
    """The last change on the uploader's machine, as sent, byte for byte."""
    digest: Mapped[str]
    size: Mapped[int]
    uploaded: Mapped[datetime]


class SmallContent(Base):
    """A content too small for a file of its own in the store."""

    __tablename__ = "small_content"

    digest: Mapped[str] = mapped_column(primary_key=True)
    data: Mapped[bytes]


class JobType(Base):
    """A version of a job type; each installation is a row and a folder of its own."""

    __tablename__ = "jobtype"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(index=True)
    version: Mapped[str]
    description: Mapped[str | None]
    parameters: Mapped[list[Any]]
    """Those that a user may set, as the API lists them."""
    installed: Mapped[datetime]
    removed: Mapped[bool] = mapped_column(default=False)
    """The folder is gone then; the row stays for the jobs that ran with it."""


class Pool(Base):
    """A pool of workers. An auto-pool belongs to one job and goes away with it."""

    __tablename__ = "pool"

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    auto: Mapped[bool]
    target: Mapped[int]
    current: Mapped[int] = mapped_column(default=0)
    max_tasks: Mapped[int]
    communication: Mapped[bool] = mapped_column(default=False)
    certificates: Mapped[list[Any]]
    state: Mapped[str] = mapped_column(default="active")
    allocation_state: Mapped[str] = mapped_column(default="steady")
    resize_error: Mapped[str | None]
    created: Mapped[datetime]


class Job(Base):
    """A submitted job."""

    __tablename__ = "job"
    __table_args__ = (
        Index("job_by_account", "account_id", "number"),
        Index("job_by_output", "output_digest"),
        Index("job_by_preview", "preview_digest"),
    )

    number: Mapped[int] = mapped_column(primary_key=True)
    """Counts up with each submission, so that it gives the order."""
    id: Mapped[str] = mapped_column(unique=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    name: Mapped[str]
    jobtype_id: Mapped[int] = mapped_column(ForeignKey("jobtype.id"))
    type: Mapped[str]
    type_version: Mapped[str]
    parameters: Mapped[dict[str, Any]]
    job_file: Mapped[str]
    settings: Mapped[str]
    priority: Mapped[str]
    pool_id: Mapped[str] = mapped_column(index=True)
    auto_pool: Mapped[dict[str, Any] | None]
    """The specification of the job's own pool; None where it shares one."""
    status: Mapped[str] = mapped_column(index=True)
    percent: Mapped[int] = mapped_column(default=0)
    task_count: Mapped[int | None]
    """Known after the split; includes the merge."""
    merge_task: Mapped[int | None]
    """The id of the merge task, where the template has one."""
    submitted: Mapped[datetime]
    started: Mapped[datetime | None]
    completed: Mapped[datetime | None]
    output_name: Mapped[str | None]
    output_digest: Mapped[str | None]
    preview_name: Mapped[str | None]
    preview_digest: Mapped[str | None]
    log_ticks: Mapped[int] = mapped_column(default=0)
    """Timestamp of the newest log line; the next one is later, so that none share a timestamp."""


class JobFile(Base):
    """A required file of a job, fixed at submission: a later upload does not change it."""

    __tablename__ = "job_file"
    __table_args__ = (Index("job_file_by_digest", "digest"),)

    job_id: Mapped[str] = mapped_column(ForeignKey("job.id"), primary_key=True)
    path: Mapped[str] = mapped_column(primary_key=True)
    """Where it lies below the folder of the job's files, with ``/``."""
    position: Mapped[int]
    digest: Mapped[str]
    size: Mapped[int]


class Task(Base):
    """A task of a job, numbered from 1."""

    __tablename__ = "task"
    __table_args__ = (
        Index("task_by_status", "job_id", "status"),
        Index("task_by_start", "job_id", "id", sqlite_where=text("started IS NOT NULL")),
    )

    job_id: Mapped[str] = mapped_column(ForeignKey("job.id"), primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True)
    step: Mapped[str]
    parameters: Mapped[dict[str, Any]]
    """Task parameters: ``{name: [type, value]}``."""
    status: Mapped[str]
    progress: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    started: Mapped[datetime | None]
    completed: Mapped[datetime | None]
    worker: Mapped[str | None]
    exit_code: Mapped[int | None]
    message: Mapped[str | None]
    """Why the task failed."""


class Output(Base):
    """A file that a task left."""

    __tablename__ = "output"
    __table_args__ = (
        Index("output_by_task", "job_id", "task_id"),
        Index("output_by_digest", "digest"),
    )

    job_id: Mapped[str] = mapped_column(ForeignKey("job.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    """Unique in the job, flat: the name on the wire."""
    task_id: Mapped[int]
    path: Mapped[str]
    """Where the task left it, relative to its output folder, with ``/``."""
    kind: Mapped[str]
    made_by_service: Mapped[bool] = mapped_column(default=False)
    digest: Mapped[str]
    size: Mapped[int]


class LogLine(Base):
    """A line of a job's log."""

    __tablename__ = "log"

    job_id: Mapped[str] = mapped_column(ForeignKey("job.id"), primary_key=True)
    ticks: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int | None]
    text: Mapped[str]


READING = ("query_only = ON",)
WRITING = (
    "journal_mode = WAL",
    "synchronous = FULL",  # an answered request survives a power cut
    "foreign_keys = ON",
    # Uploads touch indexes all over: that costs memory, or else reading and early writing. In KiB.
    "cache_size = -32768",
    # And a page that many of them change is moved to its place once. In pages.
    "wal_autocheckpoint = 4000",
)


class Database:
    """Transactions on the database of a data directory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        # One for each thread, as to open one costs more than most of what is read.
        self._reader = self._engine("BEGIN", READING, pool_size=64)
        # A connection's cache of pages is good until another one writes: so one writes everything.
        self._writer = self._engine("BEGIN IMMEDIATE", WRITING, pool_size=1, max_overflow=0)

    def _engine(self, begin: str, pragmas: Sequence[str], **pool: int) -> Engine:
        engine = create_engine(
            f"sqlite:///{self._path}",
            connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
            **pool,
        )

        def configure(connection: Any, _record: object) -> None:
            # Transactions are not begun by the driver, which would begin too late.
            connection.isolation_level = None
            for pragma in pragmas:
                connection.execute(f"PRAGMA {pragma}")

        event.listen(engine, "connect", configure)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
        return engine

    def create(self) -> None:
        """Make the tables in a new database."""
        Base.metadata.create_all(self._writer)
        with self._writer.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.commit()

    def version(self) -> int:
        """The schema's version."""
        with self._reader.connect() as connection:
            return int(connection.exec_driver_sql("PRAGMA user_version").scalar() or 0)

    def migrate(self) -> None:
        """Bring the schema of an earlier release up to date, wholly or not at all."""
        from batchapps_service import _migrations

        with self._writer.connect() as connection:
            _migrations.migrate(connection)
            connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.commit()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that sees one state of the database and changes nothing."""
        with Session(self._reader, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that is committed, durably, when the block ends without an exception.

        Raises NotNow, before the block, when others do not let go of the database, or there is no
        room on the disk for more than a few changes.
        """
        if shutil.disk_usage(self._path.parent).free < ROOM:
            raise NotNow("The service's disk is full")
        # SQLite takes one writer at a time. Waiting here is fair; its own busy handler is not.
        if not self._lock.acquire(timeout=BUSY_SECONDS):
            raise NotNow("The service's database is busy")
        try:
            with Session(self._writer, expire_on_commit=False) as session:
                try:
                    session.connection()
                except OperationalError as error:
                    text = f"The service's database cannot be written to: {error.orig}"
                    raise NotNow(text) from error
                yield session
                session.commit()
        finally:
            self._lock.release()

    def close(self) -> None:
        """Give up all connections."""
        self._reader.dispose()
        self._writer.dispose()


def rows(session: Session, statement: str, *parameters: object) -> Sequence[Any]:
    """What a query gives, straight from the driver: for thousands of rows at once."""
    cursor = session.connection().connection.cursor()
    cursor.execute(statement, parameters)
    return cursor.fetchall()


def write_rows(session: Session, statement: str, values: Iterable[tuple[object, ...]]) -> int:
    """Execute a statement for each of ``values``, straight through the driver; rows changed."""
    cursor = session.connection().connection.cursor()
    cursor.executemany(statement, list(values))
    return cursor.rowcount
