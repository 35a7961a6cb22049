"""What goes wrong at the user's end: a clear error with what to do, and nothing half-done."""

import time
from pathlib import Path

import pytest
from support import Account, Service, configured, free_port, running

from batchapps import AzureOAuth, Configuration, Credentials, FileManager, JobManager
from batchapps.exceptions import (
    AuthenticationException,
    AuthenticationRefusedException,
    BadRequestException,
    FileDownloadException,
    FileMissingException,
    InvalidConfigException,
    NotFoundException,
    SessionExpiredException,
)


def error_of(creds: Credentials, cfg: Configuration | None = None, **parameters: str) -> str:
    """What a submission with these parameters is refused with; no job is left."""
    manager = JobManager(creds, cfg)
    job = manager.create_job("bad")
    for name, value in parameters.items():
        job.params[name] = value
    with pytest.raises(BadRequestException) as caught:
        job.submit()
    assert caught.value.status == 400
    assert caught.value.request_id
    assert manager.get_jobs() == []
    return str(caught.value)


def test_unknown_job_type(creds: Credentials, cfg: Configuration) -> None:
    cfg.add_jobtype("Nowhere")
    cfg.current_jobtype("Nowhere")
    message = error_of(creds, cfg)
    assert "no job type 'Nowhere'" in message
    assert "'Words'" in message


def test_missing_parameter(creds: Credentials, cfg: Configuration) -> None:
    cfg.add_jobtype("Single")
    cfg.current_jobtype("Single")
    assert "Scene: is missing" in error_of(creds, cfg)


@pytest.mark.parametrize("value", ["many", "0", "1.5", ""])
def test_parameter_of_the_wrong_type(creds: Credentials, value: str) -> None:
    assert "Count" in error_of(creds, Count=value)


def test_required_file_that_was_not_uploaded(creds: Credentials, tmp_path: Path) -> None:
    path = tmp_path / "here only.txt"
    path.write_text("x")
    manager = JobManager(creds)
    job = manager.create_job("bad")
    job.add_file(FileManager(creds).file_from_path(str(path)))
    with pytest.raises(BadRequestException, match=r"not uploaded: 'here only.txt'. Upload them"):
        job.submit()
    assert manager.get_jobs() == []


def test_required_file_that_is_not_there(creds: Credentials, tmp_path: Path) -> None:
    job = JobManager(creds).create_job("bad")
    job.add_file(FileManager(creds).file_from_path(str(tmp_path / "gone.txt")))
    with pytest.raises(FileMissingException, match=r"gone\.txt"):
        job.submit()


@pytest.mark.parametrize(
    "name", ["a b.txt", "#1.txt", "100%.txt", "{x}.txt", "🎨 ☃.txt", "%41.txt"]
)
def test_names_with_special_characters_make_the_round_trip(
    creds: Credentials, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.write_text(name)
    manager = FileManager(creds)
    assert manager.create_file_set(manager.file_from_path(str(path))).upload() == []
    found = manager.find_files(name)
    assert [one.name for one in found] == [name]
    found[0].download(str(tmp_path / "back"))
    assert (tmp_path / "back" / name).read_text() == name


def test_an_empty_file_is_a_file(creds: Credentials, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    manager = FileManager(creds)
    assert manager.files_from_dir(str(tmp_path), pattern="empty*").upload() == []
    manager.find_files("empty.txt")[0].download(str(tmp_path / "back"))
    assert (tmp_path / "back" / "empty.txt").read_bytes() == b""


def test_a_wrong_key(home: Path, account: Account) -> None:
    account.key = "wrong"
    config = configured(account)
    with pytest.raises(AuthenticationException) as caught:
        AzureOAuth.get_unattended_session(config)
    assert "Check" in str(caught.value)
    assert "'wrong'" not in str(caught.value)


def test_an_expired_token(home: Path, service: Service, cfg: Configuration) -> None:
    token = service.token()
    late = {"access_token": token, "token_type": "Bearer", "expires_at": time.time() - 1}
    with pytest.raises(SessionExpiredException, match="expired"):
        JobManager(Credentials(cfg, "id", token=late)).get_jobs()


def test_a_token_that_the_service_refuses(cfg: Configuration) -> None:
    manager = JobManager(Credentials(cfg, "id", token={"access_token": "nonsense"}))
    with pytest.raises(AuthenticationRefusedException, match="Log in again") as caught:
        manager.get_jobs()
    assert "nonsense" not in str(caught.value)


def test_a_token_that_expires_between_two_calls_is_renewed(home: Path, tmp_path: Path) -> None:
    made = Service.make(tmp_path / "data", token_lifetime=2)
    with running(made):
        manager = JobManager(AzureOAuth.get_unattended_session(configured(made.account)))
        assert manager.get_jobs() == []
        time.sleep(2.5)
        assert manager.get_jobs() == []


def test_an_endpoint_that_is_down(
    home: Path, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.endpoint = f"127.0.0.1:{free_port()}"
    config = configured(account)
    with pytest.raises(AuthenticationException) as caught:
        AzureOAuth.get_unattended_session(config)
    assert account.endpoint in str(caught.value)
    assert "service is running" in str(caught.value)


def test_no_account_at_all(home: Path) -> None:
    with pytest.raises(InvalidConfigException, match="unattended_account"):
        AzureOAuth.get_unattended_session()


def test_without_the_ca_the_error_says_where_it_goes(home: Path, account: Account) -> None:
    account.ca_cert = ""
    with pytest.raises(AuthenticationException, match="BATCHAPPS_CA_CERT"):
        AzureOAuth.get_unattended_session(configured(account))


def test_no_such_job(creds: Credentials) -> None:
    with pytest.raises(NotFoundException, match="no job 'nothing'"):
        JobManager(creds).get_job(jobid="nothing")


def test_a_full_disk_on_download(creds: Credentials, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    import signal

    path = tmp_path / "large.bin"
    path.write_bytes(bytes(3_000_000))
    FileManager(creds).file_from_path(str(path)).upload()
    listed = FileManager(creds).find_files("large.bin")[0]
    target = tmp_path / "back"
    target.mkdir()
    (target / "large.bin").write_text("the good old one")
    # Writing beyond this size fails, as it does when the disk is full.
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
    try:
        with pytest.raises(FileDownloadException, match="Make room"):
            listed.download(str(target), overwrite=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert [p.name for p in target.iterdir()] == ["large.bin"]
    assert (target / "large.bin").read_text() == "the good old one"
