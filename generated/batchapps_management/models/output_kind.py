from enum import StrEnum


class OutputKind(StrEnum):
    JOB_OUTPUT = "JobOutput"
    JOB_PREVIEW = "JobPreview"
    TASK_INTERMEDIATE = "TaskIntermediate"
    TASK_LOG = "TaskLog"
    TASK_OUTPUT = "TaskOutput"
    TASK_PREVIEW = "TaskPreview"

    def __str__(self) -> str:
        return str(self.value)
