"""Every exception this package raises.

::

    BatchAppsException
    ├── InvalidConfigException        the configuration lacks something or is wrong
    ├── AuthenticationException       no token could be had
    ├── SessionExpiredException       the token has run out and cannot be renewed
    ├── FileMissingException          a file is not where it should be
    ├── FileInvalidException          a file cannot be used as asked
    ├── FileUploadException           files could not be uploaded, so a job was not submitted
    ├── FileDownloadException         a download did not give a whole file
    └── RestCallException             a call to the service failed
        ├── ConnectionFailedException       no answer: name, network, TLS, timeout
        ├── UnexpectedReplyException        an answer that is not the service's
        ├── BadRequestException             400  the service found the request wrong
        ├── AuthenticationRefusedException  401  the token was not accepted
        ├── StateConflictException          403  not possible in the present state
        ├── NotFoundException               404  no such job, task, file, output or pool
        ├── ConflictException               409  a limit or quota stands in the way
        ├── TooManyRequestsException        429  asked too often
        └── ServerErrorException            5xx  the service failed

Any other status raises `RestCallException` itself. Building an exception logs nothing. All of them
can be pickled and copied. Wrong use in a program raises TypeError or ValueError, as elsewhere, and
`SubmittedJob.wait` TimeoutError. Of what is only to be noted, `UnknownParameterWarning` and
`UnverifiedConnectionWarning` warn.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "AuthenticationException",
    "AuthenticationRefusedException",
    "BadRequestException",
    "BatchAppsException",
    "ConflictException",
    "ConnectionFailedException",
    "FileDownloadException",
    "FileInvalidException",
    "FileMissingException",
    "FileUploadException",
    "InvalidConfigException",
    "NotFoundException",
    "RestCallException",
    "ServerErrorException",
    "SessionExpiredException",
    "StateConflictException",
    "TooManyRequestsException",
    "UnexpectedReplyException",
    "UnknownParameterWarning",
    "UnverifiedConnectionWarning",
]


def _worded(message: object, args: tuple[object, ...]) -> str:
    """`message`, with `args` put into its ``{0}`` places if there are any arguments."""
    text = str(message)
    if not args:
        return text
    try:
        return text.format(*args)
    except (LookupError, ValueError):
        return " ".join([text, *map(str, args)])


class BatchAppsException(Exception):
    """What all exceptions of this package have in common.

    The first of `args` is the message. The others fill ``{0}`` places in it.
    """

    def __init__(self, *args: object) -> None:
        super().__init__(_worded(args[0], args[1:]) if args else "")


class InvalidConfigException(BatchAppsException):
    """The configuration lacks a value, or has one that cannot be used."""


class AuthenticationException(BatchAppsException):
    """No token could be obtained: wrong key, unknown account, issuer out of reach."""


class SessionExpiredException(BatchAppsException):
    """The token has expired and there is no way to renew it."""


class FileMissingException(BatchAppsException):
    """A file is not on this machine, not in a collection, or not known to the service."""


class FileInvalidException(BatchAppsException):
    """A file cannot be used as asked: a duplicate, not a file, or changed while being read."""


class FileUploadException(BatchAppsException):
    """Files of a job could not be uploaded, so that it was not submitted."""


class FileDownloadException(BatchAppsException):
    """There is nothing to download yet, or what came could not be kept."""


class RestCallException(BatchAppsException):
    """A call to the service failed.

    The first three arguments are those of the original. `args` fill ``{0}`` places in `message`;
    `silent` is accepted and has no effect, as nothing is logged here.

    Attributes:
        type: A class that tells the kind of failure as the original did: ValueError for 400 and
            most others, AuthenticationException for 401, OSError for 404, ConnectionError when
            there was no answer, None for 403.
        msg: What happened, to what, and what to do; also the exception's text.
        root_exception: The exception underneath, if any. In a copy that was pickled it is
            replaced by one that carries only its text.
        status: HTTP status, or None if there was no answer.
        code: One word for the kind of failure, such as ``NotFound``: the service's own if it
            sends one, else the name of the status; None if there was no answer.
        request_id: What the call goes by in the logs of both sides, or None.
        server_message: The service's own words, or None.
        retry_after: Seconds the service asks to wait before trying again, or None.
    """

    def __init__(
        self,
        exp_type: type[BaseException] | None = None,
        message: object = "",
        excep: BaseException | None = None,
        *args: object,
        silent: bool = False,  # noqa: ARG002
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        server_message: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.type = exp_type
        self.msg: str = _worded(message, args)
        self.root_exception = excep
        self.status = status
        self.code = code
        self.request_id = request_id
        self.server_message = server_message
        self.retry_after = retry_after
        super().__init__(self.msg)

    def __reduce__(self) -> tuple[Any, ...]:
        # The exception underneath may hold a request, with its token, and sockets.
        state = dict(self.__dict__)
        if self.root_exception is not None:
            name = type(self.root_exception).__name__
            state["root_exception"] = RuntimeError(f"{name}: {self.root_exception}")
        return type(self), (self.type, self.msg), state


class ConnectionFailedException(RestCallException):
    """There was no answer, or it broke off: unknown name, no network, TLS, timeout."""


class UnexpectedReplyException(RestCallException):
    """The answer was a success in form but not what the service sends."""


class BadRequestException(RestCallException):
    """400: the service found something in the request wrong, and says what."""


class AuthenticationRefusedException(RestCallException):
    """401: the service did not accept the token."""


class StateConflictException(RestCallException):
    """403: the job or task is not in a state where this is possible."""


class NotFoundException(RestCallException):
    """404: no such job, task, file, output or pool."""


class ConflictException(RestCallException):
    """409: a limit or quota stands in the way, of pools for instance."""


class TooManyRequestsException(RestCallException):
    """429: the service was asked too often; see `retry_after`."""


class ServerErrorException(RestCallException):
    """5xx: the service failed."""


class UnknownParameterWarning(UserWarning):
    """A job has a parameter that its job type does not know: perhaps a misspelt name."""


class UnverifiedConnectionWarning(UserWarning):
    """Certificates are not checked, as `batchapps.credentials.VERIFY` is False."""
