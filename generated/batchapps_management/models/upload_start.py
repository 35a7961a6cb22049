from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="UploadStart")


@_attrs_define
class UploadStart:
    """A large file of the user's. Extension of the 2014-10-01-preview API."""

    name: str
    """ Bare name of the file. """
    timestamp: str
    """ Time of the file, kept byte for byte. """
    size: int
    """ Length in bytes, at most 1 TiB. """
    original_path: str | Unset = UNSET
    """ Path of the file on its owner's machine, as in `originalFilePath`. Empty when left out. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        timestamp = self.timestamp

        size = self.size

        original_path = self.original_path

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "Name": name,
                "Timestamp": timestamp,
                "Size": size,
            }
        )
        if original_path is not UNSET:
            field_dict["OriginalPath"] = original_path

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = d.pop("Name")

        timestamp = d.pop("Timestamp")

        size = d.pop("Size")

        original_path = d.pop("OriginalPath", UNSET)

        upload_start = cls(
            name=name,
            timestamp=timestamp,
            size=size,
            original_path=original_path,
        )

        upload_start.additional_properties = d
        return upload_start

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
