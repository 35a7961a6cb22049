from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.output_kind import OutputKind
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.link import Link


T = TypeVar("T", bound="Output")


@_attrs_define
class Output:
    """A file that a task or a whole job has left."""

    name: str | Unset = UNSET
    """ Name of the file, unique in its job and without any folder. """
    kind: OutputKind | str | Unset = UNSET
    """ What the file is. """
    link: Link | Unset = UNSET
    """ A link, which is an absolute address. Left out while there is nothing at it. """
    task_id: int | Unset = UNSET
    """ Id of the task that left the file. Left out for the outputs of a whole job. """
    content_length: int | Unset = UNSET
    """ Length in bytes. Extension of the 2014-10-01-preview API. """
    sha256: str | Unset = UNSET
    """ SHA-256 of the content in lower-case hexadecimal. Extension of the 2014-10-01-preview API.
     """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        kind: str | Unset
        if isinstance(self.kind, Unset):
            kind = UNSET
        elif isinstance(self.kind, OutputKind):
            kind = self.kind.value
        else:
            kind = self.kind

        link: dict[str, Any] | Unset = UNSET
        if not isinstance(self.link, Unset):
            link = self.link.to_dict()

        task_id = self.task_id

        content_length = self.content_length

        sha256 = self.sha256

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if name is not UNSET:
            field_dict["name"] = name
        if kind is not UNSET:
            field_dict["kind"] = kind
        if link is not UNSET:
            field_dict["link"] = link
        if task_id is not UNSET:
            field_dict["taskId"] = task_id
        if content_length is not UNSET:
            field_dict["contentLength"] = content_length
        if sha256 is not UNSET:
            field_dict["sha256"] = sha256

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.link import Link  # noqa: PLC0415

        d = dict(src_dict)
        name = d.pop("name", UNSET)

        def _parse_kind(data: object) -> OutputKind | str | Unset:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                kind_type_0 = OutputKind(data)

                return kind_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(OutputKind | str | Unset, data)

        kind = _parse_kind(d.pop("kind", UNSET))

        _link = d.pop("link", UNSET)
        link: Link | Unset
        if isinstance(_link, Unset):
            link = UNSET
        else:
            link = Link.from_dict(_link)

        task_id = d.pop("taskId", UNSET)

        content_length = d.pop("contentLength", UNSET)

        sha256 = d.pop("sha256", UNSET)

        output = cls(
            name=name,
            kind=kind,
            link=link,
            task_id=task_id,
            content_length=content_length,
            sha256=sha256,
        )

        output.additional_properties = d
        return output

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
