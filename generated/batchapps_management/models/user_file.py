from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.link import Link


T = TypeVar("T", bound="UserFile")


@_attrs_define
class UserFile:
    """An uploaded file."""

    id: str | Unset = UNSET
    """ Id of the file. """
    name: str | Unset = UNSET
    """ Bare name of the file. """
    last_modified_by: str | Unset = UNSET
    """ The account that uploaded the file. """
    last_modified_time: str | Unset = UNSET
    """ Time of the file, in exactly the text with which it was uploaded. """
    original_file_path: str | Unset = UNSET
    """ Path of the file on its owner's machine, in exactly the text that was sent. """
    link: Link | Unset = UNSET
    """ A link, which is an absolute address. Left out while there is nothing at it. """
    content_length: int | Unset = UNSET
    """ Length in bytes. Extension of the 2014-10-01-preview API. """
    sha256: str | Unset = UNSET
    """ SHA-256 of the content in lower-case hexadecimal. Extension of the 2014-10-01-preview API.
     """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        name = self.name

        last_modified_by = self.last_modified_by

        last_modified_time = self.last_modified_time

        original_file_path = self.original_file_path

        link: dict[str, Any] | Unset = UNSET
        if not isinstance(self.link, Unset):
            link = self.link.to_dict()

        content_length = self.content_length

        sha256 = self.sha256

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if id is not UNSET:
            field_dict["id"] = id
        if name is not UNSET:
            field_dict["name"] = name
        if last_modified_by is not UNSET:
            field_dict["lastModifiedBy"] = last_modified_by
        if last_modified_time is not UNSET:
            field_dict["lastModifiedTime"] = last_modified_time
        if original_file_path is not UNSET:
            field_dict["originalFilePath"] = original_file_path
        if link is not UNSET:
            field_dict["link"] = link
        if content_length is not UNSET:
            field_dict["contentLength"] = content_length
        if sha256 is not UNSET:
            field_dict["sha256"] = sha256

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.link import Link  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id", UNSET)

        name = d.pop("name", UNSET)

        last_modified_by = d.pop("lastModifiedBy", UNSET)

        last_modified_time = d.pop("lastModifiedTime", UNSET)

        original_file_path = d.pop("originalFilePath", UNSET)

        _link = d.pop("link", UNSET)
        link: Link | Unset
        if isinstance(_link, Unset):
            link = UNSET
        else:
            link = Link.from_dict(_link)

        content_length = d.pop("contentLength", UNSET)

        sha256 = d.pop("sha256", UNSET)

        user_file = cls(
            id=id,
            name=name,
            last_modified_by=last_modified_by,
            last_modified_time=last_modified_time,
            original_file_path=original_file_path,
            link=link,
            content_length=content_length,
            sha256=sha256,
        )

        user_file.additional_properties = d
        return user_file

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
