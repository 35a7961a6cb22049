"""From the generated models, where what is absent is `UNSET`, to plain values."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isnan, nan
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

if TYPE_CHECKING:
    from batchapps_management.models import Link, LogMessage, Output
    from batchapps_management.types import Unset

T = TypeVar("T")
D = TypeVar("D")


class OutputInfo(TypedDict):
    """A file that a job or a task has left."""

    name: str
    """Its name, unique in the job."""
    link: str
    """Its address, or ``""``."""
    type: str
    """Its kind: ``TaskOutput``, ``TaskPreview``, ``TaskLog``, ``TaskIntermediate``,
    ``JobOutput``, ``JobPreview``."""


@dataclass(frozen=True)
class LogLine:
    """A line of a job's log."""

    time: datetime | None
    """When it was written; None if the service does not say."""
    text: str
    task: int | None
    """Number of the task that wrote it; None: the service did."""


def given(value: T | Unset, default: D) -> T | D:
    """`value`, or `default` if the service did not send it."""
    from batchapps_management.types import Unset

    return default if isinstance(value, Unset) else value


def whole(argument: str, value: Any, least: int = 0) -> int:
    """The argument's value as a whole number; digits in a text are as good. Raises ValueError."""
    try:
        number = int(value)
        same = isinstance(value, str) or number == value
    except (TypeError, ValueError, OverflowError):
        number, same = least, False
    if not same or isinstance(value, bool) or number < least:
        raise ValueError(f"{argument} must be a whole number, at least {least}, not {value!r}.")
    return number


def duration(argument: str, value: Any) -> float:
    """The argument's value, a number of seconds. Raises ValueError."""
    try:
        seconds = nan if isinstance(value, bool | str | bytes) else float(value)
    except (TypeError, ValueError, OverflowError):
        seconds = nan
    if isnan(seconds):
        raise ValueError(f"{argument} must be a number of seconds, not {value!r}.")
    return seconds


def word(value: Any, default: str) -> str:
    """A word of an open vocabulary as plain text.

    It is interned, because programs were shown to compare it with ``is``.
    """
    return sys.intern(str(given(value, default)))


def href(link: Link | Unset) -> str | None:
    """The address in `link`, or None."""
    present = given(link, None)
    return present.href if present else None


def when(text: str | None) -> datetime | None:
    """A time of the service, in UTC unless it says otherwise; None if it is none."""
    try:
        time = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def output_info(output: Output) -> OutputInfo:
    """`output` as the dictionary that users get."""
    return {
        "name": given(output.name, ""),
        "link": href(output.link) or "",
        "type": word(output.kind, ""),
    }


def log_line(message: LogMessage) -> LogLine:
    """`message` as users get it."""
    time = when(given(message.timestamp, None))
    return LogLine(time, given(message.text, ""), given(message.task_id, None))
