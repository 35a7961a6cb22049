from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.certificate_algorithm import CertificateAlgorithm
from ..models.certificate_store_location import CertificateStoreLocation
from ..models.certificate_store_name import CertificateStoreName
from ..types import UNSET, Unset

T = TypeVar("T", bound="Certificate")


@_attrs_define
class Certificate:
    """A certificate that is to be installed on the workers of a pool."""

    thumbprint: str | Unset = UNSET
    """ Thumbprint of the certificate, in hexadecimal digits. """
    thumbprint_algorithm: CertificateAlgorithm | str | Unset = UNSET
    """ Algorithm of the thumbprint. """
    store_location: CertificateStoreLocation | str | Unset = UNSET
    """ Whose certificate store it goes to. """
    store_name: CertificateStoreName | str | Unset = UNSET
    """ The certificate store it goes to; a name of one's own is as good. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        thumbprint = self.thumbprint

        thumbprint_algorithm: str | Unset
        if isinstance(self.thumbprint_algorithm, Unset):
            thumbprint_algorithm = UNSET
        elif isinstance(self.thumbprint_algorithm, CertificateAlgorithm):
            thumbprint_algorithm = self.thumbprint_algorithm.value
        else:
            thumbprint_algorithm = self.thumbprint_algorithm

        store_location: str | Unset
        if isinstance(self.store_location, Unset):
            store_location = UNSET
        elif isinstance(self.store_location, CertificateStoreLocation):
            store_location = self.store_location.value
        else:
            store_location = self.store_location

        store_name: str | Unset
        if isinstance(self.store_name, Unset):
            store_name = UNSET
        elif isinstance(self.store_name, CertificateStoreName):
            store_name = self.store_name.value
        else:
            store_name = self.store_name

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if thumbprint is not UNSET:
            field_dict["thumbprint"] = thumbprint
        if thumbprint_algorithm is not UNSET:
            field_dict["thumbprintAlgorithm"] = thumbprint_algorithm
        if store_location is not UNSET:
            field_dict["storeLocation"] = store_location
        if store_name is not UNSET:
            field_dict["storeName"] = store_name

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        thumbprint = d.pop("thumbprint", UNSET)

        def _parse_thumbprint_algorithm(
            data: object,
        ) -> CertificateAlgorithm | str | Unset:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                thumbprint_algorithm_type_0 = CertificateAlgorithm(data)

                return thumbprint_algorithm_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(CertificateAlgorithm | str | Unset, data)

        thumbprint_algorithm = _parse_thumbprint_algorithm(
            d.pop("thumbprintAlgorithm", UNSET)
        )

        def _parse_store_location(
            data: object,
        ) -> CertificateStoreLocation | str | Unset:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                store_location_type_0 = CertificateStoreLocation(data)

                return store_location_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(CertificateStoreLocation | str | Unset, data)

        store_location = _parse_store_location(d.pop("storeLocation", UNSET))

        def _parse_store_name(data: object) -> CertificateStoreName | str | Unset:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                store_name_type_0 = CertificateStoreName(data)

                return store_name_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(CertificateStoreName | str | Unset, data)

        store_name = _parse_store_name(d.pop("storeName", UNSET))

        certificate = cls(
            thumbprint=thumbprint,
            thumbprint_algorithm=thumbprint_algorithm,
            store_location=store_location,
            store_name=store_name,
        )

        certificate.additional_properties = d
        return certificate

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
