from enum import StrEnum


class CertificateStoreLocation(StrEnum):
    CURRENT_USER = "CurrentUser"
    LOCAL_MACHINE = "LocalMachine"

    def __str__(self) -> str:
        return str(self.value)
