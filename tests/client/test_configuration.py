"""The configuration file."""

import logging
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from batchapps import Configuration, InvalidConfigException, config


def ini(home: Path) -> Path:
    return home / "BatchAppsData" / "batch_apps.ini"


def by_hand(home: Path, text: str, encoding: str = "utf-8") -> None:
    ini(home).parent.mkdir(exist_ok=True)
    ini(home).write_text(text, encoding=encoding)


def test_first_configuration_writes_defaults(home: Path) -> None:
    cfg = Configuration()
    assert cfg.current_jobtype() == "Blender"
    assert cfg.list_jobtypes() == ["Blender", "Test"]
    assert cfg.default_params() == {
        "filename": "output",
        "format": "png",
        "start": "1",
        "end": "10",
        "command": "PNG",
    }
    text = ini(home).read_text()
    assert "root = login.windows.net/" in text
    assert "resource = https://batchapps.core.windows.net/" in text


def test_what_one_configuration_saves_the_next_one_finds(home: Path) -> None:
    cfg = Configuration(log_level="debug", default=True)
    cfg.aad_config(
        account="ClientID=xxxxxxxx;TenantID=abcdefg",
        key="12345",
        endpoint="myservice.batchapps.core.windows.net",
        unattended=True,
    )
    cfg.add_jobtype("my_job_type")
    cfg.current_jobtype("my_job_type")
    cfg.set_default_jobtype()
    cfg.set("quality", 10)
    cfg.set("Time Out", 500)
    assert cfg.save_config()

    found = Configuration()
    assert found.jobtype == "my_job_type"
    assert found.default_params() == {"quality": "10", "Time Out": "500"}
    assert found.get("quality") == "10"
    assert found.aad_config(unattended=True) == {
        "endpoint": "myservice.batchapps.core.windows.net",
        "unattended_account": "ClientID=xxxxxxxx;TenantID=abcdefg",
        "unattended_key": "12345",
        "client_id": "",
        "redirect_uri": "",
        "tenant": "common",
        "auth_uri": "/oauth2/authorize",
        "token_uri": "/oauth2/token",
        "root": "login.windows.net/",
        "resource": "https://batchapps.core.windows.net/",
    }


def test_default_leaves_the_disk_alone_until_saved(home: Path) -> None:
    Configuration(default=True, log_level="critical")
    assert not ini(home).exists()
    by_hand(home, "[Mine]\nx = 1\n")
    fresh = Configuration(default=True)
    assert fresh.list_jobtypes() == ["Blender", "Test"]
    assert ini(home).read_text() == "[Mine]\nx = 1\n"
    fresh.save_config()
    assert "Mine" not in ini(home).read_text()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_only_the_owner_can_read_the_file(home: Path) -> None:
    by_hand(home, "[Mine]\nx = 1\n")
    ini(home).chmod(0o644)
    assert Configuration().save_config()
    assert stat.S_IMODE(ini(home).stat().st_mode) == 0o600


def test_place_and_name_can_be_chosen(tmp_path: Path) -> None:
    Configuration(tmp_path / "here", None, None, "x.ini", "data").save_config()
    assert (tmp_path / "here" / "data" / "x.ini").is_file()


def test_a_file_that_cannot_be_saved_stays_as_it_was(home: Path) -> None:
    cfg = Configuration()
    ini(home).unlink()
    ini(home).mkdir()  # no file can take the place of a folder
    (ini(home) / "in the way").touch()
    assert cfg.save_config() is False
    assert os.listdir(ini(home)) == ["in the way"]
    assert [name for name in os.listdir(home / "BatchAppsData") if name.endswith(".part")] == []


def test_a_few_lines_by_hand_are_enough(home: Path) -> None:
    by_hand(
        home,
        "[Authentication]\n"
        "endpoint = https://myservice.batchapps.core.windows.net/\n"
        "unattended_account = ClientID=abc;tenantID=xyz\n"
        "unattended_key = %(not interpolated)s {either}\n",
        encoding="utf-8-sig",  # as Notepad writes it
    )
    cfg = Configuration()
    settings = cfg.aad_config(unattended=True)
    assert settings["endpoint"] == "https://myservice.batchapps.core.windows.net/"
    assert cfg.endpoint() == "myservice.batchapps.core.windows.net"
    assert settings["unattended_key"] == "%(not interpolated)s {either}"
    assert settings["root"] == "login.windows.net/"
    assert cfg.jobtype == ""
    with pytest.raises(InvalidConfigException, match="current_jobtype"):
        cfg.default_params()


def test_the_only_job_type_needs_no_mark(home: Path) -> None:
    by_hand(home, "[Only]\nx = 1\nx = 2\n")
    assert Configuration().current_jobtype() == "Only"
    by_hand(home, "[One]\nx = 1\n[Two]\nx = 2\n")
    assert Configuration().jobtype == ""


def test_files_of_version_0_1_are_understood(home: Path) -> None:
    by_hand(
        home,
        "[Blender]\ndefault_app = True\nendpoint = old.example.com\nclient_id = c1\n"
        "redirect_uri = http://localhost\nformat = png\n"
        "[Authentication]\nservice_principal = ClientId=a;TenantId=b\nservice_principal_key = s\n"
        "auth_uri = login.windows.net/common/oauth2/authorize\n",
    )
    cfg = Configuration()
    assert cfg.jobtype == "Blender"
    assert cfg.endpoint() == "old.example.com"
    assert cfg.default_params() == {"format": "png"}
    settings = cfg.aad_config(unattended=True)
    assert settings["unattended_account"] == "ClientId=a;TenantId=b"
    assert settings["unattended_key"] == "s"
    assert cfg.aad_config()["client_id"] == "c1"


def test_a_broken_file_is_named_and_its_key_is_not_shown(home: Path) -> None:
    by_hand(home, "[Authentication]\nunattended_key\nS3CRET line\n")
    with pytest.raises(InvalidConfigException, match="line 2") as caught:
        Configuration()
    assert str(ini(home)) in str(caught.value)
    assert "S3CRET" not in str(caught.value)


def test_the_key_is_not_shown(home: Path) -> None:
    cfg = Configuration(log_level="debug")
    settings = cfg.aad_config(
        account="ClientID=a;TenantID=b", key="S3CRET", endpoint="h", unattended=True
    )
    assert settings["unattended_key"] == "S3CRET"
    assert "S3CRET" not in repr(settings) + repr(cfg) + str(settings)


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ("https://my.example.com/", "my.example.com"),
        ("HTTP://localhost:8443", "localhost:8443"),
        (" 127.0.0.1:8443// ", "127.0.0.1:8443"),
        ("https://my.example.com/api/", "my.example.com"),
    ],
)
def test_endpoint_is_taken_in_any_form(given: str, host: str) -> None:
    assert Configuration().endpoint(given) == host


@pytest.mark.parametrize("given", ["", "two words", "https://", "host:port", "user@host"])
def test_endpoint_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(InvalidConfigException):
        Configuration().endpoint(given)


def test_what_is_missing_is_named_after_the_rest_was_set() -> None:
    cfg = Configuration()
    with pytest.raises(InvalidConfigException, match="endpoint, unattended_key"):
        cfg.aad_config(account="ClientID=a;TenantID=b", key="{key}", unattended=True)
    assert cfg.aad_config(validate=False)["unattended_account"] == "ClientID=a;TenantID=b"
    with pytest.raises(InvalidConfigException, match="client_id, redirect_uri"):
        cfg.aad_config(endpoint="h")
    with pytest.raises(InvalidConfigException, match="endpoint"):
        Configuration(default=True).endpoint()


def test_job_types() -> None:
    cfg = Configuration(jobtype="Test")
    assert cfg.default_params() == {"param1": "abc", "param2": "xyz"}
    cfg.add_jobtype("New", width=5, Height=None)
    cfg.add_jobtype("New", width=6)
    assert cfg.current_jobtype("New") == "New"
    assert cfg.default_params() == {"width": "6", "Height": "None"}
    assert cfg.get("absent") is None
    with pytest.raises(InvalidConfigException, match="add_jobtype"):
        cfg.current_jobtype("Absent")
    assert cfg.current_jobtype() == "New"
    with pytest.raises(InvalidConfigException, match="'Absent'"):
        Configuration(jobtype="Absent")
    for name in ("Logging", "Authentication", "a]b", ""):
        with pytest.raises(InvalidConfigException):
            cfg.add_jobtype(name)
    for name in ("a=b", "[x]", "#x", "", "a\nb"):
        with pytest.raises(InvalidConfigException):
            cfg.set(name, 1)


def test_remove() -> None:
    cfg = Configuration()
    assert cfg.remove("Test")
    assert cfg.list_jobtypes() == ["Blender"]
    assert cfg.remove("format")
    assert "format" not in cfg.default_params()
    for kept in ("Blender", "Logging", "Authentication", "absent"):
        assert not cfg.remove(kept)
    assert cfg.clear_config()
    assert cfg.list_jobtypes() == ["Blender", "Test"]


def test_former_names_warn_of_their_successors() -> None:
    with pytest.warns(DeprecationWarning, match="use jobtype="):
        cfg = Configuration(application="Test")
    calls: list[tuple[Callable[[], object], str]] = [
        (lambda: cfg.job_type, "jobtype"),
        (cfg.application, "current_jobtype"),
        (cfg.applications, "list_jobtypes"),
        (lambda: cfg.add_application("X", "ignored", y=1), "add_jobtype"),
        (cfg.set_default_application, "set_default_jobtype"),
    ]
    for call, successor in calls:
        with pytest.warns(DeprecationWarning, match=successor):
            call()
    assert Configuration().jobtype == "Test"
    assert "X" in Configuration().list_jobtypes()


def test_logging_goes_where_the_switches_say(
    home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    log = home / "BatchAppsData" / "batch_apps.log"
    monkeypatch.setattr(config, "STREAM_LOG", False)
    cfg = Configuration(log_level="info")
    assert not log.exists()
    logging.getLogger("batch_apps").info("a word")
    assert "[INFO], test_configuration: a word" in log.read_text()
    assert "a word" not in capfd.readouterr().err
    assert cfg.logging_level() == "WARNING"  # the file's, which the argument does not change
    assert cfg.logging_level(40) == "ERROR"
    assert logging.getLogger("batch_apps").level == logging.ERROR
    assert cfg.logging_level("nonsense") == "WARNING"


def test_importing_changes_nothing_and_leaves_msal_out() -> None:
    code = (
        "import sys, logging; before = logging.getLoggerClass(); import batchapps;"
        "assert logging.getLoggerClass() is before;"
        "assert not logging.getLogger('batch_apps').handlers;"
        "assert 'msal' not in sys.modules;"
        "from batchapps import *; assert JobManager and Configuration"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


def test_no_home_to_write_in_is_no_reason_to_stop(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    cfg = Configuration(tmp_path / "file")
    assert cfg.current_jobtype() == "Blender"
    assert "could not be saved" in capfd.readouterr().err


def test_a_ca_given_by_a_relative_path_is_found_from_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    cfg = Configuration()
    kept = cfg.aad_config(ca_cert="tls/ca.pem", validate=False)["ca_cert"]
    assert kept == str(tmp_path / "tls" / "ca.pem")
    cfg.save_config()
    monkeypatch.chdir("elsewhere")
    assert Configuration().aad_config(validate=False)["ca_cert"] == kept
    assert "ca_cert" not in cfg.aad_config(ca_cert="", validate=False)


def test_a_relative_ca_in_the_file_counts_from_here_then_from_the_file(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ini = home / "BatchAppsData" / "batch_apps.ini"
    ini.parent.mkdir()
    ini.write_text("[Authentication]\nca_cert = ca.pem\n")
    monkeypatch.chdir(tmp_path)
    cfg = Configuration()
    assert cfg.aad_config(validate=False)["ca_cert"] == str(ini.parent / "ca.pem")
    (ini.parent / "ca.pem").write_text("")
    assert cfg.aad_config(validate=False)["ca_cert"] == str(ini.parent / "ca.pem")
    (tmp_path / "ca.pem").write_text("")
    found = Path(cfg.aad_config(validate=False)["ca_cert"])
    assert found.absolute() == tmp_path / "ca.pem"


class Keyring:
    """Stands for the package ``keyring``."""

    backends = ()

    def get_keyring(self) -> object:
        return self

    def get_password(self, service: str, user: str) -> str | None:
        return {("AzureBatchApps", "a"): "key of the keyring"}.get((service, user))


def test_the_key_may_lie_elsewhere_and_is_not_saved_then(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cfg = Configuration()
    cfg.aad_config(account="ClientID=a;TenantID=b", endpoint="h", validate=False)
    monkeypatch.setitem(sys.modules, "keyring", None)  # importing it fails
    with pytest.raises(InvalidConfigException, match="lacks unattended_key"):
        cfg.aad_config(unattended=True)
    monkeypatch.setitem(sys.modules, "keyring", Keyring())
    places = {
        "key of the keyring": lambda: None,
        "key of the ini": lambda: cfg.aad_config(key="key of the ini", validate=False),
        "key in the environment": lambda: monkeypatch.setenv(
            "BATCHAPPS_UNATTENDED_KEY", "key in the environment"
        ),
    }
    for key, put in places.items():
        put()
        settings = cfg.aad_config(unattended=True)
        assert settings["unattended_key"] == key
        assert key not in repr(settings)
        cfg.save_config()
        assert (key in ini(home).read_text()) == (key == "key of the ini")
    other = Configuration(default=True)
    monkeypatch.delenv("BATCHAPPS_UNATTENDED_KEY")
    other.aad_config(account="ClientID=somebody else", validate=False)
    assert other.aad_config(validate=False)["unattended_key"] == ""
