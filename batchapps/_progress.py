"""Callbacks that are told how far a transfer is."""

from __future__ import annotations

import inspect
from collections.abc import Callable

#: Called with three floats: percent, bytes so far, bytes in all. One that takes a single argument
#: gets the percentage.
ProgressCallback = Callable[..., object]


def reporter(callback: ProgressCallback | None) -> Callable[[int, int], None]:
    """A function of bytes so far and bytes in all that calls `callback`, if there is one.

    Raises:
        TypeError: `callback` takes neither one nor three arguments.
    """
    if callback is None:
        return lambda _done, _total: None
    whole = _takes(callback, 3)
    if not whole and not _takes(callback, 1):
        raise TypeError(
            f"{callback!r} cannot tell progress: it must take three arguments (percent, bytes so "
            "far, bytes in all) or one (percent)."
        )

    def report(done: int, total: int) -> None:
        percent = 100.0 * done / total if total else 100.0
        if whole:
            callback(percent, float(done), float(total))
        else:
            callback(percent)

    return report


def _takes(function: Callable[..., object], count: int) -> bool:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some built-in functions have none to show
        return count == 3
    try:
        signature.bind(*[0.0] * count)
    except TypeError:
        return False
    return True
