from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="ResizeRequest")


@_attrs_define
class ResizeRequest:
    """A new size for a pool."""

    target_dedicated: int | str
    """ How many workers the pool shall have. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        target_dedicated: int | str
        target_dedicated = self.target_dedicated

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "targetDedicated": target_dedicated,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_target_dedicated(data: object) -> int | str:
            return cast(int | str, data)

        target_dedicated = _parse_target_dedicated(d.pop("targetDedicated"))

        resize_request = cls(
            target_dedicated=target_dedicated,
        )

        resize_request.additional_properties = d
        return resize_request

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
