from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.certificate import Certificate


T = TypeVar("T", bound="AutoPoolSpecification")


@_attrs_define
class AutoPoolSpecification:
    """The pool that is made for a job and given up when the job has come to its end."""

    target_dedicated: int | str | Unset = UNSET
    """ How many workers the pool shall have. 1 when left out. """
    max_tasks_per_tvm: int | str | Unset = UNSET
    """ How many tasks a worker runs at the same time. 1 when left out. """
    communication: bool | Unset = UNSET
    """ Whether workers shall be able to reach each other. No when left out. """
    certificate_references: list[Certificate] | Unset = UNSET
    """ Certificates to be installed on the workers. None when left out. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        target_dedicated: int | str | Unset
        if isinstance(self.target_dedicated, Unset):
            target_dedicated = UNSET
        else:
            target_dedicated = self.target_dedicated

        max_tasks_per_tvm: int | str | Unset
        if isinstance(self.max_tasks_per_tvm, Unset):
            max_tasks_per_tvm = UNSET
        else:
            max_tasks_per_tvm = self.max_tasks_per_tvm

        communication = self.communication

        certificate_references: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.certificate_references, Unset):
            certificate_references = []
            for certificate_references_item_data in self.certificate_references:
                certificate_references_item = certificate_references_item_data.to_dict()
                certificate_references.append(certificate_references_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if target_dedicated is not UNSET:
            field_dict["targetDedicated"] = target_dedicated
        if max_tasks_per_tvm is not UNSET:
            field_dict["maxTasksPerTVM"] = max_tasks_per_tvm
        if communication is not UNSET:
            field_dict["communication"] = communication
        if certificate_references is not UNSET:
            field_dict["certificateReferences"] = certificate_references

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.certificate import Certificate  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_target_dedicated(data: object) -> int | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(int | str | Unset, data)

        target_dedicated = _parse_target_dedicated(d.pop("targetDedicated", UNSET))

        def _parse_max_tasks_per_tvm(data: object) -> int | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(int | str | Unset, data)

        max_tasks_per_tvm = _parse_max_tasks_per_tvm(d.pop("maxTasksPerTVM", UNSET))

        communication = d.pop("communication", UNSET)

        _certificate_references = d.pop("certificateReferences", UNSET)
        certificate_references: list[Certificate] | Unset = UNSET
        if _certificate_references is not UNSET:
            certificate_references = []
            for certificate_references_item_data in _certificate_references:
                certificate_references_item = Certificate.from_dict(
                    certificate_references_item_data
                )

                certificate_references.append(certificate_references_item)

        auto_pool_specification = cls(
            target_dedicated=target_dedicated,
            max_tasks_per_tvm=max_tasks_per_tvm,
            communication=communication,
            certificate_references=certificate_references,
        )

        auto_pool_specification.additional_properties = d
        return auto_pool_specification

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
