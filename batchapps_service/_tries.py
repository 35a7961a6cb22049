"""Tries at a secret, counted so that guessing is slow."""

import time

PAUSE = 300.0
"""Seconds to wait after too many wrong tries."""
_MAX_NAMES = 10_000


class Tries:
    """Wrong tries in a row, by name. One thread at a time may use it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._wrong: dict[str, tuple[int, float]] = {}  # how many, and when the last one was

    def pause(self, name: str) -> float:
        """Seconds until the name may try again; 0 when it may now."""
        count, last = self._wrong.get(name, (0, 0.0))
        return max(0.0, last + PAUSE - time.monotonic()) if count >= self._most else 0.0

    def add(self, name: str) -> None:
        """Count a try."""
        count, last = self._wrong.pop(name, (0, 0.0))
        now = time.monotonic()
        if len(self._wrong) >= _MAX_NAMES:
            del self._wrong[next(iter(self._wrong))]  # the oldest
        self._wrong[name] = (count + 1 if now - last < PAUSE else 1), now

    def forget(self, name: str) -> None:
        """Forget the name's tries: one came to a good end."""
        self._wrong.pop(name, None)
