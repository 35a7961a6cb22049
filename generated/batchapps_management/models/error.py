from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.validation_error import ValidationError


T = TypeVar("T", bound="Error")


@_attrs_define
class Error:
    """What went wrong, in the form of the predecessor of Batch Apps. The service always gives
    `Message`; a proxy in between may answer without it.

    """

    message: str | Unset = UNSET
    """ What happened, to what, and what to do about it. """
    request_id: str | Unset = UNSET
    """ Name of the call in the service's own records, the same as in `x-ms-request-id`. Extension
    of the 2014-10-01-preview API.
     """
    validation_errors: list[ValidationError] | Unset = UNSET
    """ What is wrong with the request, member by member. Left out where that says nothing more. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        message = self.message

        request_id = self.request_id

        validation_errors: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.validation_errors, Unset):
            validation_errors = []
            for validation_errors_item_data in self.validation_errors:
                validation_errors_item = validation_errors_item_data.to_dict()
                validation_errors.append(validation_errors_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if message is not UNSET:
            field_dict["Message"] = message
        if request_id is not UNSET:
            field_dict["RequestId"] = request_id
        if validation_errors is not UNSET:
            field_dict["ValidationErrors"] = validation_errors

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.validation_error import ValidationError  # noqa: PLC0415

        d = dict(src_dict)
        message = d.pop("Message", UNSET)

        request_id = d.pop("RequestId", UNSET)

        _validation_errors = d.pop("ValidationErrors", UNSET)
        validation_errors: list[ValidationError] | Unset = UNSET
        if _validation_errors is not UNSET:
            validation_errors = []
            for validation_errors_item_data in _validation_errors:
                validation_errors_item = ValidationError.from_dict(
                    validation_errors_item_data
                )

                validation_errors.append(validation_errors_item)

        error = cls(
            message=message,
            request_id=request_id,
            validation_errors=validation_errors,
        )

        error.additional_properties = d
        return error

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
