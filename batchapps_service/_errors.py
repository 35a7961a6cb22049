"""Errors that are answered to the caller."""

import errno
import sqlite3
from collections.abc import Mapping


class CommandError(Exception):
    """What was asked of the ``batchapps-service`` command cannot be done; the text says why."""


class NotNow(CommandError):
    """The database cannot be written to at the moment; nothing was changed."""


def is_full(error: BaseException) -> bool:
    """Whether the reason is a full disk."""
    reason = getattr(error, "orig", error)  # SQLAlchemy's errors have the driver's
    if isinstance(reason, sqlite3.Error):
        return getattr(reason, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL
    return isinstance(reason, OSError) and reason.errno in {errno.ENOSPC, errno.EDQUOT}


class ApiError(Exception):
    """A request that cannot be served; becomes the description's ``Error`` body."""

    def __init__(
        self,
        status: int,
        message: str,
        problems: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.problems = dict(problems or {})
        """What is wrong with which member or parameter."""
        self.headers = dict(headers or {})


def bad_request(message: str, problems: Mapping[str, str] | None = None) -> ApiError:
    """400: the request itself is wrong."""
    return ApiError(400, message, problems)


def wrong_state(message: str) -> ApiError:
    """403, which in this API says that the action is not possible now."""
    return ApiError(403, message)


def not_found(message: str) -> ApiError:
    """404."""
    return ApiError(404, message)


def over_quota(message: str) -> ApiError:
    """409."""
    return ApiError(409, message)


def later(message: str, seconds: int = 1) -> ApiError:
    """503, so that the client asks again after so many seconds."""
    return ApiError(503, f"{message}; try again.", headers={"Retry-After": str(seconds)})


def deleted_meanwhile() -> ApiError:
    """503: what the call needs was deleted while it was served."""
    return later("A file that is needed was deleted just now")
