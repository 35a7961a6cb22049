"""Fixtures: an empty home, a stand-in for the service, and managers that talk to it."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from standin import ACCOUNT, KEY, FakeService

import batchapps
from batchapps import Configuration, Credentials, FileManager, JobManager, PoolManager, config


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.LeafCert, Path]:
    """A certificate for this machine, and the file of the CA that issued it."""
    ca = trustme.CA()
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(str(path))
    return ca.issue_cert("127.0.0.1"), path


@pytest.fixture
def service(certificate: tuple[trustme.LeafCert, Path]) -> Iterator[FakeService]:
    fake = FakeService(*certificate)
    yield fake
    fake.close()


@pytest.fixture
def other(certificate: tuple[trustme.LeafCert, Path]) -> Iterator[FakeService]:
    """A service at another address."""
    fake = FakeService(*certificate)
    yield fake
    fake.close()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty home folder, and logging as in a fresh process."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    monkeypatch.setattr(config, "LOGGERS", {})
    logger = logging.getLogger("batch_apps")
    before = list(logger.handlers)
    yield folder
    for handler in [h for h in logger.handlers if h not in before]:
        logger.removeHandler(handler)
        handler.close()
    logger.setLevel(logging.NOTSET)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses before requests are sent again, which are then not made."""
    made: list[float] = []
    monkeypatch.setattr("time.sleep", made.append)
    return made


@pytest.fixture
def cfg(service: FakeService) -> Configuration:
    made = Configuration(log_level="debug")
    made.aad_config(
        account=ACCOUNT,
        key=KEY,
        endpoint=service.endpoint,
        unattended=True,
        ca_cert=str(service.ca_cert),
    )
    made.save_config()
    return made


@pytest.fixture
def creds(cfg: Configuration) -> Credentials:
    return Credentials(cfg, "artist", token="given-token")


@pytest.fixture
def jobs(creds: Credentials) -> JobManager:
    return batchapps.JobManager(creds)


@pytest.fixture
def files(creds: Credentials) -> FileManager:
    return batchapps.FileManager(creds)


@pytest.fixture
def pools(creds: Credentials) -> PoolManager:
    return batchapps.PoolManager(creds)
