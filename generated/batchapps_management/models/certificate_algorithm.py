from enum import StrEnum


class CertificateAlgorithm(StrEnum):
    SHA1 = "SHA1"

    def __str__(self) -> str:
        return str(self.value)
