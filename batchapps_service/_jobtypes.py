"""Installed job types."""

import shutil
import uuid
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from batchapps_service import _times
from batchapps_service._calls import Answer, Call
from batchapps_service._database import JobType
from batchapps_service._datadir import DataDirectory
from batchapps_service._templates import Bundle, TemplateError


def add(directory: DataDirectory, folder: Path) -> str:
    """Install the bundle in ``folder``; the job type's name. Raises TemplateError."""
    folder = folder.resolve()
    if not folder.is_dir():
        raise TemplateError(f"{folder} is no folder. Name the folder that holds the template.")
    bundle = Bundle(folder)
    for path in folder.rglob("*"):
        if path.is_symlink() and not path.resolve().is_relative_to(folder):
            raise TemplateError(f"{path} points out of the bundle; copy what it points to.")
    partial = directory.root / "jobtypes" / f".{uuid.uuid4().hex}"
    try:
        shutil.copytree(folder, partial, ignore=shutil.ignore_patterns("__pycache__"))
        with directory.database.write() as session:
            row = JobType(name=bundle.name, installed=_times.now())
            session.add(row)
            session.flush()
            # In place before the row that names it is committed.
            partial.rename(directory.bundle(row.id))
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return bundle.name


def load(directory: DataDirectory, jobtype: JobType) -> Bundle:
    """An installed job type's bundle."""
    return Bundle(directory.bundle(jobtype.id))


def newest(directory: DataDirectory) -> list[JobType]:
    """All job types by name, each as it was installed last."""
    last = select(func.max(JobType.id)).group_by(JobType.name)
    with directory.database.read() as session:
        query = select(JobType).where(JobType.id.in_(last)).order_by(JobType.name)
        return list(session.scalars(query))


def find(directory: DataDirectory, name: str) -> JobType | None:
    """The job type of that name, as it was installed last."""
    query = select(JobType).where(JobType.name == name).order_by(JobType.id.desc()).limit(1)
    with directory.database.read() as session:
        return session.scalar(query)


def described(directory: DataDirectory, jobtype: JobType) -> dict[str, Any]:
    """A job type as the API lists it."""
    bundle = load(directory, jobtype)
    body: dict[str, Any] = {"name": jobtype.name, "parameters": bundle.parameters()}
    if bundle.description:
        body["description"] = bundle.description
    return body


def list_job_types(call: Call) -> Answer:
    """GET /jobtypes"""
    directory = call.context.directory
    return {"jobTypes": [described(directory, one) for one in newest(directory)]}
