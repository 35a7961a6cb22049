"""What the original did to its users' data, secrets and patience, and must not happen again.

Most of it is tested where the thing itself is tested; here is what has no other place.
"""

import copy
import logging
import pickle
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from standin import KEY, FakeService, Reply

from batchapps import (
    AzureOAuth,
    BadRequestException,
    BatchAppsException,
    Configuration,
    ConnectionFailedException,
    Credentials,
    FileManager,
    JobManager,
    RestCallException,
    UserFile,
    exceptions,
)

JOB = {"id": "1", "name": "n", "type": "t", "status": "InProgress"}


def logged_in(cfg: Configuration, service: FakeService) -> Credentials:
    """Credentials of an unattended account, whose token is token-1."""
    uri = f'Bearer authorization_uri="https://{service.endpoint}/studio"'
    service.on("GET jobs", Reply(401, {}, {"WWW-Authenticate": uri}), Reply(body={"jobs": []}))
    return AzureOAuth.get_unattended_session(cfg)


def test_neither_key_nor_token_nor_parameters_are_logged_or_stored(
    cfg: Configuration,
    service: FakeService,
    home: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    refused = {"Message": "No.", "Echo": "what-the-service-echoes"}
    service.on("POST jobs", Reply(400, refused))
    with caplog.at_level(logging.DEBUG):
        cfg.aad_config(unattended=True)
        jobs = JobManager(logged_in(cfg, service))
        jobs.get_jobs()
        job = jobs.create_job("x", settings="free-text-settings")
        job.quality = "value-of-a-parameter"
        with pytest.raises(RestCallException) as caught:
            job.submit()
    assert b"value-of-a-parameter" in service.made("POST jobs")[0].body
    out, err = capfd.readouterr()
    kept = [path for path in home.rglob("*") if path.is_file()]
    assert {path.name for path in kept} == {"batch_apps.ini", "batch_apps.log"}
    log = next(path for path in kept if path.suffix == ".log").read_text()
    assert "POST /api/jobs: 400" in log
    everything = [log, caplog.text, out, err, repr(caught.value), repr(vars(jobs)), repr(cfg)]
    for secret in (
        *(KEY, "token-1", "value-of-a-parameter", "free-text-settings"),
        "what-the-service-echoes",
    ):
        assert not [text for text in everything if secret in text], secret
    assert not [path for path in kept if "token-1" in path.read_text()]


def test_a_job_that_cannot_be_sent_is_not_in_the_error(jobs: JobManager) -> None:
    job = jobs.create_job("x", params={"key": "value-of-a-parameter \ud800"})
    with pytest.raises(BadRequestException, match=r"'\\ud800' in it") as caught:
        job.submit()
    error = caught.value
    told = [str(error), repr(error), repr(error.__cause__), repr(error.root_exception)]
    assert not [text for text in told if "value-of-a-parameter" in text]


def test_an_unattended_login_needs_no_keyring(
    cfg: Configuration, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)  # importing it fails
    assert JobManager(logged_in(cfg, service)).get_jobs() == []


def test_two_logins_do_not_disturb_each_other(cfg: Configuration, service: FakeService) -> None:
    first, second = logged_in(cfg, service), logged_in(cfg, service)
    assert AzureOAuth.config is None
    assert AzureOAuth.state is None
    assert [each.token["access_token"] for each in (first, second)] == ["token-1", "token-2"]


def test_what_is_refused_after_a_renewal_is_still_what_it_is(
    cfg: Configuration, service: FakeService
) -> None:
    jobs = JobManager(logged_in(cfg, service))
    service.on("GET jobs/1", Reply(body=JOB))
    job = jobs.get_job(jobid="1")
    service.on("POST jobs/1/actions/cancel", Reply(401), Reply(403, {"Message": "Too late."}))
    assert job.cancel() is False
    assert service.tokens() == 2


def test_a_service_that_says_nothing_is_given_up(
    creds: Credentials, service: FakeService, pauses: list[float]
) -> None:
    def silent(call: object) -> Reply:
        threading.Event().wait(0.4)
        return Reply(body={"jobs": []})

    service.on("POST jobs", silent)
    own = creds.get_session().timeout
    assert None not in (own.connect, own.read, own.write, own.pool)
    creds.get_session().timeout = httpx.Timeout(0.1)
    with pytest.raises(ConnectionFailedException, match="was silent"):
        JobManager(creds).create_job("x").submit()
    assert len(service.made("POST jobs")) == 1


@pytest.mark.parametrize("name", ["out {0}.png", "{job}", "%7B0%7D {!r}", "100% {"])
def test_braces_in_an_address_are_only_braces(
    jobs: JobManager, service: FakeService, tmp_path: Path, name: str
) -> None:
    service.on("GET jobs/1", Reply(body=JOB))
    service.on("GET jobs/1/outputs/files/.*", Reply(200, b"data"))
    job = jobs.get_job(jobid="1")
    for link in ("", f"https://{service.endpoint}/api/jobs/1/outputs/files/{{0}}{{x}}"):
        output = {"name": name, "link": link, "type": "TaskOutput"}
        assert Path(job.get_output(tmp_path / link[-3:], output)).read_bytes() == b"data"


def test_a_job_file_among_the_files_is_no_reason_to_warn(
    jobs: JobManager,
    files: FileManager,
    service: FakeService,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (tmp_path / "scene.blend").touch()
    link = {"href": f"https://{service.endpoint}/api/jobs/1"}
    service.on("POST jobs", Reply(202, {"jobId": "1", "link": link}))
    service.keep()
    job = jobs.create_job("x", files=files.files_from_dir(tmp_path, pattern="*.blend"))
    job.set_job_file(0)
    jobs.submit(job)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


class Text(str):
    """Text of a program's own kind."""


class Told(dict[str, Any]):
    """A dictionary of a program's own kind."""


def test_kinds_of_ones_own_are_as_good(files: FileManager, service: FakeService) -> None:
    service.on("POST files/query/byname", Reply(body={"files": [{"name": "a"}]}))
    assert [file.name for file in files.find_files(Text("a"))] == ["a"]
    assert [file.name for file in files.find_files((Text("a"), "b"))] == ["a"]
    assert UserFile(files._api, Told(name="a", lastModifiedTime="T")).get_last_modified() == "T"
    assert UserFile(files._api, Text("folder/a")).name == "a"


def test_told_files_of_one_name_or_one_path_are_different(files: FileManager) -> None:
    told = [
        UserFile(files._api, {"name": name, "originalFilePath": path})
        for name, path in (("a", "c:\\x\\a"), ("a", "c:\\y\\a"), ("b", "c:\\x\\a"))
    ]
    assert len(files.create_file_set(told)) == 3
    again = UserFile(files._api, {"name": "a", "originalFilePath": "c:\\x\\a"})
    assert again == told[0]
    assert hash(again) == hash(told[0])


def test_nothing_is_printed_and_no_value_refused(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    cfg = Configuration(tmp_path / "file", log_level="nonsense", unknown=1)
    cfg.add_jobtype("Words", brace="{0} {x!r}")
    cfg.current_jobtype("Words")
    cfg.set("other", '{"json": [1]}')
    assert (cfg.get("brace"), cfg.get("other")) == ("{0} {x!r}", '{"json": [1]}')
    cfg.aad_config(unattended=False, validate=False)
    cfg.save_config()
    cfg.get("absent")
    out, err = capfd.readouterr()
    assert out == ""
    assert "nonsense" in err


KINDS = [
    kind
    for kind in (getattr(exceptions, name) for name in exceptions.__all__)
    if issubclass(kind, BatchAppsException)
]


@pytest.mark.parametrize("kind", KINDS)
def test_exceptions_are_pickled_and_copied_whole_and_log_nothing(
    kind: type[BatchAppsException], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        if issubclass(kind, RestCallException):
            error: BatchAppsException = kind(
                OSError,
                "no {0}",
                None,
                "job",
                status=404,
                code="NotFound",
                request_id="r-1",
                server_message="words",
                retry_after=7.0,
            )
        else:
            error = kind("no {0}", "job")
        twins = [pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)]
    assert caplog.records == []
    assert str(error) == "no job"
    for twin in twins:
        assert type(twin) is kind
        assert (twin.args, vars(twin)) == (error.args, vars(error))


def test_all_that_is_raised_on_purpose_has_one_base() -> None:
    raised = [getattr(exceptions, name) for name in exceptions.__all__]
    others = [kind for kind in raised if not issubclass(kind, BatchAppsException)]
    assert all(issubclass(kind, Warning) for kind in others)
