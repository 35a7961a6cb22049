from enum import StrEnum


class PoolState(StrEnum):
    ACTIVE = "active"
    DELETING = "deleting"
    UPGRADING = "upgrading"

    def __str__(self) -> str:
        return str(self.value)
