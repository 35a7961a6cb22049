from enum import StrEnum


class CertificateStoreName(StrEnum):
    ADDRESS_BOOK = "AddressBook"
    AUTH_ROOT = "AuthRoot"
    CA = "CA"
    DISALLOWED = "Disallowed"
    MY = "My"
    ROOT = "Root"
    TRUST = "Trust"
    TRUSTED_PEOPLE = "TrustedPeople"
    TRUSTED_PUBLISHER = "TrustedPublisher"

    def __str__(self) -> str:
        return str(self.value)
