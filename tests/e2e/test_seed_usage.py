"""What the README of 0.2 showed its users, run as they would run it.

Only endpoint, account, key and paths are put in, and pauses are shortened.
"""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from support import Account, Service, bundle

USAGE = Path(__file__).parent / "seed_usage"

TEMPLATE = """
specificationVersion: jobtemplate-2023-09
name: my_job_type
parameterDefinitions:
  - {name: quality, type: INT}
  - {name: timeout, type: INT}
  - {name: example_parameter, type: STRING}
  - {name: seconds, type: FLOAT, default: 0}
  - {name: Out, type: PATH, objectType: DIRECTORY, dataFlow: OUT}
steps:
  - name: Only
    script:
      actions:
        onRun:
          command: bash
          args:
            - "-c"
            - 'sleep "$4"; echo "$1 $2" > "$3/made.txt"'
            - only
            - "{{Param.quality}}"
            - "{{Param.example_parameter}}"
            - "{{Param.Out}}"
            - "{{Param.seconds}}"
"""


class User:
    """Somebody with a home folder, an account, and programs to run."""

    def __init__(self, account: Account, folder: Path) -> None:
        self.account = account
        self.folder = folder
        self.ini = folder / "BatchAppsData" / "batch_apps.ini"

    def has(self, usage: str, *changes: tuple[str, str]) -> str:
        """The text of a piece of usage with the user's own values in it."""
        text = (USAGE / usage).read_text()
        host = self.account.endpoint.removeprefix("https://")
        for old, new in (
            ("myservice.batchapps.core.windows.net", host),
            ("ClientID=xxxxxxxx;TenantID=abcdefg", self.account.account),
            ("'12345'", f"'{self.account.key}'"),
            ("ClientID=abc", f"ClientID={self.account.client_id}"),
            ("tenantID=xyz", f"tenantID={self.account.tenant}"),
            ("***********************", self.account.key),
            ("'c:\\\\my_download_dir'", repr(str(self.folder / "downloads"))),
            ("'c:\\\\my_job_assets'", repr(str(self.folder / "assets"))),
            ("'C:\\\\start_job.bat'", repr(str(self.folder / "start_job.bat"))),
        ):
            text = text.replace(old, new)
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        return text

    def runs(self, program: str, then: str = "None") -> object:
        """Run a program and return what the expression `then` is at its end."""
        path = self.folder / "program.py"
        path.write_text(
            "import time as _time; _sleep = _time.sleep\n"
            "_time.sleep = lambda seconds: _sleep(min(seconds, 0.2))\n"
            f"{program}\n"
            f"import json as _json; print(_json.dumps({then}))\n"
        )
        done = subprocess.run(
            [sys.executable, "-W", "ignore::SyntaxWarning", path],
            env=os.environ
            | {
                "HOME": str(self.folder),
                "USERPROFILE": str(self.folder),
                "BATCHAPPS_CA_CERT": self.account.ca_cert,
            },
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def user(service: Service, tmp_path: Path) -> User:
    service.add_jobtype(bundle(tmp_path / "bundles", "my_job_type", TEMPLATE))
    return User(service.add_account(), tmp_path)


@pytest.fixture
def configured_user(user: User) -> User:
    user.runs(user.has("configuration.txt"))
    return user


def test_configuration(user: User) -> None:
    found = user.runs(
        user.has("configuration.txt"),
        then="[Configuration().current_jobtype(), Configuration().default_params()]",
    )
    assert found == ["my_job_type", {"quality": "10", "timeout": "500"}]
    assert user.ini.is_file()


def test_a_configuration_file_edited_by_hand(user: User) -> None:
    user.ini.parent.mkdir()
    user.ini.write_text(user.has("account.ini"))
    program = user.has("unattended.txt")
    assert user.runs(program, then="creds.get_session().get('/jobs').json()['totalCount']") == 0


def test_a_token_got_elsewhere(configured_user: User, service: Service) -> None:
    user = configured_user
    (user.folder / "my_oauth.py").write_text(
        "def get_token(client_id):\n"
        "    assert client_id == 'abc'\n"
        f"    return {{'token_type': 'Bearer', 'access_token': {service.token(user.account)!r}}}\n"
    )
    program = user.has("token.txt")
    assert user.runs(program, then="creds.get_session().get('/jobs').json()['totalCount']") == 0


def test_a_job_is_submitted_followed_and_downloaded(configured_user: User) -> None:
    user = configured_user
    found = user.runs(user.has("jobs.txt"), then="[job_progress.status, new_job['id']]")
    assert isinstance(found, list)
    assert found[0] == "Complete"
    assert [one.name for one in (user.folder / "downloads").iterdir()] == ["output.zip"]
    with zipfile.ZipFile(user.folder / "downloads" / "output.zip") as packed:
        assert packed.read("made.txt") == b"10 test123\n"


def test_a_job_that_takes_too_long_is_cancelled(configured_user: User) -> None:
    user = configured_user
    program = user.has(
        "jobs.txt",
        ('= "test123"\n', '= "test123"; my_job.seconds = 60\n'),
        ("time.time() + 1800", "time.time() + 5"),
    )
    assert user.runs(program, then="job_progress.status") in ("Cancelling", "Cancelled")
    assert not (user.folder / "downloads").exists()


def test_files_are_uploaded_found_and_listed(configured_user: User) -> None:
    user = configured_user
    (user.folder / "assets").mkdir()
    for name in ("one.txt", "two.txt"):
        (user.folder / "assets" / name).write_text(name)
    (user.folder / "start_job.bat").write_text("echo start")
    found = user.runs(
        user.has("files.txt"),
        then="[[f.name for f in mgr.find_files('start_job.bat')],"
        " sorted(f.name for f in mgr.list_files()), len(file_collection.is_uploaded())]",
    )
    assert found == [["start_job.bat"], ["one.txt", "start_job.bat", "two.txt"], 0]
