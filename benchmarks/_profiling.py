"""Where a process spends its processor time, all of its threads together.

``python -m benchmarks._profiling FILE ARGUMENT...`` runs ``batchapps-service`` with the arguments.
What it did before a signal SIGUSR1 is forgotten.
"""

import cProfile
import pstats
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any


@contextmanager
def profiled(path: str) -> Iterator[list[cProfile.Profile]]:
    """Profile the block and what threads do that are started in it, into the file `path`."""
    profiles: list[cProfile.Profile] = []

    def begin(*_: object) -> None:
        # Waiting for the network or for another thread does not count.
        profile = cProfile.Profile(time.thread_time)
        try:
            profile.enable()
        except ValueError:  # from Python 3.12 on, the first one sees all threads
            sys.setprofile(None)
        else:
            profiles.append(profile)

    threading.setprofile(begin)
    begin()
    try:
        yield profiles
    finally:
        threading.setprofile(None)
        stats = pstats.Stats(profiles[0])
        for profile in profiles[1:]:
            with suppress(TypeError):  # a thread that did nothing
                stats.add(profile)
        stats.dump_stats(path)


def costs(path: Path, count: int = 12) -> list[tuple[float, str, int]]:
    """The largest parts: share of the whole, function, number of calls."""
    entries: dict[Any, Any] = pstats.Stats(str(path)).stats  # type: ignore[attr-defined]
    whole = sum(entry[2] for entry in entries.values()) or 1.0
    largest = sorted(entries.items(), key=lambda item: item[1][2], reverse=True)[:count]
    return [(entry[2] / whole, _named(*key), entry[1]) for key, entry in largest]


def _named(file: str, line: int, function: str) -> str:
    if file == "~":
        return function.strip("<>")
    return f"{'/'.join(Path(file).parts[-2:])}:{line} {function}"


if __name__ == "__main__":
    from batchapps_service.__main__ import main

    output = sys.argv.pop(1)
    with profiled(output) as running:

        def forget(*_: object) -> None:
            for each in running:
                each.clear()

        signal.signal(signal.SIGUSR1, forget)
        status = main()
    sys.exit(status)
