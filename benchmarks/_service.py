"""A service of the benchmark's own, in a process of its own, and the client's processes."""

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import psutil

ROOT = Path(__file__).resolve().parents[1]
JOB_TYPES = ROOT / "benchmarks" / "jobtypes"


def run(command: list[Any], given: Any = None) -> str:
    """What a program printed that was given `given` as JSON or text."""
    # Nothing of the caller's settings for certificates reaches what is measured.
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"BATCHAPPS_CA_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}
    } | {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    done = subprocess.run(
        list(map(str, command)),
        input=given if isinstance(given, str) else json.dumps(given),
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} {command[1:3]} failed:\n{(done.stderr or '')[-2000:]}")
    return done.stdout


def start(command: list[Any]) -> "subprocess.Popen[str]":
    """A process whose standard output is read."""
    return subprocess.Popen(list(map(str, command)), cwd=ROOT, stdout=subprocess.PIPE, text=True)


def line_of(process: "subprocess.Popen[str]") -> str:
    """The next line that it prints."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def end(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    assert process.stdout is not None
    process.stdout.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Service:
    """Serves until `stop`.

    Args:
        folder: Where it keeps its data and the homes of clients; it is removed at the end.
        profile: Where a profile of the process goes.
    """

    def __init__(self, folder: Path, profile: Path | None = None) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.data = folder / "data"
        command = [sys.executable, "-m", "batchapps_service"]
        said = run([*command, "init", self.data, "--port", free_port(), "--json"])
        self.endpoint = str(json.loads(said)["endpoint"])
        run([*command, "jobtypes", "add", self.data, *JOB_TYPES.iterdir()])
        self._accounts = 0
        if profile:
            command[2:] = ["benchmarks._profiling", str(profile)]
        self.process = start([*command, "serve", self.data, "--log-level", "warning"])
        if not line_of(self.process).startswith("ready"):
            raise RuntimeError("The service did not start.")
        self.pid = self.process.pid

    def begin_profile(self) -> None:
        """What its process did so far is not in the profile."""
        self.process.send_signal(signal.SIGUSR1)

    def stop(self) -> None:
        end(self.process)
        shutil.rmtree(self.folder)

    def cpu(self) -> float:
        """Seconds of processor time that its process has used."""
        times = psutil.Process(self.pid).cpu_times()
        return times.user + times.system

    def client(self) -> "Client":
        """A new account, and a client that nobody used before."""
        self._accounts += 1
        command = [sys.executable, "-m", "batchapps_service", "accounts", "add", self.data]
        account = json.loads(run([*command, "--json"]))
        return Client(account, self.folder / f"home-{self._accounts}")


class Client:
    """An account and what a client keeps between its processes, each of which does one thing."""

    def __init__(self, account: dict[str, str], home: Path) -> None:
        self.account = account
        self.home = home
        home.mkdir()

    def __call__(self, action: str, **given: Any) -> Any:
        """Measure one of the functions of ``_client``."""
        return alone(action, account=self.account, home=str(self.home), **given)

    def through(self, port: int) -> "Client":
        """A client of the same account that reaches the service by another port."""
        there = {"endpoint": f"https://127.0.0.1:{port}", "root": self.account["endpoint"]}
        return Client(self.account | there, self.home / str(port))

    def tls(self) -> ssl.SSLContext:
        """What trusts the service."""
        return ssl.create_default_context(cafile=self.account["ca_cert"])

    def token(self) -> str:
        """A token for programs that have no client."""
        parts = dict(part.split("=", 1) for part in self.account["account"].split(";"))
        reply = httpx.post(
            f"{self.account['endpoint']}/{parts['TenantID']}/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": parts["ClientID"],
                "client_secret": self.account["key"],
                "scope": "https://batchapps.core.windows.net//.default",
            },
            verify=self.tls(),
        )
        return str(reply.raise_for_status().json()["access_token"])

    def curl(self, url: str, *options: object) -> float:
        """Seconds that curl takes for a request, its connection included."""
        # Given by its standard input, so that the token is not in the list of processes.
        secret = f'header = "Authorization: Bearer {self.token()}"\n'
        command = ["curl", "--config", "-", "--silent", "--show-error", "--fail"]
        written = ["--write-out", "%{stderr}%{time_total}"]
        with_ca = ["--cacert", self.account["ca_cert"], *options, url]
        done = subprocess.run(
            list(map(str, [*command, *written, *with_ca])),
            input=secret,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"curl failed: {done.stderr}")
        return float(done.stderr)


def alone(action: str, **given: Any) -> Any:
    """Measure one of the functions of ``_client``, in a process of its own."""
    given = {k: str(v) if isinstance(v, Path) else v for k, v in given.items()}
    printed = run([sys.executable, "-m", "benchmarks._client"], {"action": action, **given})
    said = json.loads(printed.splitlines()[-1])
    if said.get("failed"):
        raise RuntimeError(f"{len(said['failed'])} files failed: {said['failed'][0]}")
    return said
