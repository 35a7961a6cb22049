"""Threads for what waits for the disk or the database.

What writes has threads of its own, as it waits for its turn at the database: what only reads is not
to wait behind it.
"""

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from batchapps_service._errors import later

T = TypeVar("T")

MOST_WAITING = 300
"""Calls that wait to write; who comes then is asked to come again."""
_writers = CapacityLimiter(16)


def refuse_if_busy() -> None:
    """Raises ApiError (503) when too many wait to write."""
    if _writers.statistics().tasks_waiting >= MOST_WAITING:
        raise later("The service has too much to write")


async def writing(function: Callable[..., T], *arguments: object) -> T:
    """``function(*arguments)`` in a thread for what writes."""
    return await to_thread.run_sync(function, *arguments, limiter=_writers)
