from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="JobTypeParameter")


@_attrs_define
class JobTypeParameter:
    """A parameter of a job type. Extension of the 2014-10-01-preview API."""

    name: str
    """ Name of the parameter. """
    type_: str
    """ Type of its value, in the words of Open Job Description, such as `STRING`, `INT`, `FLOAT`,
    `PATH` or `LIST[PATH]`. A job's submission gives values as text all the same.
     """
    description: str | Unset = UNSET
    """ What the parameter is for. """
    default: Any | Unset = UNSET
    """ The value where a job gives none, in the JSON form of the type. A parameter without it must
    be given.
     """
    allowed_values: list[Any] | Unset = UNSET
    """ The only values that are allowed. Any value of the type where left out. """
    min_value: float | Unset = UNSET
    """ The least value that is allowed. """
    max_value: float | Unset = UNSET
    """ The greatest value that is allowed. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        type_ = self.type_

        description = self.description

        default = self.default

        allowed_values: list[Any] | Unset = UNSET
        if not isinstance(self.allowed_values, Unset):
            allowed_values = self.allowed_values

        min_value = self.min_value

        max_value = self.max_value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "name": name,
                "type": type_,
            }
        )
        if description is not UNSET:
            field_dict["description"] = description
        if default is not UNSET:
            field_dict["default"] = default
        if allowed_values is not UNSET:
            field_dict["allowedValues"] = allowed_values
        if min_value is not UNSET:
            field_dict["minValue"] = min_value
        if max_value is not UNSET:
            field_dict["maxValue"] = max_value

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = d.pop("name")

        type_ = d.pop("type")

        description = d.pop("description", UNSET)

        default = d.pop("default", UNSET)

        allowed_values = cast(list[Any], d.pop("allowedValues", UNSET))

        min_value = d.pop("minValue", UNSET)

        max_value = d.pop("maxValue", UNSET)

        job_type_parameter = cls(
            name=name,
            type_=type_,
            description=description,
            default=default,
            allowed_values=allowed_values,
            min_value=min_value,
            max_value=max_value,
        )

        job_type_parameter.additional_properties = d
        return job_type_parameter

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
