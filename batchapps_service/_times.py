"""Times as the API writes them: UTC, ISO 8601, ending in ``Z``."""

import time
from datetime import UTC, datetime

TICKS_PER_SECOND = 10_000_000
"""Log timestamps count in 100-nanosecond ticks, the finest step .NET clients read."""


def now() -> datetime:
    """The present moment in UTC, without its zone, as the database keeps it."""
    return datetime.now(UTC).replace(tzinfo=None)


def text(moment: datetime) -> str:
    """``2015-07-01T10:00:00.123456Z`` of a UTC time."""
    return moment.isoformat(timespec="microseconds") + "Z"


def now_ticks() -> int:
    """The present moment in ticks since 1970."""
    return time.time_ns() // 100


def ticks_text(ticks: int) -> str:
    """``2015-07-01T10:00:00.1234567Z`` of ticks since 1970."""
    seconds, rest = divmod(ticks, TICKS_PER_SECOND)
    moment = datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
    return f"{moment.isoformat()}.{rest:07d}Z"


def parse_ticks(value: str) -> int:
    """Ticks since 1970 of an ISO 8601 time with up to seven decimals; UTC where no zone is given.

    Raises ValueError when the text is no such time.
    """
    head, dot, tail = value.strip().partition(".")
    digits = ""
    if dot:
        digits = tail[: len(tail) - len(tail.lstrip("0123456789"))]
        tail = tail[len(digits) :]
        if not digits:
            raise ValueError(f"'{value}' is not an ISO 8601 time")
    moment = datetime.fromisoformat(head + tail)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"'{value}' is beyond the years 1 to 9999 in UTC") from None
    return int(moment.timestamp()) * TICKS_PER_SECOND + int(digits[:7].ljust(7, "0"))
