"""Client 0.5.2 as the package index has it, in a Python environment of its own."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import leaks
from conformance import check, check_request
from support import ROOT, Account

HERE = Path(__file__).parent / "peer"
ENVIRONMENT = ROOT / ".cache" / "peer-venv"


def install() -> Path:
    """The Python that 0.5.2 is installed in; made once, and anew when the pins change."""
    stamp = ENVIRONMENT / "made-from.txt"
    wanted = f"{sys.version}\n{(HERE / 'requirements.txt').read_text()}"
    if not stamp.is_file() or stamp.read_text() != wanted:
        _make(wanted, stamp.name)
    _assert_unmodified()
    return ENVIRONMENT / "bin" / "python"


def _make(wanted: str, stamp: str) -> None:
    ENVIRONMENT.parent.mkdir(exist_ok=True)
    # Made under another name first, so that an interrupted run leaves no half environment.
    with tempfile.TemporaryDirectory(prefix="peer-venv.", dir=ENVIRONMENT.parent) as folder:
        fresh = Path(folder) / "venv"
        venv.create(fresh, with_pip=True)
        pip = [str(fresh / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
        done = subprocess.run(
            [*pip, "install", "--quiet", "-r", str(HERE / "requirements.txt")],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"client 0.5.2 could not be installed:\n{done.stderr}"
        (fresh / stamp).write_text(wanted)
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        fresh.rename(ENVIRONMENT)


def _assert_unmodified() -> None:
    """Fail where a file of the client is not the one that was installed."""
    (record,) = ENVIRONMENT.glob(
        "lib/python*/site-packages/azure_batch_apps-0.5.2.dist-info/RECORD"
    )
    checked = 0
    for line in record.read_text().splitlines():
        name, digest, _ = line.rsplit(",", 2)
        if name.startswith("batchapps/") and digest:
            content = (record.parents[1] / name).read_bytes()
            actual = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
            assert digest == f"sha256={actual.decode()}", f"{name} was changed after installation"
            checked += 1
    assert checked >= 14


@dataclass
class Run:
    """What a program printed, and the calls that it made in each of its parts."""

    said: dict[str, Any]
    calls: dict[str, list[dict[str, Any]]]

    def __getitem__(self, name: str) -> Any:
        return self.said[name]

    def made(self, part: str) -> set[str]:
        """The calls of a part, such as ``PUT files``: the first word of the path follows."""
        return {
            f"{call['method']} {call['url'].partition('/api/')[2].partition('/')[0]}"
            for call in self.calls[part]
        }


def run(
    program: str, account: Account, folder: Path, jobtype: str, settings: str = "", **given: Path
) -> Run:
    """Run one of the programs to its end; ``settings`` go to the job type's part of the ini file.

    All its calls and their answers are held against the description.
    """
    home, calls = folder / "home", folder / "calls.jsonl"
    leaks.IGNORED.add(home)
    (home / "BatchAppsData").mkdir(parents=True)
    host = account.endpoint.removeprefix("https://")
    (home / "BatchAppsData" / "batch_apps.ini").write_text(
        f"[Authentication]\nendpoint = {host}/\nroot = {host}/\n"
        f"unattended_account = {account.account}\nunattended_key = {account.key}\n"
        "tenant = common\nauth_uri = /oauth2/authorize\ntoken_uri = /oauth2/token\n"
        "resource = https://batchapps.core.windows.net/\nclient_id =\nredirect_uri =\n"
        f"[Logging]\nlevel = 30\n[{jobtype}]\n{settings}default_jobtype = True\n"
    )
    paths = {"home": home, "calls": calls, "ca_cert": account.ca_cert, **given}
    kept = ("PATH", "LANG", "LC_ALL")
    finished = subprocess.run(
        [install(), HERE / "programs" / f"{program}.py"],
        input=json.dumps({key: str(value) for key, value in paths.items()}),
        env={key: value for key, value in os.environ.items() if key in kept}
        # The client fails without a keyring, and machines without people have none.
        | {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
        | {"HOME": str(home), "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr[-3000:]
    parts: dict[str, list[dict[str, Any]]] = {}
    part = parts.setdefault("", [])
    for call in map(json.loads, calls.read_text().splitlines()):
        if "mark" in call:
            part = parts.setdefault(call["mark"], [])
        else:
            _check(call)
            part.append(call)
    return Run(json.loads(finished.stdout), parts)


def _check(call: dict[str, Any]) -> None:
    # What a program does wrong on purpose is refused with 400; the rest is as described.
    if call["status"] != 400:
        sent = call["sent"]
        check_request(call["method"], call["url"], sent.encode() if sent else None)
    content = None if call["content"] is None else base64.b64decode(call["content"])
    check(call["method"], call["url"], call["status"], call["headers"], content)
