"""What an attempt printed, as a file of the store: its beginning and its end where it is long."""

from collections import deque
from pathlib import Path

from batchapps_service._store import Content, Incoming, Store


class TaskLog:
    """Takes lines as they come, in little memory."""

    def __init__(self, store: Store, folder: Path, limit: int) -> None:
        self._store = store
        self._folder = folder
        self._half = limit // 2
        self._file: Incoming | None = None
        self._begun = 0
        self._end: deque[bytes] = deque()
        self._kept = 0
        self._left_out = 0
        self._failure: OSError | None = None

    def add(self, text: str) -> None:
        """Add a line. Where that fails, ``finish`` tells."""
        try:
            self._add(text.encode(errors="replace") + b"\n")
        except OSError as error:  # the session that printed must go on reading
            self._failure = error

    def _add(self, line: bytes) -> None:
        # In the job's folder, as lines come from threads that cannot reach the store.
        self._file = self._file or self._store.begin(self._folder)
        if not self._end and self._begun + len(line) <= self._half:
            self._begun += len(line)
            self._file.write(line)
            return
        self._end.append(line)
        self._kept += len(line)
        while self._kept > self._half:
            self._kept -= len(self._end.popleft())
            self._left_out += 1

    def finish(self) -> Content | None:
        """Put the log into the store; None where nothing was printed."""
        if self._failure is not None:
            raise self._failure
        if self._file is None:
            return None
        if self._left_out:
            words = f"({self._left_out} lines are left out here; the log grew too long)\n"
            self._file.write(words.encode())
        self._file.write(b"".join(self._end))
        return self._file.commit()

    def discard(self) -> None:
        """Forget it."""
        if self._file is not None:
            self._file.discard()
