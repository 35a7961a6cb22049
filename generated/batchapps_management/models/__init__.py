"""Contains all the data models used in inputs/outputs"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .action_result import ActionResult
    from .allocation_state import AllocationState
    from .auto_pool_specification import AutoPoolSpecification
    from .certificate import Certificate
    from .certificate_algorithm import CertificateAlgorithm
    from .certificate_store_location import CertificateStoreLocation
    from .certificate_store_name import CertificateStoreName
    from .created_pool import CreatedPool
    from .error import Error
    from .file_names import FileNames
    from .file_offer import FileOffer
    from .file_specification import FileSpecification
    from .file_specifications import FileSpecifications
    from .job import Job
    from .job_list import JobList
    from .job_log import JobLog
    from .job_output_list import JobOutputList
    from .job_status import JobStatus
    from .job_submission import JobSubmission
    from .job_type import JobType
    from .job_type_list import JobTypeList
    from .job_type_parameter import JobTypeParameter
    from .link import Link
    from .log_message import LogMessage
    from .missing_file import MissingFile
    from .missing_file_list import MissingFileList
    from .offer_answer import OfferAnswer
    from .offer_digests import OfferDigests
    from .offered_file import OfferedFile
    from .output import Output
    from .output_kind import OutputKind
    from .output_list import OutputList
    from .parameter import Parameter
    from .pool import Pool
    from .pool_job import PoolJob
    from .pool_list import PoolList
    from .pool_specification import PoolSpecification
    from .pool_state import PoolState
    from .priority import Priority
    from .recall_answer import RecallAnswer
    from .refused_file import RefusedFile
    from .reprocess_result import ReprocessResult
    from .required_file import RequiredFile
    from .resize_request import ResizeRequest
    from .submit_result import SubmitResult
    from .task import Task
    from .task_list import TaskList
    from .task_status import TaskStatus
    from .upload import Upload
    from .upload_end import UploadEnd
    from .upload_start import UploadStart
    from .uploaded_part import UploadedPart
    from .user_file import UserFile
    from .user_file_list import UserFileList
    from .validation_error import ValidationError
else:
    # Each is read when it is first asked for, because reading all of them takes long.
    _MODULES = {
        "ActionResult": "action_result",
        "AllocationState": "allocation_state",
        "AutoPoolSpecification": "auto_pool_specification",
        "Certificate": "certificate",
        "CertificateAlgorithm": "certificate_algorithm",
        "CertificateStoreLocation": "certificate_store_location",
        "CertificateStoreName": "certificate_store_name",
        "CreatedPool": "created_pool",
        "Error": "error",
        "FileNames": "file_names",
        "FileOffer": "file_offer",
        "FileSpecification": "file_specification",
        "FileSpecifications": "file_specifications",
        "Job": "job",
        "JobList": "job_list",
        "JobLog": "job_log",
        "JobOutputList": "job_output_list",
        "JobStatus": "job_status",
        "JobSubmission": "job_submission",
        "JobType": "job_type",
        "JobTypeList": "job_type_list",
        "JobTypeParameter": "job_type_parameter",
        "Link": "link",
        "LogMessage": "log_message",
        "MissingFile": "missing_file",
        "MissingFileList": "missing_file_list",
        "OfferAnswer": "offer_answer",
        "OfferDigests": "offer_digests",
        "OfferedFile": "offered_file",
        "Output": "output",
        "OutputKind": "output_kind",
        "OutputList": "output_list",
        "Parameter": "parameter",
        "Pool": "pool",
        "PoolJob": "pool_job",
        "PoolList": "pool_list",
        "PoolSpecification": "pool_specification",
        "PoolState": "pool_state",
        "Priority": "priority",
        "RecallAnswer": "recall_answer",
        "RefusedFile": "refused_file",
        "ReprocessResult": "reprocess_result",
        "RequiredFile": "required_file",
        "ResizeRequest": "resize_request",
        "SubmitResult": "submit_result",
        "Task": "task",
        "TaskList": "task_list",
        "TaskStatus": "task_status",
        "Upload": "upload",
        "UploadEnd": "upload_end",
        "UploadStart": "upload_start",
        "UploadedPart": "uploaded_part",
        "UserFile": "user_file",
        "UserFileList": "user_file_list",
        "ValidationError": "validation_error",
    }

    def __getattr__(name):
        if name in _MODULES.values():
            return import_module(f".{name}", __name__)
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(__getattr__(_MODULES[name]), name)
        return value

    def __dir__():
        return sorted({*globals(), *_MODULES, *_MODULES.values()})


__all__ = (
    "ActionResult",
    "AllocationState",
    "AutoPoolSpecification",
    "Certificate",
    "CertificateAlgorithm",
    "CertificateStoreLocation",
    "CertificateStoreName",
    "CreatedPool",
    "Error",
    "FileNames",
    "FileOffer",
    "FileSpecification",
    "FileSpecifications",
    "Job",
    "JobList",
    "JobLog",
    "JobOutputList",
    "JobStatus",
    "JobSubmission",
    "JobType",
    "JobTypeList",
    "JobTypeParameter",
    "Link",
    "LogMessage",
    "MissingFile",
    "MissingFileList",
    "OfferAnswer",
    "OfferDigests",
    "OfferedFile",
    "Output",
    "OutputKind",
    "OutputList",
    "Parameter",
    "Pool",
    "PoolJob",
    "PoolList",
    "PoolSpecification",
    "PoolState",
    "Priority",
    "RecallAnswer",
    "RefusedFile",
    "ReprocessResult",
    "RequiredFile",
    "ResizeRequest",
    "SubmitResult",
    "Task",
    "TaskList",
    "TaskStatus",
    "Upload",
    "UploadedPart",
    "UploadEnd",
    "UploadStart",
    "UserFile",
    "UserFileList",
    "ValidationError",
)
