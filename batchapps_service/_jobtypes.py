"""Installed job types, of which there may be several versions."""

import re
import shutil
import uuid
from functools import lru_cache
from pathlib import Path

from sqlalchemy import func, select

from batchapps_service import _times
from batchapps_service._calls import Answer, Call
from batchapps_service._collect import LOCK
from batchapps_service._database import FINISHED, Job, JobType
from batchapps_service._datadir import DataDirectory, locked
from batchapps_service._errors import CommandError, bad_request
from batchapps_service._settings import Settings
from batchapps_service._store import sync, sync_tree
from batchapps_service._templates import Bundle, TemplateError

VERSION_FILE = "VERSION"
"""In a bundle: its version, where the author gives it one."""


def add(directory: DataDirectory, folder: Path, version: str | None = None) -> JobType:
    """Install the bundle in ``folder`` beside its other versions. Raises TemplateError.

    The version is the one given, or that in the bundle's file ``VERSION``, or else a number that
    counts up from 1.
    """
    folder = folder.resolve()
    if not folder.is_dir():
        raise TemplateError(f"{folder} is no folder. Name the folder that holds the template.")
    _check_files(folder, directory.settings)
    bundle = Bundle(folder)
    if version is None and (folder / VERSION_FILE).is_file():
        version = (folder / VERSION_FILE).read_text(errors="replace").strip()
    if version is not None and not re.fullmatch(r"[\w.+-]{1,64}", version, re.ASCII):
        raise TemplateError(
            f"{version!r} is no version: use up to 64 letters, digits and the signs . _ + -"
        )
    partial = directory.root / "jobtypes" / f".{uuid.uuid4().hex}"
    try:
        shutil.copytree(folder, partial, ignore=shutil.ignore_patterns("__pycache__"))
        sync_tree(partial)
        with directory.database.write() as session:
            found = session.scalars(select(JobType).where(JobType.name == bundle.name)).all()
            if version in {one.version for one in found if not one.removed}:
                raise TemplateError(
                    f"Version '{version}' of job type '{bundle.name}' is installed already. Give"
                    " this one another version, or remove that one first."
                )
            if version is None:
                numbers = [int(one.version) for one in found if one.version.isdecimal()]
                version = str(max(numbers, default=0) + 1)
            row = JobType(
                name=bundle.name,
                version=version,
                description=bundle.description,
                parameters=bundle.parameters(),
                installed=_times.now(),
            )
            session.add(row)
            session.flush()
            # In place before the row that names it is committed.
            shutil.rmtree(directory.bundle(row.id), ignore_errors=True)  # of one that broke off
            partial.rename(directory.bundle(row.id))
            sync(partial.parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return row


def _check_files(folder: Path, settings: Settings) -> None:
    """Raises TemplateError for what cannot be copied, or would be without end."""
    number = size = 0
    for path in folder.rglob("*"):
        if path.is_symlink() and not path.resolve().is_relative_to(folder):
            raise TemplateError(f"{path} points out of the bundle; copy what it points to.")
        if not path.is_file() and (path.is_symlink() or not path.is_dir()):
            raise TemplateError(f"{path} is a link to a folder, or no file at all; leave it out.")
        number, size = number + 1, size + path.stat().st_size
        if number > settings.max_bundle_files or size > settings.max_bundle_bytes:
            raise TemplateError(
                f"{folder} holds more than {settings.max_bundle_files} files or"
                f" {settings.max_bundle_bytes} bytes; 'max_bundle_files' and 'max_bundle_bytes' in"
                " service.json set the limits."
            )


def remove(directory: DataDirectory, name: str, version: str | None = None) -> list[JobType]:
    """Remove one version of a job type, or all of them; what was removed.

    Raises CommandError where there is none, or where jobs still need it.
    """
    of_version = [] if version is None else [JobType.version == version]
    # A backup has both the row and the folder, or neither.
    with locked(directory, LOCK):
        with directory.database.write() as session:
            query = select(JobType).where(JobType.name == name, ~JobType.removed, *of_version)
            rows = list(session.scalars(query.order_by(JobType.id)))
            if not rows:
                wanted = (
                    f"job type '{name}'" if version is None else f"version '{version}' of '{name}'"
                )
                raise CommandError(f"There is no {wanted}; 'jobtypes list' lists those there are.")
            needing = Job.jobtype_id.in_([row.id for row in rows]), Job.status.not_in(FINISHED)
            count = session.scalar(select(func.count()).select_from(Job).where(*needing))
            if count:
                raise CommandError(
                    f"Job type '{name}' was not removed: {count} jobs that have not ended need it."
                    " Wait for them, or cancel them."
                )
            for row in rows:
                row.removed = True
        for row in rows:
            shutil.rmtree(directory.bundle(row.id), ignore_errors=True)
    return rows


def load(directory: DataDirectory, jobtype: JobType) -> Bundle:
    """An installed job type's bundle."""
    return _bundle(directory.bundle(jobtype.id))


@lru_cache(maxsize=32)
def _bundle(folder: Path) -> Bundle:
    # What is installed never changes, and to read a template takes longer than to make a job of it.
    return Bundle(folder)


def installed(directory: DataDirectory) -> list[JobType]:
    """All versions of all job types: by name, and of one name the newest first."""
    query = select(JobType).where(~JobType.removed).order_by(JobType.name, JobType.id.desc())
    with directory.database.read() as session:
        return list(session.scalars(query))


def choose(directory: DataDirectory, name: str, parameters: dict[str, str]) -> JobType:
    """The job type that a job asks for. Raises ApiError (400).

    The parameter ``version`` chooses among its versions and is taken out of ``parameters``, unless
    the newest has a parameter of this name of its own.
    """
    known = installed(directory)
    versions = [one for one in known if one.name == name]
    if not versions:
        listed = ", ".join(dict.fromkeys(f"'{one.name}'" for one in known)) or "none"
        raise bad_request(
            f"There is no job type '{name}' on this service. Installed: {listed}.",
            {"Type": "is not installed"},
        )
    if any(one["name"] == "version" for one in versions[0].parameters):
        return versions[0]
    wanted = parameters.pop("version", "")
    # The original client says "None" for a value that is not set.
    found = [one for one in versions if wanted in ("", "None", one.version)]
    if not found:
        listed = ", ".join(f"'{one.version}'" for one in versions)
        raise bad_request(
            f"Job type '{name}' has no version '{wanted}'. Installed, newest first: {listed}.",
            {"version": "is not installed"},
        )
    return found[0]


def list_job_types(call: Call) -> Answer:
    """GET /jobtypes"""
    listed = []
    for one in installed(call.context.directory):
        body = {"name": one.name, "version": one.version, "parameters": one.parameters}
        listed.append(body | ({"description": one.description} if one.description else {}))
    return {"jobTypes": listed}
