"""The client of Azure Batch Apps.

Log in with `AzureOAuth` or make `Credentials` from a token; then `JobManager`, `FileManager` and
`PoolManager` make, find and follow jobs, files and pools. `Configuration` holds the address of the
service, the account, and the job types with their parameters. All exceptions are in
`batchapps.exceptions`.
"""

from . import exceptions
from ._version import VERSION
from .config import Configuration
from .credentials import AzureOAuth, Credentials
from .exceptions import *  # noqa: F403  # all that is in its __all__
from .file_manager import FileManager
from .files import FileCollection, UploadResult, UserFile
from .job import JobSubmission, LogLine, OutputInfo, SubmittedJob, Task
from .job_manager import JobManager
from .pool import Pool, PoolSpecifier
from .pool_manager import PoolManager

__version__ = VERSION
__author__ = "The azure-batch-apps authors"

__all__ = [
    "AzureOAuth",
    "Configuration",
    "Credentials",
    "FileCollection",
    "FileManager",
    "JobManager",
    "JobSubmission",
    "LogLine",
    "OutputInfo",
    "Pool",
    "PoolManager",
    "PoolSpecifier",
    "SubmittedJob",
    "Task",
    "UploadResult",
    "UserFile",
    "__author__",
    "__version__",
]
__all__ += exceptions.__all__
