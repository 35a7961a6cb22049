"""The client of Azure Batch Apps.

Log in with `AzureOAuth` or make `Credentials` from a token; then `JobManager`, `FileManager` and
`PoolManager` make, find and follow jobs, files and pools. `Configuration` holds the address of the
service, the account, and the job types with their parameters. All exceptions are in
`batchapps.exceptions`.
"""

from ._version import VERSION
from .config import Configuration
from .credentials import AzureOAuth, Credentials
from .exceptions import (
    AuthenticationException,
    AuthenticationRefusedException,
    BadRequestException,
    ConflictException,
    ConnectionFailedException,
    FileDownloadException,
    FileInvalidException,
    FileMissingException,
    FileUploadException,
    InvalidConfigException,
    NotFoundException,
    RestCallException,
    ServerErrorException,
    SessionExpiredException,
    StateConflictException,
    TooManyRequestsException,
    UnexpectedReplyException,
)
from .file_manager import FileManager
from .files import FileCollection, UploadResult, UserFile
from .job import JobSubmission, OutputInfo, SubmittedJob, Task
from .job_manager import JobManager
from .pool import Pool, PoolSpecifier
from .pool_manager import PoolManager

__version__ = VERSION
__author__ = "The azure-batch-apps authors"

__all__ = [
    "AuthenticationException",
    "AuthenticationRefusedException",
    "AzureOAuth",
    "BadRequestException",
    "Configuration",
    "ConflictException",
    "ConnectionFailedException",
    "Credentials",
    "FileCollection",
    "FileDownloadException",
    "FileInvalidException",
    "FileManager",
    "FileMissingException",
    "FileUploadException",
    "InvalidConfigException",
    "JobManager",
    "JobSubmission",
    "NotFoundException",
    "OutputInfo",
    "Pool",
    "PoolManager",
    "PoolSpecifier",
    "RestCallException",
    "ServerErrorException",
    "SessionExpiredException",
    "StateConflictException",
    "SubmittedJob",
    "Task",
    "TooManyRequestsException",
    "UnexpectedReplyException",
    "UploadResult",
    "UserFile",
    "__author__",
    "__version__",
]
