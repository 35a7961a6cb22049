"""Telling how far uploads and downloads are."""

from __future__ import annotations

import sys
import time
from typing import Any, TextIO

from ._progress import TransferCallback, TransferProgress

__all__ = ["ProgressDisplay", "TransferCallback", "TransferProgress"]

#: Where there is no terminal, a line is written so often, in seconds.
_LINE_EVERY = 10.0
_UNITS = ["B", "kB", "MB", "GB", "TB"]


class ProgressDisplay:
    """Shows a transfer: as a bar on a terminal, where ``rich`` is installed, else as lines.

    At the end it says what was sent, what was known already, how long it took and how fast it was.
    Give it as ``progress`` to uploads and downloads, one after the other.

    Args:
        title: What is being done.
        stream: Where to write. Default: standard error.
    """

    def __init__(self, title: str = "", stream: TextIO | None = None) -> None:
        self._title = f"{title}: " if title else ""
        self._stream = stream or sys.stderr
        self._line_at = time.monotonic() + _LINE_EVERY
        self._bars: Any = None
        self._bar: Any = None

    def __call__(self, progress: TransferProgress) -> None:
        """Show `progress`."""
        if progress.finished:
            self._stop()
            self._write(_sums(progress))
        elif self._stream.isatty():
            self._draw(progress)
        elif time.monotonic() >= self._line_at:
            self._line_at = time.monotonic() + _LINE_EVERY
            self._write(f"{progress.percent:.0f} % of {_size(progress.total_bytes)}")

    def _write(self, text: str) -> None:
        self._stream.write(f"{self._title}{text}\n")
        self._stream.flush()

    def _draw(self, progress: TransferProgress) -> None:
        if self._bars is None:
            try:
                from rich.console import Console
                from rich.progress import Progress
            except ImportError:
                self._bars = False
            else:
                self._bars = Progress(console=Console(file=self._stream), transient=True)
                self._bar = self._bars.add_task(self._title)
                self._bars.start()
        if self._bars:
            name = progress.current.replace("\\", "/").rpartition("/")[2]
            shown = f"{self._title}{_size(progress.rate)}/s {name[-40:]}"
            self._bars.update(
                self._bar,
                description=shown.replace("[", "\\["),
                completed=progress.bytes,
                total=progress.total_bytes,
            )

    def _stop(self) -> None:
        if self._bars:
            self._bars.stop()
        self._bars = None


def _sums(progress: TransferProgress) -> str:
    parts = [f"{progress.sent_files} files sent, {_size(progress.sent_bytes)}"]
    if progress.known_files:
        parts.append(f"{progress.known_files} already there")
    if progress.failed_files:
        parts.append(f"{progress.failed_files} failed")
    parts.append(f"{progress.seconds:.1f} s, {_size(progress.rate)}/s")
    return "; ".join(parts)


def _size(count: float) -> str:
    """`count` bytes in a unit that suits them."""
    power = 0
    while count >= 1000 and power < len(_UNITS) - 1:
        count /= 1000
        power += 1
    return f"{count:.1f} {_UNITS[power]}" if power else f"{count:.0f} B"
