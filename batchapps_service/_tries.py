"""Slowing down those who guess passwords and keys."""

import threading
import time

PAUSE = 300.0
"""Seconds to wait after too many wrong tries in a row."""
_MAX_NAMES = 10_000


class Tries:
    """Wrong tries in a row, by whatever they are counted by.

    Args:
        most: After how many of them one has to wait.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._counted: dict[object, tuple[int, float]] = {}

    def wait(self, name: object) -> float:
        """Count a try; seconds to wait instead, if there were too many already."""
        now = time.monotonic()
        with self._lock:
            tries, last = self._counted.pop(name, (0, now))
            tries = tries if now - last < PAUSE else 0
            if tries >= self._most:
                self._counted[name] = tries, last
                return last + PAUSE - now
            if len(self._counted) >= _MAX_NAMES:
                del self._counted[next(iter(self._counted))]  # the oldest
            self._counted[name] = tries + 1, now
            return 0.0

    def forget(self, name: object) -> None:
        """This one came to a good end."""
        with self._lock:
            self._counted.pop(name, None)
