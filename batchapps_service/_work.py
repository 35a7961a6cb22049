"""The folders in which jobs run: inputs shared by a job's tasks, and a folder an attempt.

work/JOB/job.json            the template and its parameter values, for the workers
work/JOB/in/                 the job's files, read-only, mostly flat
work/JOB/TASK-ATTEMPT/       an attempt: out/, home/, tmp/ and the OpenJD session's folder
"""

import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from batchapps_service._templates import Folders

ANY_OUTPUTS = "out"
"""Stands for a task's output folder in the parameters of a whole job."""


def job_folder(work: Path, job_id: str) -> Path:
    """Everything of one job."""
    return work / job_id


def job_folders(work: Path, job_id: str) -> Folders:
    """Inputs and outputs as the job's parameters name them; each task has its own outputs."""
    folder = job_folder(work, job_id)
    return Folders(folder / "in", folder / ANY_OUTPUTS)


@dataclass(frozen=True)
class JobDefinition:
    """What a worker needs to know of a job, besides the task."""

    bundle: Path
    values: dict[str, tuple[str, Any]]


def prepare(
    work: Path,
    job_id: str,
    definition: JobDefinition,
    files: Iterable[tuple[str, str]],
    copy_out: Callable[[str, Path], None],
) -> None:
    """Lay out a job's folder, unless that was done before.

    ``files`` are (relative path, digest); ``copy_out`` writes the content of a digest to a path.
    """
    folder = job_folder(work, job_id)
    if (folder / "job.json").is_file():
        return
    partial = work / f".{job_id}.{uuid.uuid4().hex[:8]}"
    try:
        inputs = partial / "in"
        inputs.mkdir(parents=True)
        for name, digest in files:
            target = inputs / name
            if "/" in name:
                target.parent.mkdir(parents=True, exist_ok=True)
            copy_out(digest, target)
            # Tasks of a job share these; none is to change them under another.
            target.chmod(0o444)
        saved = {**asdict(definition), "bundle": str(definition.bundle)}
        (partial / "job.json").write_text(json.dumps(saved))
        remove(folder)
        os.rename(partial, folder)  # noqa: PTH104 - must not merge into a folder
    finally:
        remove(partial)


def begun(work: Path, job_id: str, mark: str) -> Path:
    """A file that is there since an attempt began; it stays, as Dask may run one late again."""
    return job_folder(work, job_id) / f".begun-{mark.rpartition(':')[2]}"


def load(work: Path, job_id: str) -> JobDefinition:
    """What ``prepare`` wrote."""
    saved = json.loads((job_folder(work, job_id) / "job.json").read_text())
    return JobDefinition(Path(saved["bundle"]), saved["values"])


def remove(folder: Path) -> None:
    """Remove a folder with everything in it, read-only or not; harmless where there is none."""

    def retry(function: Any, path: str, _error: object) -> None:
        try:
            os.chmod(os.path.dirname(path), 0o700)  # noqa: PTH101, PTH120
            os.chmod(path, 0o700)  # noqa: PTH101
            function(path)
        except OSError:
            pass  # what cannot be removed now is swept at the next start

    shutil.rmtree(folder, onerror=retry)


def clear(work: Path) -> None:
    """Remove what earlier runs left of all jobs. Only for when none runs."""
    for folder in work.iterdir():
        remove(folder)
