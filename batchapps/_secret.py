"""Text that is not shown by accident."""

from __future__ import annotations


class Secret(str):
    """Text that a repr, and so a log or a debugger's list of variables, does not show."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'********'"
