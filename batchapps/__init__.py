"""The client of Azure Batch Apps.

Log in with `AzureOAuth` or make `Credentials` from a token; then `JobManager`, `FileManager` and
`PoolManager` make, find and follow jobs, files and pools. `Configuration` holds the address of the
service, the account, and the job types with their parameters. All exceptions are in
`batchapps.exceptions`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from . import exceptions
from ._version import VERSION
from .exceptions import *  # noqa: F403  # all that is in its __all__

if TYPE_CHECKING:
    from .config import Configuration
    from .credentials import AzureOAuth, Credentials
    from .file_manager import FileManager
    from .files import FileCollection, UploadResult, UserFile
    from .job import JobSubmission, LogLine, OutputInfo, SubmittedJob, Task
    from .job_manager import JobManager
    from .pool import Pool, PoolSpecifier
    from .pool_manager import PoolManager
    from .progress import ProgressDisplay, TransferProgress
else:
    # Modules and what is in them, read when first asked for: programs start sooner.
    _CONTENTS = {
        "config": ["Configuration"],
        "credentials": ["AzureOAuth", "Credentials"],
        "file_manager": ["FileManager"],
        "files": ["FileCollection", "UploadResult", "UserFile"],
        "job": ["JobSubmission", "LogLine", "OutputInfo", "SubmittedJob", "Task"],
        "job_manager": ["JobManager"],
        "pool": ["Pool", "PoolSpecifier"],
        "pool_manager": ["PoolManager"],
        "progress": ["ProgressDisplay", "TransferProgress"],
    }

    def __getattr__(name):
        for module, contents in _CONTENTS.items():
            if name == module or name in contents:
                found = import_module(f".{module}", __name__)
                return found if name == module else getattr(found, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__():
        return sorted({*globals(), *__all__, *_CONTENTS})


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
    "ProgressDisplay",
    "SubmittedJob",
    "Task",
    "TransferProgress",
    "UploadResult",
    "UserFile",
    "__author__",
    "__version__",
]
__all__ += exceptions.__all__
