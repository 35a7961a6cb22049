"""Outputs under awkward names, from the listing to the file; and deleting through the client."""

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from pictures import PNG
from PIL import Image

from batchapps import (
    Credentials,
    FileManager,
    JobManager,
    NotFoundException,
    StateConflictException,
    SubmittedJob,
)
from batchapps.exceptions import FileMissingException

NAMES = [
    "with space.txt",
    "hash #1.txt",
    "what?.txt",
    "100%.txt",
    "%41%2F.txt",
    "ümläut ☃.txt",
    "quote'\".txt",
    "{curly} [square].txt",
    "a+b&c=d;e,f@g.txt",
    "~:$!*().txt",
    "#?%ä'\" picture.png",
]
FINAL = "fin äl #1? 100% 'q\" {x}.txt"


@pytest.fixture
def job(creds: Credentials, tmp_path: Path) -> SubmittedJob:
    """A complete job with outputs of all these names."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name in NAMES:
        content = PNG if name.endswith(".png") else name.encode()
        (folder / name).write_bytes(content)
    creds.config.add_jobtype("Mirror")
    creds.config.current_jobtype("Mirror")
    jobs = JobManager(creds)
    new = jobs.create_job("Mirror", files=FileManager(creds).files_from_dir(str(folder)))
    new.params = {"Final": FINAL}
    return jobs.submit(new).wait(timeout=120, poll=1)


def test_outputs_of_any_name_come_down_as_they_were(
    creds: Credentials, job: SubmittedJob, tmp_path: Path
) -> None:
    assert job.status == "Complete", job.get_logs(max_lines=None)
    listed = job.list_all_outputs()
    assert {one["name"] for one in listed if one["type"] == "TaskOutput"} == set(NAMES)
    for one in listed:
        assert one["link"].endswith("/outputs/files/" + quote(one["name"], safe=""))
        assert re.fullmatch(r"[\w./:%~-]+", one["link"], re.ASCII)
        path = Path(job.get_output(tmp_path / "out", one))
        assert path.name == one["name"]
        length = creds.get_session().head(one["link"]).headers["Content-Length"]
        assert int(length) == path.stat().st_size
    for name in NAMES:
        expected = PNG if name.endswith(".png") else name.encode()
        assert (tmp_path / "out" / name).read_bytes() == expected
    # The merge found them all, and its only file is the job's output.
    final = Path(job.get_output(tmp_path / "final"))
    assert final.name == FINAL
    assert set(final.read_text().splitlines()) == set(NAMES)
    # The job type makes no preview; the service does.
    task, merge = job.get_tasks()
    (made,) = [one for one in task.outputs if one["type"] == "TaskPreview"]
    assert made["name"] == "#?%ä'\" picture_thumbnail.png"
    assert [one["name"] for one in merge.outputs if one["type"] == "TaskOutput"] == [FINAL]
    for preview in (task.get_thumbnail(tmp_path), job.get_thumbnail(tmp_path)):
        with Image.open(preview) as image:
            assert (image.format, image.size) == ("PNG", (64, 32))


def test_deleting(creds: Credentials, job: SubmittedJob, tmp_path: Path) -> None:
    files = FileManager(creds)
    here = files.file_from_path(str(tmp_path / "in" / NAMES[1]))
    for file in files.find_files(NAMES[:1]):
        file.delete()
    here.delete()
    assert here.is_uploaded() is None
    assert (tmp_path / "in" / NAMES[1]).exists()
    assert {one.name for one in files.list_files()} == set(NAMES[2:])
    with pytest.raises(FileMissingException, match="does not have"):
        here.delete()
    # The job keeps what was made of them.
    listed = [one for one in job.list_all_outputs() if one["type"] != "TaskLog"]
    assert len(job.download(tmp_path / "all", intermediate=True)) == len(listed) + 1
    job.delete()
    with pytest.raises(NotFoundException):
        job.update()
    waiting = JobManager(creds).create_job("waits", pool=_empty_pool(creds)).submit()
    with pytest.raises(StateConflictException, match="Cancel it"):
        waiting.delete()
    waiting.cancel()
    waiting.wait(timeout=30, poll=0.2).delete()
    assert list(JobManager(creds)) == []


def _empty_pool(creds: Credentials) -> str:
    from batchapps import PoolManager

    pool = PoolManager(creds).create(target_size=0)
    assert pool.id
    return pool.id
