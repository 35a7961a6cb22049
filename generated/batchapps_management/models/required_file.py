from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="RequiredFile")


@_attrs_define
class RequiredFile:
    """A file that a job needs, named as it was uploaded. Two uploads of the same name and time but
    from different paths cannot be told apart here; the later one is meant.

    """

    name: str
    """ Bare name of the file. """
    timestamp: str
    """ Time of the file, in exactly the text with which it was uploaded. """
    sha_256: str | Unset = UNSET
    """ SHA-256 of the content that is meant, in lower-case hexadecimal, where name and time alone
    may not tell. Extension of the 2014-10-01-preview API.
     """
    relative_path: str | Unset = UNSET
    """ Where the file lies below the folder of the job's files, with `/` between folders; its own
    name when left out. Extension of the 2014-10-01-preview API.
     """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        timestamp = self.timestamp

        sha_256 = self.sha_256

        relative_path = self.relative_path

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "Name": name,
                "Timestamp": timestamp,
            }
        )
        if sha_256 is not UNSET:
            field_dict["Sha256"] = sha_256
        if relative_path is not UNSET:
            field_dict["RelativePath"] = relative_path

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = d.pop("Name")

        timestamp = d.pop("Timestamp")

        sha_256 = d.pop("Sha256", UNSET)

        relative_path = d.pop("RelativePath", UNSET)

        required_file = cls(
            name=name,
            timestamp=timestamp,
            sha_256=sha_256,
            relative_path=relative_path,
        )

        required_file.additional_properties = d
        return required_file

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
