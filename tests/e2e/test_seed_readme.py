"""The usage section of the original's README, but for endpoint, account, key and paths."""

import re
import sys
import textwrap
import time
import types
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import Account, Service, bundle

import batchapps

CONFIGURATION = """
    from batchapps import Configuration

    # These can be retrieved when creating an unattended account in the Batch Apps portal.
    # See the authentication section below for more details.
    endpoint = 'myservice.batchapps.core.windows.net'
    account_details = 'ClientID=xxxxxxxx;TenantID=abcdefg'
    account_key = '12345'

    cfg = Configuration(log_level='debug', default=True)
    cfg.aad_config(account=account_details, key=account_key,
        endpoint=endpoint, unattended=True)

    cfg.add_jobtype('my_job_type')

    # Set this job type as the current job type
    cfg.current_jobtype('my_job_type')

    # Set the current job type as the default job type for future jobs
    cfg.set_default_jobtype()

    # Set up some default parameter values for the current job type
    cfg.set('quality', 10)
    cfg.set('timeout', 500)

    # Save updated configuration to file
    cfg.save_config()
"""
BY_HAND = """
    [Authentication]
    endpoint = myservice.batchapps.core.windows.net
    unattended_account = ClientID=abc;tenantID=xyz
    unattended_key = ***********************
"""
UNATTENDED = """
    from batchapps import AzureOAuth

    creds = AzureOAuth.get_unattended_session()
"""
TOKEN_GOT_ELSEWHERE = """
    from batchapps import Credentials, Configuration
    import my_oauth

    client_id = "abc"
    cfg = Configuration()

    aad_token = my_oauth.get_token(client_id)
    creds = Credentials(cfg, client_id, token=aad_token)
"""
JOBS = """
    from batchapps import AzureOAuth, JobManager
    import time

    creds = AzureOAuth.get_unattended_session()
    mgr = JobManager(creds)

    my_job = mgr.create_job("First Job")

    # Apply any custom parameters and source files here
    my_job.example_parameter = "test123"

    # Then submit the job
    new_job = my_job.submit()

    job_progress = mgr.get_job(url=new_job['link'])

    # Let's allow up to 30 minutes for the job to complete
    timeout = time.time() + 1800

    while time.time() < timeout:

        if job_progress.status is 'Complete':
            job_progress.get_output('c:\\\\my_download_dir')
            break

        if job_progress.status is 'Error':
            break

        time.sleep(30)
        job_progress.update()

    else:
        job_progress.cancel()
"""
FILES = """
    from batchapps import AzureOAuth, FileManager

    creds = AzureOAuth.get_unattended_session()
    mgr = FileManager(creds)

    file_collection = mgr.files_from_dir('c:\\\\my_job_assets')
    job_source = mgr.file_from_path('C:\\\\start_job.bat')
    file_collection.add(job_source)

    file_collection.upload()

    # Check files previously uploaded matching a certain name
    mgr.find_files('start_job.bat')

    # Retrieve a list of all uploaded files
    mgr.list_files()
"""
JOB_TYPE = """
specificationVersion: jobtemplate-2023-09
name: my_job_type
parameterDefinitions:
  - {name: quality, type: INT}
  - {name: timeout, type: INT}
  - {name: Out, type: PATH, objectType: DIRECTORY, dataFlow: OUT}
steps:
  - name: Work
    script:
      actions:
        onRun:
          command: bash
          args: ["-c", 'echo "$1 $2" > "$3/result.txt"', work, "{{Param.quality}}",
                 "{{Param.timeout}}", "{{Param.Out}}"]
"""

Run = Callable[[str], dict[str, Any]]


@pytest.fixture
def run(account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path) -> Run:
    """Run a piece of the README; the names it leaves."""
    monkeypatch.setenv("BATCHAPPS_CA_CERT", account.ca_cert)
    pause = time.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: pause(min(seconds, 0.2)))
    ours = {
        "'myservice.batchapps.core.windows.net'": repr(account.endpoint),
        "'ClientID=xxxxxxxx;TenantID=abcdefg'": repr(account.account),
        "'12345'": repr(account.key),
        r"'c:\\my_download_dir'": repr(str(tmp_path / "downloads")),
        r"'c:\\my_job_assets'": repr(str(tmp_path / "assets")),
        r"'C:\\start_job.bat'": repr(str(tmp_path / "start_job.bat")),
    }

    def run(piece: str) -> dict[str, Any]:
        for theirs, our in ours.items():
            piece = piece.replace(theirs, our)
        names: dict[str, Any] = {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # of comparing text with `is`
            exec(textwrap.dedent(piece), names)
        return names

    return run


def test_configure_then_run_a_job(run: Run, service: Service, tmp_path: Path) -> None:
    service.add_jobtype(bundle(tmp_path / "bundles", "my_job_type", JOB_TYPE))
    run(CONFIGURATION)
    names = run(JOBS)
    assert names["job_progress"].status == "Complete"
    (archive,) = (tmp_path / "downloads").iterdir()
    assert zipfile.ZipFile(archive).read("result.txt") == b"10 500\n"
    assert names["new_job"]["id"] == names["job_progress"].id


def test_sync_files(run: Run, tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "scene.txt").write_text("scene")
    (tmp_path / "start_job.bat").write_text("start")
    run(CONFIGURATION)
    names = run(FILES)
    assert len(names["file_collection"].is_uploaded()) == 0
    assert [file.name for file in names["mgr"].find_files("start_job.bat")] == ["start_job.bat"]
    assert len(names["mgr"].list_files()) == 2


def test_log_in_with_what_was_written_by_hand(run: Run, home: Path, account: Account) -> None:
    text = textwrap.dedent(BY_HAND)
    text = text.replace("myservice.batchapps.core.windows.net", account.endpoint)
    text = text.replace("abc", account.client_id).replace("xyz", account.tenant)
    text = re.sub(r"\*+", account.key, text)
    (home / "BatchAppsData").mkdir()
    (home / "BatchAppsData" / "batch_apps.ini").write_text(text)
    names = run(UNATTENDED)
    assert batchapps.JobManager(names["creds"]).get_jobs() == []


def test_use_a_token_got_elsewhere(
    run: Run, service: Service, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(CONFIGURATION)
    my_oauth = types.ModuleType("my_oauth")
    my_oauth.get_token = lambda client_id: {  # type: ignore[attr-defined]
        "access_token": service.token(account),
        "token_type": "Bearer",
    }
    monkeypatch.setitem(sys.modules, "my_oauth", my_oauth)
    names = run(TOKEN_GOT_ELSEWHERE)
    assert batchapps.JobManager(names["creds"]).get_jobs() == []
