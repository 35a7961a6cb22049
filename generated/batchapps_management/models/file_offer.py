from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.offered_file import OfferedFile


T = TypeVar("T", bound="FileOffer")


@_attrs_define
class FileOffer:
    """Files of the user's. Extension of the 2014-10-01-preview API."""

    files: list[OfferedFile]
    """ The files. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        files = []
        for files_item_data in self.files:
            files_item = files_item_data.to_dict()
            files.append(files_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "Files": files,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.offered_file import OfferedFile  # noqa: PLC0415

        d = dict(src_dict)
        files = []
        _files = d.pop("Files")
        for files_item_data in _files:
            files_item = OfferedFile.from_dict(files_item_data)

            files.append(files_item)

        file_offer = cls(
            files=files,
        )

        file_offer.additional_properties = d
        return file_offer

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
