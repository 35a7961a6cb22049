"""A service on this machine for as long as a program needs it."""

from __future__ import annotations

import _thread
import contextlib
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
SECONDS_TO_STOP = 30
LARGEST_LOG = 1_000_000


class ServiceError(Exception):
    """The service could not be set up, did not start, or ended by itself."""


@dataclass(frozen=True)
class LocalService:
    """A running service, and the account to use it with."""

    endpoint: str
    account: str
    key: str
    ca_cert: str
    log: Path
    seconds_to_ready: float


@contextlib.contextmanager
def local_service(folder: Path, jobtypes: Sequence[Path]) -> Iterator[LocalService]:
    """Run a service within the block.

    Args:
        folder: Where it keeps everything; what was uploaded is there again the next time. Its log
            is ``service.log`` in it.
        jobtypes: Bundles to install, if they are new or have changed.

    Raises:
        ServiceError: It could not be set up or started, or ended before the block did.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = _set_up(folder, jobtypes)
    endpoint = _endpoint(folder / "service")
    running = _Running(folder)
    try:
        seconds = running.start()
        yield LocalService(
            endpoint, state["account"], state["key"], state["ca_cert"], running.log, seconds
        )
    except BaseException:
        if running.ended_by_itself:
            raise ServiceError(running.last_words("The service ended unexpectedly.")) from None
        raise
    finally:
        running.stop()


# -- setting up ------------------------------------------------------------------------------


def _set_up(folder: Path, jobtypes: Sequence[Path]) -> dict[str, Any]:
    """See to it that there is a data directory, an account, and the job types."""
    directory, kept = folder / "service", folder / "service.account.json"
    state: dict[str, Any] = {}
    if directory.exists():
        # Without the file, the first start was broken off before the key was kept.
        with contextlib.suppress(FileNotFoundError, ValueError):
            state = json.loads(kept.read_text())
    if "key" not in state:
        command = ["accounts", "add"] if directory.exists() else ["init", "--port", _free_port()]
        state = json.loads(_command(*command, directory, "--json"))
        _write_private(kept, state)
    installed: dict[str, str] = state.setdefault("jobtypes", {})
    for bundle in jobtypes:
        content = _fingerprint(bundle)
        if installed.get(bundle.name) != content:
            _command("jobtypes", "add", directory, bundle)
            installed[bundle.name] = content
            _write_private(kept, state)
    return state


def _command(*arguments: object) -> str:
    """What ``batchapps-service`` prints."""
    done = subprocess.run(
        [sys.executable, "-m", "batchapps_service", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ServiceError(done.stderr.strip() or f"{done.args} ended with {done.returncode}")
    return done.stdout


def _endpoint(directory: Path) -> str:
    """The service's address, after a change of port if another program has taken the old one."""
    path = directory / "service.json"
    try:
        settings = json.loads(path.read_text())
        if not _is_free(settings["port"]):
            settings["port"] = _free_port()
            new = path.with_suffix(".new")
            new.write_text(json.dumps(settings, indent=2) + "\n")
            new.replace(path)
        return f"{settings['host']}:{settings['port']}"
    except (OSError, ValueError, KeyError) as error:
        raise ServiceError(f"{path} cannot be used: {error!r}") from error


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _fingerprint(bundle: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(bundle.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(f"{path.relative_to(bundle).as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _write_private(path: Path, content: object) -> None:
    new = path.with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=2)
    new.replace(path)


# -- running ---------------------------------------------------------------------------------


class _Running:
    """The service's process."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "service.log"
        self.ended_by_itself = False
        self._directory = folder / "service"
        self._process: subprocess.Popen[str] | None = None
        self._stopping = False
        self._log_before = 0

    def start(self) -> float:
        """Start it; the seconds until it was ready."""
        started = time.monotonic()
        command = [sys.executable, "-m", "batchapps_service", "serve", str(self._directory)]
        with contextlib.suppress(FileNotFoundError):
            if self.log.stat().st_size > LARGEST_LOG:
                self.log.unlink()
        with self.log.open("a") as log, _signals_held():
            self._log_before = log.tell()
            # In a session of its own, Ctrl-C does not reach it before this program has done
            # what there is to do first.
            process = self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        assert process.stdout is not None
        if not process.stdout.readline().startswith("ready "):
            raise ServiceError(self.last_words("The service did not start."))
        threading.Thread(target=self._watch, args=[process], daemon=True).start()
        return time.monotonic() - started

    def _watch(self, process: subprocess.Popen[str]) -> None:
        process.wait()
        if not self._stopping:
            self.ended_by_itself = True
            # What the block does now could only fail, perhaps after minutes of new attempts.
            _thread.interrupt_main()

    def stop(self) -> None:
        """End it and all that it has started."""
        self._stopping = True
        if self._process is None:
            return
        with _signals_held(forget=True):
            children: list[psutil.Process] = []
            with contextlib.suppress(psutil.NoSuchProcess):
                children = psutil.Process(self._process.pid).children(recursive=True)
            self._process.terminate()
            try:
                self._process.wait(SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                self._process.kill()
            for child in children:  # none is left by a service that stopped as it should
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.kill()

    def last_words(self, what: str) -> str:
        """`what` happened, with the end of the service's log."""
        with self.log.open(errors="replace") as log:
            log.seek(self._log_before)
            lines = log.read().splitlines()
        # What the command says of its own failure, if it does: another service may use the log.
        own = [line for line in lines if line.startswith("batchapps-service: ")]
        return "\n".join([f"{what} Its log ends:", *(own or lines[-5:])])


@contextlib.contextmanager
def _signals_held(*, forget: bool = False) -> Iterator[None]:
    """Let no signal break into the block; what came raises KeyboardInterrupt after it."""
    came: list[int] = []
    before = {
        one: signal.signal(one, lambda number, _: came.append(number)) for one in STOP_SIGNALS
    }
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    if came and not forget:
        raise KeyboardInterrupt
