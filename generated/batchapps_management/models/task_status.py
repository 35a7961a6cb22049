from enum import StrEnum


class TaskStatus(StrEnum):
    CANCELLED = "Cancelled"
    CANCELLING = "Cancelling"
    COMPLETE = "Complete"
    ERROR = "Error"
    IN_PROGRESS = "InProgress"
    NOT_STARTED = "NotStarted"
    ON_HOLD = "OnHold"

    def __str__(self) -> str:
        return str(self.value)
