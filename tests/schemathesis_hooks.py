"""What schemathesis takes for a failure and is none, each with its reason.

It reads this file itself, by ``SCHEMATHESIS_HOOKS``; see ``service/test_schemathesis.py``.
"""

from typing import Any

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.openapi.checks import EnsureResourceAvailability, RejectedPositiveData

REFUSED_THOUGH_VALID = {
    # A valid body may name a job type, files or a pool that are not there, or parameters that the
    # job type does not take.
    "submitJob",
    # The days that exist are more than a pattern can tell, and the format of a time would cost
    # generated clients the seventh decimal.
    "getJobLog",
    # Not every text is the name of a file.
    "startUpload",
    "uploadFile",
    # A digest, a size and the parts that have arrived have to fit, which no schema can say.
    "uploadFiles",
    "uploadPart",
    "completeUpload",
}

NOT_THERE = {
    # A job that was just submitted has no output before it has run.
    "getJobOutput",
    "headJobOutput",
    "getJobOutputFile",
    "headJobOutputFile",
    "fetchJobOutputFiles",
    # To begin the upload of the same file twice begins one upload, which ends once.
    "uploadPart",
    "completeUpload",
    "cancelUpload",
}


@schemathesis.hook
def filter_failure(
    context: schemathesis.HookContext,
    failure: Failure,
    case: "schemathesis.Case[Any]",
    response: schemathesis.Response,
) -> bool:
    operation = case.operation.definition.raw["operationId"]
    if isinstance(failure, RejectedPositiveData) and response.status_code == 400:
        return operation not in REFUSED_THOUGH_VALID
    if isinstance(failure, AcceptedNegativeData) and operation == "uploadFile":
        # A body that is missing and one of no bytes are the same in HTTP; the file is empty.
        return bool(response.request.body)
    if isinstance(failure, EnsureResourceAvailability):
        return operation not in NOT_THERE
    return True
