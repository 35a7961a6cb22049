"""A folder of inputs goes up, is worked on, and the results come back."""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT, Service, until

from batchapps import (
    Configuration,
    Credentials,
    FileManager,
    JobManager,
    NotFoundException,
    PoolManager,
    SubmittedJob,
    UnknownParameterWarning,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inputs = tmp_path / "inputs"
    inputs.mkdir()
    for name in ("one.txt", "two words.txt", "drei ☃ #3 100%.txt"):
        (inputs / name).write_text(name + "\n")
    return inputs


def submitted(creds: Credentials, folder: Path, **parameters: str) -> SubmittedJob:
    manager = JobManager(creds)
    job = manager.create_job("through the client")
    job.add_file_collection(FileManager(creds).files_from_dir(str(folder)))
    for name, value in parameters.items():
        setattr(job, name, value)
    return manager.submit(job)


def test_submit_wait_download(creds: Credentials, folder: Path, tmp_path: Path) -> None:
    job = submitted(creds, folder, Count="2").wait(timeout=90, poll=0.2)
    paths = job.download(tmp_path / "results", intermediate=True)
    assert [Path(path).name for path in paths] == ["all words.txt", "part_1.txt", "part_2.txt"]
    everything = "".join(sorted(name + "\n" for name in (p.name for p in folder.iterdir())))
    expected = "".join(f"{everything}word {n}\n" for n in (1, 2))
    text = Path(paths[0]).read_text()
    assert sorted(text.split("\n")) == sorted(expected.split("\n"))
    assert job.status is sys.intern("Complete")
    assert (job.percentage, job.number_tasks, len(job)) == (100, 3, 3)
    assert job.submitted_at is not None
    assert job.completed_at is not None
    assert job.submitted_at < job.completed_at


def test_what_submit_returns(creds: Credentials, folder: Path) -> None:
    pool = PoolManager(creds).create(target_size=0)
    manager = JobManager(creds)
    job = manager.create_job("waits", pool=pool)
    new = job.submit()
    assert new
    assert new["id"] == new.id
    with pytest.warns(DeprecationWarning, match="jobId"):
        assert new["jobId"] == new.id
    found = manager.get_job(url=new["link"])
    assert (found.id, found.name, found.status) == (new.id, "waits", "NotStarted")
    assert [one.id for one in manager.get_jobs()] == [new.id]
    assert found.cancel() is True
    until(lambda: found.update() and found.status == "Cancelled", timeout=10)
    assert found.cancel() is False
    assert found.reprocess() is False


def test_uploading_again_sends_nothing(creds: Credentials, folder: Path) -> None:
    files = FileManager(creds).files_from_dir(str(folder))
    assert files.upload() == []
    assert len(FileManager(creds).files_from_dir(str(folder)).is_uploaded()) == 0
    mine = FileManager(creds).file_from_path(str(folder / "one.txt"))
    assert mine.is_uploaded()
    assert sorted(f.name for f in FileManager(creds).list_files()) == sorted(
        path.name for path in folder.iterdir()
    )
    assert [f.name for f in FileManager(creds).find_files("two words.txt")] == ["two words.txt"]


def test_an_uploaded_file_comes_back_the_same(creds: Credentials, tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(hashlib.sha256(b"x").digest() * 100_000)
    seen: list[tuple[float, float, float]] = []
    FileManager(creds).file_from_path(str(path)).upload(callback=lambda *step: seen.append(step))
    assert seen[-1] == (100.0, path.stat().st_size, path.stat().st_size)
    listed = FileManager(creds).find_files("data.bin")[0]
    listed.download(str(tmp_path / "back"))
    assert (tmp_path / "back" / "data.bin").read_bytes() == path.read_bytes()


def test_tasks_logs_and_failures_can_be_followed(creds: Credentials, folder: Path) -> None:
    job = submitted(creds, folder, FailAt="2").wait(timeout=90, poll=0.2)
    assert job.status == "Error"
    tasks = job.get_tasks()
    assert [(task.id, task.status) for task in tasks] == [
        (1, "Complete"),
        (2, "Error"),
        (3, "Complete"),
    ]
    assert "told to fail at 2" in str(tasks[1].details.message)
    lines = [message["text"] for message in job.get_logs(max_lines=None)["messages"]]
    assert "task 1 says word" in lines
    assert job.reprocess() is True


def test_a_call_goes_by_one_id_in_the_logs_of_both_sides(
    service: Service, creds: Credentials, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG", "batch_apps"):
        JobManager(creds).get_jobs()
        with pytest.raises(NotFoundException) as caught:
            JobManager(creds).get_job(jobid="none")
    ours = re.findall(r"/api/jobs\S*: \d+ after .*\[request (\S+)\]", caplog.text)
    assert len(ours) == 2
    ids = {*ours, str(caught.value.request_id)}
    until(lambda: ids <= set(re.findall(r"[0-9a-f-]{36}", service.log.read_text())), timeout=10)


def test_the_log_is_followed_while_the_job_runs(creds: Credentials, folder: Path) -> None:
    job = submitted(creds, folder, Sleep="0.1")
    lines = list(job.iter_logs(follow=True, poll=0.2))
    assert job.status == "Complete"
    assert [line.text for line in lines] == [
        message["text"] for message in job.get_logs(max_lines=None)["messages"]
    ]
    assert lines[-1].text == "The job is complete."
    assert {line.task for line in lines} >= {None, 1, 2}
    times = [line.time for line in lines if line.time]
    assert times == sorted(times)
    assert all(time.tzinfo for time in times)


def test_a_misspelt_parameter_is_warned_of(creds: Credentials, folder: Path) -> None:
    with pytest.warns(UnknownParameterWarning, match=r"'Cuont'.*'Words'.*mean 'Count'"):
        submitted(creds, folder, Cuont="1").cancel()


def test_the_configuration_alone_is_enough(cfg: Configuration, tmp_path: Path) -> None:
    # A program of its own finds everything in the ini file, whatever CA variables are set.
    program = (
        "from batchapps import AzureOAuth, JobManager\n"
        "manager = JobManager(AzureOAuth.get_unattended_session())\n"
        "print(len(manager.get_jobs()), manager.create_job('x').submit().status)\n"
    )
    nowhere = str(tmp_path / "nowhere.pem")
    environment = os.environ | {
        "REQUESTS_CA_BUNDLE": nowhere,
        "CURL_CA_BUNDLE": nowhere,
        "SSL_CERT_FILE": nowhere,
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.stdout == "0 NotStarted\n", done.stderr
