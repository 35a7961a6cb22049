"""The client, as a program uses it, logged in to the real service."""

import os
from pathlib import Path

import pytest
from support import Account, Service, configured

import batchapps
from batchapps import AzureOAuth, Configuration, Credentials


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of the test's own."""
    folder = tmp_path / "home"
    folder.mkdir()
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(folder))
    monkeypatch.setattr(batchapps.config, "STREAM_LOG", False)
    assert Path.home() == folder
    assert "BATCHAPPS_CA_CERT" not in os.environ
    return folder


@pytest.fixture
def account(service: Service) -> Account:
    """An account of the test's own."""
    return service.add_account()


@pytest.fixture
def cfg(home: Path, account: Account) -> Configuration:
    """Its configuration."""
    return configured(account)


@pytest.fixture
def creds(cfg: Configuration) -> Credentials:
    """Its credentials."""
    return AzureOAuth.get_unattended_session(cfg)
