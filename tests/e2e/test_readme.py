"""The README's code, run as a reader would run it."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT, Service, command

BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
SHORTER_PAUSES = """
import time as _time
_sleep = _time.sleep
_time.sleep = lambda seconds: _sleep(min(seconds, 0.5))
"""


def blocks(language: str) -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return [code for found, code in BLOCK.findall(text) if found == language]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the reader works; also the home folder."""
    (tmp_path / "photos").mkdir()
    for name in ("cell.png", "coins.png", "rocket.jpg"):
        shutil.copy(ROOT / "examples" / "photos" / name, tmp_path / "photos")
    (tmp_path / "scene.blend").write_bytes(b"a scene")
    (tmp_path / "jobtypes").symlink_to(ROOT / "jobtypes")
    return tmp_path


def environment(folder: Path) -> dict[str, str]:
    return os.environ | {"HOME": str(folder), "USERPROFILE": str(folder)}


def test_the_python_code_runs_in_order(service: Service, folder: Path) -> None:
    account = service.add_account()
    (folder / "my_oauth.py").write_text(
        f"def get_token(client_id): return {{'access_token': {service.token(account)!r}}}\n"
    )
    code = "\n".join(blocks("python"))
    for shown, real in (
        ('"127.0.0.1:8443"', repr(account.endpoint.removeprefix("https://"))),
        ('"ClientID=...;TenantID=..."', repr(account.account)),
        ('key="..."', f"key={account.key!r}"),
        ('"my-service/tls/ca.pem"', repr(account.ca_cert)),
    ):
        assert shown in code
        code = code.replace(shown, real)
    program = folder / "program.py"
    program.write_text(SHORTER_PAUSES + code)
    done = subprocess.run(
        [sys.executable, program],
        env=environment(folder),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert "Complete True" in lines  # the job on a pool
    assert "Complete 100" in lines
    assert "1 of 3 files to send" in lines  # the photographs are there from the first job
    assert "ImageResize" in lines
    assert any(line.startswith("404 ") for line in lines)
    assert any(line.startswith("JobList(") for line in lines)
    assert {path.name for path in (folder / "results").iterdir()} >= {
        "resized.zip",
        "contact sheet.jpg",
        "rocket.jpg",
    }
    assert (folder / "back" / "scene.blend").read_bytes() == b"a scene"


def test_the_configuration_file_is_as_shown(service: Service, folder: Path) -> None:
    account = service.add_account()
    (text,) = blocks("ini")
    for shown, real in (
        ("127.0.0.1:8443", account.endpoint.removeprefix("https://")),
        ("ClientID=...;TenantID=...", account.account),
        ("unattended_key = ...", f"unattended_key = {account.key}"),
        ("my-service/tls/ca.pem", account.ca_cert),
    ):
        assert shown in text
        text = text.replace(shown, real)
    (folder / "BatchAppsData").mkdir()
    (folder / "BatchAppsData" / "batch_apps.ini").write_text(text)
    program = (
        "from batchapps import AzureOAuth, Configuration, JobManager\n"
        "creds = AzureOAuth.get_unattended_session()\n"
        "print(len(JobManager(creds).get_jobs()), Configuration().default_params())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(folder),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == "0 {'width': '500', 'height': '500'}\n", done.stderr


def test_the_commands_of_the_service_run(folder: Path) -> None:
    commands = [
        line.removeprefix("$ ")
        for block in blocks("console")
        for line in block.splitlines()
        if line.startswith("$ batchapps-service")
    ]
    # In the synopsis, what is in brackets may be given or not.
    values = {
        "DIR": "other",
        "BUNDLE": "jobtypes/ImageResize",
        "NAME": "ImageResize",  # it does for hosts and users too
        "VERSION": "1",
        "LEVEL": "info",
    }
    run = 0
    for line in commands:
        words = shlex.split(line.replace("[", "").replace("]", ""))
        words = [values.get(word, word) for word in words]
        if words[1] == "serve":
            continue
        if "ID" in words:
            listed = command("accounts", "list", folder / "other").stdout
            words[words.index("ID")] = listed.split()[0]
        done = subprocess.run(
            [sys.executable, "-m", "batchapps_service", *words[1:]],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, (line, done.stderr)
        run += 1
    assert run == 15


def test_the_settings_are_those_of_the_service() -> None:
    from dataclasses import fields

    from batchapps_service._settings import Settings

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", text, re.MULTILINE))
    for setting in fields(Settings):
        shown = listed[setting.name].strip("`")
        if setting.name != "tenant":
            assert shown in (str(setting.default), json.dumps(setting.default)), setting.name


def test_links_lead_to_files() -> None:
    for page in ("README.md", "CHANGES.md"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / page).read_text("utf-8")):
            assert (ROOT / target).exists(), target
