from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.uploaded_part import UploadedPart


T = TypeVar("T", bound="Upload")


@_attrs_define
class Upload:
    """An upload in parts. Extension of the 2014-10-01-preview API."""

    id: str
    """ Id of the upload. """
    part_size: int
    """ Length in bytes of each part but the last, which is the rest. """
    parts: list[UploadedPart]
    """ The parts that have arrived. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        part_size = self.part_size

        parts = []
        for parts_item_data in self.parts:
            parts_item = parts_item_data.to_dict()
            parts.append(parts_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "partSize": part_size,
                "parts": parts,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.uploaded_part import UploadedPart  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        part_size = d.pop("partSize")

        parts = []
        _parts = d.pop("parts")
        for parts_item_data in _parts:
            parts_item = UploadedPart.from_dict(parts_item_data)

            parts.append(parts_item)

        upload = cls(
            id=id,
            part_size=part_size,
            parts=parts,
        )

        upload.additional_properties = d
        return upload

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
