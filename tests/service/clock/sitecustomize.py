"""In a process that has this folder on its path, the clock is off by what a file says."""

import datetime
import os
import time
from pathlib import Path

_FILE = Path(os.environ["PYTHON_TEST_CLOCK"]) if "PYTHON_TEST_CLOCK" in os.environ else None
_true = time.time_ns


def _time_ns() -> int:
    return _true() + (int(_FILE.read_text()) if _FILE else 0) * 10**9


class _DateTime(datetime.datetime):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(time.time(), tz)


time.time_ns = _time_ns
time.time = lambda: _time_ns() / 1e9
datetime.datetime = _DateTime  # type: ignore[misc]
