from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.output import Output


T = TypeVar("T", bound="JobOutputList")


@_attrs_define
class JobOutputList:
    """The final outputs of a job."""

    job_outputs: list[Output]
    """ The final output and its preview, as far as they exist. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        job_outputs = []
        for job_outputs_item_data in self.job_outputs:
            job_outputs_item = job_outputs_item_data.to_dict()
            job_outputs.append(job_outputs_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "jobOutputs": job_outputs,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.output import Output  # noqa: PLC0415

        d = dict(src_dict)
        job_outputs = []
        _job_outputs = d.pop("jobOutputs")
        for job_outputs_item_data in _job_outputs:
            job_outputs_item = Output.from_dict(job_outputs_item_data)

            job_outputs.append(job_outputs_item)

        job_output_list = cls(
            job_outputs=job_outputs,
        )

        job_output_list.additional_properties = d
        return job_output_list

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
