"""Install the project into .venv and run examples/demo.py there. Run by `scripts/demo.sh`.

Only the standard library is used here. Each command gets a process group of its own, so that a
signal reaches this program alone, which then ends the command and whatever that started.
"""

from __future__ import annotations

import os
import signal
import sys

STOP_SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


def _stop_at_once(number: int, _frame: object) -> None:
    os.write(2, b"Stopped.\n")
    os._exit(128 + number)


# Before the other imports, which take a moment: nothing is running yet that would have to be ended.
for _signal in STOP_SIGNALS:
    signal.signal(_signal, _stop_at_once)

# ruff: noqa: E402
import contextlib
import hashlib
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "installed-demo"
FOLDER = ROOT / ".demo"
LOG = FOLDER / "install.log"
WHAT = f"{ROOT}[demo]"

BEGUN = "begun"
USABLE = """
import importlib.util, sys
sys.exit(sys.version_info < (3, 11) or not importlib.util.find_spec("pip"))
"""


class Stopped(Exception):
    """A signal asked this program to stop."""


class Failed(Exception):
    """The demonstration cannot go on; the text says why."""


class Commands:
    """Runs commands one after the other, until a signal asks to stop."""

    def __init__(self) -> None:
        self.stopped_by = 0
        self._running: subprocess.Popen[str] | None = None
        for number in STOP_SIGNALS:
            signal.signal(number, self._on_signal)

    def run(
        self,
        command: Sequence[str | Path],
        on_line: Callable[[str], None] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> int:
        """The exit status of `command`; `on_line` gets what it prints, line by line.

        Raises Stopped if a signal came.
        """
        if self.stopped_by:
            raise Stopped
        running = self._running = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if on_line else None,
            stderr=subprocess.STDOUT if on_line else None,
            text=True,
            errors="replace",
            env={**os.environ, **(environment or {})},
            process_group=0,
        )
        if self.stopped_by:  # while it was being started
            self._end(signal.SIGTERM)
        if on_line and running.stdout:
            for line in running.stdout:
                on_line(line)
        status = running.wait()
        if os.name != "nt":
            self._end(signal.SIGKILL)  # what it may have left
        self._running = None
        if self.stopped_by:
            raise Stopped
        return status

    def _on_signal(self, number: int, _frame: object) -> None:
        self.stopped_by = self.stopped_by or number
        self._end(signal.SIGTERM)

    def _end(self, number: int) -> None:
        if self._running is None:
            return
        if os.name == "nt":
            self._running.terminate()
        else:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._running.pid, number)


def main(arguments: Sequence[str]) -> int:
    """Run the demonstration; its exit status."""
    commands = Commands()
    try:
        install(commands)
        return commands.run([PYTHON, ROOT / "examples" / "demo.py", *arguments])
    except Stopped:
        print("Stopped.", file=sys.stderr)
        return 128 + commands.stopped_by
    except (Failed, OSError) as error:
        print(f"demo.sh: {error}", file=sys.stderr)
        return 1


def install(commands: Commands) -> None:
    """See to it that .venv holds the project as pyproject.toml describes it now."""
    described = (ROOT / "pyproject.toml").read_bytes() + str(ROOT).encode()
    wanted = hashlib.sha256(described).hexdigest()
    found = STAMP.read_text() if STAMP.is_file() else ""
    if not (PYTHON.exists() and commands.run([PYTHON, "-c", USABLE]) == 0):
        found = ""
        print("Making .venv", flush=True)
        commands.run([sys.executable, "-m", "venv", VENV])
        if not PYTHON.exists() or commands.run([PYTHON, "-c", USABLE]) != 0:
            raise Failed(
                f"{VENV} has no pip, or a Python before 3.11, or could not be made. Remove it and"
                " try again."
            )
    if found == wanted:
        return
    print("Installing the project into .venv, which takes a minute", flush=True)
    started = time.monotonic()
    STAMP.write_text(BEGUN)
    # What an installation that was broken off has left may be incomplete without saying so.
    again = ["--force-reinstall"] if found == BEGUN else []
    scratch = FOLDER / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    progress = InstallProgress()
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
    try:
        status = commands.run(
            [*pip, *again, "--editable", WHAT], progress, {"TMPDIR": str(scratch)}
        )
    finally:
        progress.close()
        shutil.rmtree(scratch, ignore_errors=True)
    if status != 0:
        STAMP.unlink()  # pip has put back what it had changed
        last = "".join(LOG.read_text(errors="replace").splitlines(keepends=True)[-15:])
        raise Failed(f"The project could not be installed:\n\n{last}\nAll of it is in {LOG}.")
    STAMP.write_text(wanted)
    print(f"Installed in {time.monotonic() - started:.0f} s", flush=True)


class InstallProgress:
    """Keeps what pip says in a file; on a terminal its last line is shown as well."""

    def __init__(self) -> None:
        self._file = LOG.open("w")
        self._shown = sys.stdout.isatty()

    def __call__(self, line: str) -> None:
        self._file.write(line)
        if self._shown and line.strip():
            width = shutil.get_terminal_size().columns - 3
            print(f"\r\033[K  {line.strip()[:width]}", end="", flush=True)

    def close(self) -> None:
        self._file.close()
        if self._shown:
            print("\r\033[K", end="", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
