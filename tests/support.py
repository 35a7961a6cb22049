"""A real service process for tests, and what they need to talk to it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import leaks
from conformance import check_response

from batchapps import Configuration

ROOT = Path(__file__).resolve().parents[1]
RESOURCE = "https://batchapps.core.windows.net/"
STAMP = "2014-08-04T03:53:30Z"


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command(*arguments: object) -> "subprocess.CompletedProcess[str]":
    """Run ``batchapps-service`` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "batchapps_service", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def until(check: Callable[[], Any], timeout: float = 60, every: float = 0.05) -> Any:
    """The first true value of ``check()``; fails after ``timeout`` seconds."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        value = check()
        if value:
            return value
        time.sleep(every)
    raise AssertionError(f"{check} stayed false for {timeout} s")


@dataclass
class Account:
    """An unattended account, as ``init`` or ``accounts add`` printed it."""

    endpoint: str
    account: str
    key: str = field(repr=False)
    ca_cert: str

    def __post_init__(self) -> None:
        leaks.learn(self.key)

    @property
    def client_id(self) -> str:
        return self.account.split(";")[0].partition("=")[2]

    @property
    def tenant(self) -> str:
        return self.account.split(";")[1].partition("=")[2]


@dataclass
class Person:
    """A user who signs in on a web page, as ``users add`` printed it."""

    endpoint: str
    client_id: str
    tenant: str
    user: str
    password: str = field(repr=False)
    ca_cert: str

    def __post_init__(self) -> None:
        leaks.learn(self.password)


@dataclass
class Service:
    """A data directory, and the process that serves it."""

    directory: Path
    account: Account
    process: "subprocess.Popen[str] | None" = None
    seconds_to_ready: float = 0.0
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        self.log = self.directory.with_suffix(".log")

    @classmethod
    def make(cls, directory: Path, **settings: Any) -> "Service":
        """A new data directory on a free port; ``settings`` go into its ``service.json``."""
        done = command("init", directory, "--port", free_port(), "--json")
        assert done.returncode == 0, done.stderr
        service = cls(directory, Account(**json.loads(done.stdout)))
        if settings:
            path = directory / "service.json"
            path.write_text(json.dumps(json.loads(path.read_text()) | settings))
        return service

    def start(self, *before: str, **environment: str) -> "Service":
        """Serve; ``before`` is a program, with its arguments, that runs the service."""
        started = time.monotonic()
        self.process = subprocess.Popen(
            [
                *before,
                *(sys.executable, "-m", "batchapps_service"),
                *("serve", str(self.directory), "--log-level", "debug"),
            ],
            stdout=subprocess.PIPE,
            stderr=self.log.open("a"),
            text=True,
            env=os.environ | environment,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.seconds_to_ready = time.monotonic() - started
        assert line == f"ready {self.account.endpoint}\n", (line, self.log.read_text()[-3000:])
        return self

    def stop(self, how: int = signal.SIGTERM) -> int:
        """The exit status of the stopped process."""
        assert self.process is not None
        assert self.process.stdout is not None
        self.process.send_signal(how)
        status = self.process.wait(30)
        self.process.stdout.close()
        self.process = None
        return status

    def add_account(self) -> Account:
        done = command("accounts", "add", self.directory, "--json")
        assert done.returncode == 0, done.stderr
        return Account(**json.loads(done.stdout))

    def add_user(self, account: Account | None = None) -> Person:
        """A user of the account, or of the first one."""
        client_id = (account or self.account).client_id
        name = f"user-{uuid.uuid4().hex[:12]}"
        done = command("users", "add", self.directory, name, "--account", client_id, "--json")
        assert done.returncode == 0, done.stderr
        return Person(**json.loads(done.stdout))

    def add_jobtype(self, *bundles: Path) -> None:
        done = command("jobtypes", "add", self.directory, *bundles)
        assert done.returncode == 0, done.stderr

    def anonymous(self) -> httpx.Client:
        """A client without a token."""
        import ssl

        context = ssl.create_default_context(cafile=self.account.ca_cert)
        hooks: Any = {"response": [leaks.learn_reply]}
        return httpx.Client(
            base_url=self.account.endpoint, verify=context, timeout=30, event_hooks=hooks
        )

    def token(self, account: Account | None = None) -> str:
        account = account or self.account
        with self.anonymous() as client:
            reply = client.post(
                f"/{account.tenant}/oauth2/v2.0/token",
                data={
                    "grant_type": "client_credentials",
                    "client_id": account.client_id,
                    "client_secret": account.key,
                    "scope": RESOURCE + "/.default",
                },
            )
        assert reply.status_code == 200, reply.text
        return str(reply.json()["access_token"])

    def api(self, account: Account | None = None) -> "Api":
        """A client that calls the API as the account."""
        client = self.anonymous()
        client.headers["Authorization"] = f"Bearer {self.token(account)}"
        return Api(client)


class Api:
    """Raw calls on the API, without the project's client. An answer that is not described fails."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http
        http.event_hooks["response"].append(check_response)

    def get(self, path: str, **query: Any) -> Any:
        reply = self.http.get(path if path.startswith("https") else f"/api/{path}", params=query)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def post(self, path: str, body: Any = None, status: int = 200) -> Any:
        reply = self.http.post(f"/api/{path}", json=body)
        assert reply.status_code == status, reply.text
        return reply.json()

    def put(self, name: str, content: bytes = b"", path: str = "", stamp: str = STAMP) -> Any:
        from urllib.parse import quote

        reply = self.http.put(
            f"/api/files/{quote(name, safe='')}",
            params={"timestamp": stamp, "originalFilePath": path or f"C:\\in\\{name}"},
            content=content,
        )
        assert reply.status_code == 200, reply.text
        return reply.json()

    def submit(
        self,
        jobtype: str,
        files: list[str] | None = None,
        pool: str | None = None,
        job_file: str = "",
        name: str = "job",
        **parameters: str,
    ) -> str:
        """Submit a job; its id."""
        where: dict[str, Any] = {"poolId": pool}
        if pool is None:
            where = {"autoPoolSpecification": {"targetDedicated": "1", "maxTasksPerTVM": "1"}}
        body = {
            "Name": name,
            "Type": jobtype,
            "RequiredFiles": [{"Name": one, "Timestamp": STAMP} for one in files or []],
            "Parameters": [{"Name": key, "Value": text} for key, text in parameters.items()],
            "JobFile": job_file,
            "Settings": "",
            "Priority": "Medium",
            **where,
        }
        return str(self.post("jobs", body)["jobId"])

    def job(self, job_id: str) -> Any:
        return self.get(f"jobs/{job_id}")

    def finished(self, job_id: str, timeout: float = 90) -> Any:
        """The job once it has ended, whichever way."""
        ended = {"Complete", "Error", "Cancelled"}
        return until(lambda: (job := self.job(job_id))["status"] in ended and job, timeout)

    def lines(self, job_id: str) -> list[str]:
        """The texts of the job's log."""
        return [message["text"] for message in self.get(f"jobs/{job_id}/log")["messages"]]


@contextmanager
def running(service: Service) -> Iterator[Service]:
    """Serve within the block, and fail when the service left anything behind."""
    service.start()
    try:
        yield service
    finally:
        if service.process is not None:
            assert service.stop() == 0, service.log.read_text()[-3000:]
        assert not marked_processes(service.directory)


def marked_processes(directory: Path) -> list[int]:
    """Processes of tasks that work in the data directory."""
    import psutil

    found: list[int] = []
    for process in psutil.process_iter():
        try:
            if str(directory) in process.environ().get("TMPDIR", ""):
                found.append(process.pid)
        except (psutil.Error, OSError):
            continue
    return [pid for pid in found if pid != os.getpid()]


def bundle(folder: Path, name: str, template: str) -> Path:
    """Write a bundle with that template; its folder."""
    path = folder / name
    path.mkdir(parents=True)
    (path / "template.yaml").write_text(template)
    return path


def configured(account: Account, jobtype: str = "Words") -> Configuration:
    """A configuration for the account, as a program makes it."""
    config = Configuration(log_level="debug", default=True)
    config.aad_config(
        account=account.account,
        key=account.key,
        endpoint=account.endpoint,
        unattended=True,
        ca_cert=account.ca_cert,
    )
    config.add_jobtype(jobtype)
    config.current_jobtype(jobtype)
    config.set_default_jobtype()
    config.save_config()
    return config
