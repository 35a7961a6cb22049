"""Lists of files that a client has sent before, and of which every file is still listed.

Whoever uploads a folder again has only to name the lists, by digest, for as long as no file of the
account is replaced or deleted. Nothing of this outlives the process: without it, clients send the
lists.
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Sequence

MOST = 100_000
"""Lists that are remembered for one account."""


class Listings:
    """What is known of each account's lists."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._states: Counter[str] = Counter()
        self._known: defaultdict[str, set[str]] = defaultdict(set)

    def state(self, account: str) -> int:
        """Changes when files of the account are replaced or deleted. Ask before you look."""
        return self._states[account]

    def add(self, account: str, state: int, digest: str) -> None:
        """All of a list's files were listed when the account was in ``state``, or later."""
        with self._lock:
            known = self._known[account]
            if self._states[account] == state:
                if len(known) >= MOST:
                    known.clear()
                known.add(digest)

    def changed(self, account: str) -> None:
        """Files of the account were replaced or deleted. Tell after the commit."""
        with self._lock:
            self._states[account] += 1
            self._known.pop(account, None)

    def unknown(self, account: str, digests: Sequence[str]) -> list[int]:
        """The places of those that are not known."""
        with self._lock:
            known = self._known.get(account, ())
            return [place for place, digest in enumerate(digests) if digest not in known]
