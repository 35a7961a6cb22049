from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.file_specification import FileSpecification


T = TypeVar("T", bound="FileSpecifications")


@_attrs_define
class FileSpecifications:
    """Files to look for."""

    specifications: list[FileSpecification]
    """ The files. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        specifications = []
        for specifications_item_data in self.specifications:
            specifications_item = specifications_item_data.to_dict()
            specifications.append(specifications_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "Specifications": specifications,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.file_specification import FileSpecification  # noqa: PLC0415

        d = dict(src_dict)
        specifications = []
        _specifications = d.pop("Specifications")
        for specifications_item_data in _specifications:
            specifications_item = FileSpecification.from_dict(specifications_item_data)

            specifications.append(specifications_item)

        file_specifications = cls(
            specifications=specifications,
        )

        file_specifications.additional_properties = d
        return file_specifications

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
