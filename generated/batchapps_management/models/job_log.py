from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.log_message import LogMessage


T = TypeVar("T", bound="JobLog")


@_attrs_define
class JobLog:
    """Lines of a job's log."""

    up_to: str | Unset = UNSET
    """ Time up to which this answer reaches, to be sent as `since` to get what comes after it.
     """
    messages: list[LogMessage] | Unset = UNSET
    """ The lines, oldest first. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        up_to = self.up_to

        messages: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.messages, Unset):
            messages = []
            for messages_item_data in self.messages:
                messages_item = messages_item_data.to_dict()
                messages.append(messages_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if up_to is not UNSET:
            field_dict["upTo"] = up_to
        if messages is not UNSET:
            field_dict["messages"] = messages

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.log_message import LogMessage  # noqa: PLC0415

        d = dict(src_dict)
        up_to = d.pop("upTo", UNSET)

        _messages = d.pop("messages", UNSET)
        messages: list[LogMessage] | Unset = UNSET
        if _messages is not UNSET:
            messages = []
            for messages_item_data in _messages:
                messages_item = LogMessage.from_dict(messages_item_data)

                messages.append(messages_item)

        job_log = cls(
            up_to=up_to,
            messages=messages,
        )

        job_log.additional_properties = d
        return job_log

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
