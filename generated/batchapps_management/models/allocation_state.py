from enum import StrEnum


class AllocationState(StrEnum):
    RESIZING = "resizing"
    STEADY = "steady"
    STOPPING = "stopping"

    def __str__(self) -> str:
        return str(self.value)
