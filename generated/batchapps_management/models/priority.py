from enum import StrEnum


class Priority(StrEnum):
    HIGH = "High"
    LOW = "Low"
    MEDIUM = "Medium"
    URGENT = "Urgent"

    def __str__(self) -> str:
        return str(self.value)
