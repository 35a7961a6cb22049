from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.refused_file import RefusedFile


T = TypeVar("T", bound="OfferAnswer")


@_attrs_define
class OfferAnswer:
    """What became of offered files, by their places in the offer, from 0. Extension of the
    2014-10-01-preview API.

    """

    missing: list[int]
    """ Files whose contents must be sent. """
    worth_hashing: list[int]
    """ Those of the missing files that were offered without a digest while the account has a
    content of the same size, so that an offer with the digest may save sending.
     """
    refused: list[RefusedFile]
    """ Files that cannot be uploaded as they are. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        missing = self.missing

        worth_hashing = self.worth_hashing

        refused = []
        for refused_item_data in self.refused:
            refused_item = refused_item_data.to_dict()
            refused.append(refused_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "missing": missing,
                "worthHashing": worth_hashing,
                "refused": refused,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.refused_file import RefusedFile  # noqa: PLC0415

        d = dict(src_dict)
        missing = cast(list[int], d.pop("missing"))

        worth_hashing = cast(list[int], d.pop("worthHashing"))

        refused = []
        _refused = d.pop("refused")
        for refused_item_data in _refused:
            refused_item = RefusedFile.from_dict(refused_item_data)

            refused.append(refused_item)

        offer_answer = cls(
            missing=missing,
            worth_hashing=worth_hashing,
            refused=refused,
        )

        offer_answer.additional_properties = d
        return offer_answer

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
