from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="LogMessage")


@_attrs_define
class LogMessage:
    """A line of a job's log."""

    task_id: int | Unset = UNSET
    """ Id of the task that wrote the line. Left out where the service itself speaks. """
    timestamp: str | Unset = UNSET
    """ When the line was written, ISO 8601 in UTC. """
    text: str | Unset = UNSET
    """ The line. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        task_id = self.task_id

        timestamp = self.timestamp

        text = self.text

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if task_id is not UNSET:
            field_dict["taskId"] = task_id
        if timestamp is not UNSET:
            field_dict["timestamp"] = timestamp
        if text is not UNSET:
            field_dict["text"] = text

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        task_id = d.pop("taskId", UNSET)

        timestamp = d.pop("timestamp", UNSET)

        text = d.pop("text", UNSET)

        log_message = cls(
            task_id=task_id,
            timestamp=timestamp,
            text=text,
        )

        log_message.additional_properties = d
        return log_message

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
