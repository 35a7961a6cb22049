"""Outputs in the database, and what a complete job's output is made of them."""

import shutil
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from batchapps_service import _names
from batchapps_service._attempts import Produced
from batchapps_service._database import Job, Output, Task
from batchapps_service._datadir import DataDirectory
from batchapps_service._store import BLOCK

ZIP_NAME = "output.zip"
PACKED = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".zip", ".gz", ".7z", ".mp4", ".exr"})
"""Deflating these again would only take time."""


def record_outputs(
    session: Session, job_id: str, task_id: int, produced: Sequence[Produced]
) -> None:
    """List what a task left, each under a name that is unique in the job."""
    wanted = [_wire_name(one.path) for one in produced]
    taken = _taken(session, job_id, wanted)
    rows: list[dict[str, object]] = []
    for one, name in zip(produced, wanted, strict=True):
        free, count = name, 0
        while free in taken:
            count += 1
            free = _names.shorten(name, f"_{task_id}" if count == 1 else f"_{task_id}_{count}")
            taken |= _taken(session, job_id, [free])
        taken.add(free)
        rows.append({"job_id": job_id, "task_id": task_id, "name": free} | asdict(one))
    session.execute(insert(Output), rows)


def _taken(session: Session, job_id: str, names: Sequence[str]) -> set[str]:
    """Which of the names the job's outputs have."""
    query = select(Output.name).where(Output.job_id == job_id, Output.name.in_(names))
    return set(session.scalars(query))


def _wire_name(path: str) -> str:
    name = _names.flat_name(path)
    if _names.problem_with(name):  # a task may call a file what no wire name may be
        name = "".join(char if char.isprintable() else "_" for char in name).strip() or "output"
    return name


def laid_out(
    session: Session, job_id: str, step: str, ancestors: Mapping[str, set[str]]
) -> tuple[tuple[str, str], ...]:
    """What a task of ``step`` finds in its output folder: (path, digest) of earlier outputs."""
    query = (
        select(Output, Task.step)
        .join(Task, (Task.job_id == Output.job_id) & (Task.id == Output.task_id))
        .where(Output.job_id == job_id, Output.made_by_service.is_(False))
        .where(Task.step.in_(ancestors[step]))
        .order_by(Output.task_id, Output.name)
    )
    rows = session.execute(query).tuples().all()
    steps = {one.task_id: made_by for one, made_by in rows}

    def replaces(new: Output, old: Output) -> bool:
        """Whether a step has changed what it had found."""
        return steps[old.task_id] in ancestors[steps[new.task_id]]

    return tuple(_by_path([one for one, _ in rows], replaces).items())


def _by_path(
    outputs: Iterable[Output],
    replaces: Callable[[Output, Output], bool] = lambda _new, _old: False,
) -> dict[str, str]:
    """Digests by path; an output whose path is taken goes by its name on the wire."""
    found: dict[str, Output] = {}
    folders: set[str] = set()
    for one in outputs:
        parents = {str(folder) for folder in PurePosixPath(one.path).parents}
        before = found.get(one.path)
        taken = before is not None and not replaces(one, before)
        if taken or one.path in folders or parents & found.keys():
            found[one.name] = one
        else:
            found[one.path] = one
            folders |= parents
    return {path: one.digest for path, one in found.items()}


def make_final(
    directory: DataDirectory, job_id: str, then: Callable[[Session], None]
) -> Callable[[Session], None]:
    """Make a complete job's output and preview; returns what records them, and then does ``then``.

    The merge's only file is the output as it is; several files, or those of all tasks where there
    is no merge, are zipped.
    """
    with directory.database.read() as session:
        job = session.scalars(select(Job).where(Job.id == job_id)).one()
        query = select(Output).where(Output.job_id == job_id).order_by(Output.task_id, Output.name)
        outputs = list(session.scalars(query))
    of_merge = [one for one in outputs if one.task_id == job.merge_task]
    files = [
        one for one in (outputs if job.merge_task is None else of_merge) if one.kind == "TaskOutput"
    ]
    values: dict[str, str] = {}
    zipped = ""
    if job.merge_task is not None and len(files) == 1:
        name = PurePosixPath(files[0].path).name
        values = {"output_name": name, "output_digest": files[0].digest}
    elif files:
        zipped = _zip(directory, files)
        values = {"output_name": ZIP_NAME, "output_digest": zipped}
    previews = [one for one in [*of_merge, *outputs] if one.kind == "TaskPreview"]
    if previews:
        values |= {"preview_name": previews[0].name, "preview_digest": previews[0].digest}

    def record(session: Session) -> None:
        if zipped and not directory.store.holds(zipped):  # see _collect; it is made again
            raise FileNotFoundError(f"the output of job {job_id} is not in the store any more")
        if values:
            session.execute(update(Job).where(Job.id == job_id).values(**values))
        then(session)

    return record


def _zip(directory: DataDirectory, outputs: list[Output]) -> str:
    """Zip outputs into the store; the digest."""
    with TemporaryDirectory(dir=directory.work) as folder:
        path = Path(folder, ZIP_NAME)
        with zipfile.ZipFile(path, "w", strict_timestamps=False) as archive:
            for name, digest in _by_path(outputs).items():
                content = directory.store.path(digest)
                info = zipfile.ZipInfo.from_file(content, name, strict_timestamps=False)
                info.external_attr = 0o644 << 16  # the store's own files are read-only
                packed = PurePosixPath(name).suffix.lower() in PACKED
                info.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
                with content.open("rb") as source, archive.open(info, "w") as target:
                    shutil.copyfileobj(source, target, BLOCK)
        return directory.store.take(path).digest
