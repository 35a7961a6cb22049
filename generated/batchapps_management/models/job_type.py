from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.job_type_parameter import JobTypeParameter


T = TypeVar("T", bound="JobType")


@_attrs_define
class JobType:
    """An installed kind of job. Extension of the 2014-10-01-preview API."""

    name: str
    """ Its name, which a submission gives as `Type`. """
    version: str | Unset = UNSET
    """ Its version: what its author calls it, or a number that counts up. A job chooses it by the
    parameter `version`.
     """
    description: str | Unset = UNSET
    """ What jobs of this type do. """
    parameters: list[JobTypeParameter] | Unset = UNSET
    """ The parameters that a job of this type takes. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        version = self.version

        description = self.description

        parameters: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.parameters, Unset):
            parameters = []
            for parameters_item_data in self.parameters:
                parameters_item = parameters_item_data.to_dict()
                parameters.append(parameters_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "name": name,
            }
        )
        if version is not UNSET:
            field_dict["version"] = version
        if description is not UNSET:
            field_dict["description"] = description
        if parameters is not UNSET:
            field_dict["parameters"] = parameters

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.job_type_parameter import JobTypeParameter  # noqa: PLC0415

        d = dict(src_dict)
        name = d.pop("name")

        version = d.pop("version", UNSET)

        description = d.pop("description", UNSET)

        _parameters = d.pop("parameters", UNSET)
        parameters: list[JobTypeParameter] | Unset = UNSET
        if _parameters is not UNSET:
            parameters = []
            for parameters_item_data in _parameters:
                parameters_item = JobTypeParameter.from_dict(parameters_item_data)

                parameters.append(parameters_item)

        job_type = cls(
            name=name,
            version=version,
            description=description,
            parameters=parameters,
        )

        job_type.additional_properties = d
        return job_type

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
