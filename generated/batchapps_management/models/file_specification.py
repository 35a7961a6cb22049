from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="FileSpecification")


@_attrs_define
class FileSpecification:
    """A file to look for."""

    file_name: str
    """ Bare name of the file. """
    timestamp: str
    """ Time of the file, compared as text. """
    original_path: str | Unset = UNSET
    """ Path of the file, in exactly the text of its upload. Any path when left out. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        file_name = self.file_name

        timestamp = self.timestamp

        original_path = self.original_path

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "FileName": file_name,
                "Timestamp": timestamp,
            }
        )
        if original_path is not UNSET:
            field_dict["OriginalPath"] = original_path

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        file_name = d.pop("FileName")

        timestamp = d.pop("Timestamp")

        original_path = d.pop("OriginalPath", UNSET)

        file_specification = cls(
            file_name=file_name,
            timestamp=timestamp,
            original_path=original_path,
        )

        file_specification.additional_properties = d
        return file_specification

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
