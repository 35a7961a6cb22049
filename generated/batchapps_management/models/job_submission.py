from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.priority import Priority
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.auto_pool_specification import AutoPoolSpecification
    from ..models.parameter import Parameter
    from ..models.required_file import RequiredFile


T = TypeVar("T", bound="JobSubmission")


@_attrs_define
class JobSubmission:
    """A job to be run. It runs on the pool that `poolId` names, or else on one that is made for it.

    Forms from before pools are understood too: `InstanceCount` or `Pool` with `InstanceCount` in
    place of `autoPoolSpecification`. `CommercialAgreementId` and members that are not known are
    ignored.

    """

    name: str
    """ What its owner calls the job. Any text; need not be unique. """
    type_: str
    """ Name of an installed job type. """
    required_files: list[RequiredFile] | Unset = UNSET
    """ The files that the job needs, all of them uploaded before. None when left out. """
    parameters: list[Parameter] | Unset = UNSET
    """ Values for the parameters of the job type. None when left out. """
    job_file: str | Unset = UNSET
    """ Bare name of the one among the required files that the job starts from, such as a scene.
    Empty, left out, or the word `None`: there is no such file.
     """
    settings: str | Unset = UNSET
    """ Free text for the job type, handed through as it is. Empty when left out. """
    priority: Priority | str | Unset = UNSET
    """ How urgent the job is. `Medium` when left out; any other text is taken for it. """
    pool_id: str | Unset = UNSET
    """ Id of the pool on which the job shall run. """
    auto_pool_specification: AutoPoolSpecification | Unset = UNSET
    """ The pool that is made for a job and given up when the job has come to its end. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        type_ = self.type_

        required_files: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.required_files, Unset):
            required_files = []
            for required_files_item_data in self.required_files:
                required_files_item = required_files_item_data.to_dict()
                required_files.append(required_files_item)

        parameters: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.parameters, Unset):
            parameters = []
            for parameters_item_data in self.parameters:
                parameters_item = parameters_item_data.to_dict()
                parameters.append(parameters_item)

        job_file = self.job_file

        settings = self.settings

        priority: str | Unset
        if isinstance(self.priority, Unset):
            priority = UNSET
        elif isinstance(self.priority, Priority):
            priority = self.priority.value
        else:
            priority = self.priority

        pool_id = self.pool_id

        auto_pool_specification: dict[str, Any] | Unset = UNSET
        if not isinstance(self.auto_pool_specification, Unset):
            auto_pool_specification = self.auto_pool_specification.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "Name": name,
                "Type": type_,
            }
        )
        if required_files is not UNSET:
            field_dict["RequiredFiles"] = required_files
        if parameters is not UNSET:
            field_dict["Parameters"] = parameters
        if job_file is not UNSET:
            field_dict["JobFile"] = job_file
        if settings is not UNSET:
            field_dict["Settings"] = settings
        if priority is not UNSET:
            field_dict["Priority"] = priority
        if pool_id is not UNSET:
            field_dict["poolId"] = pool_id
        if auto_pool_specification is not UNSET:
            field_dict["autoPoolSpecification"] = auto_pool_specification

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.auto_pool_specification import AutoPoolSpecification  # noqa: PLC0415
        from ..models.parameter import Parameter  # noqa: PLC0415
        from ..models.required_file import RequiredFile  # noqa: PLC0415

        d = dict(src_dict)
        name = d.pop("Name")

        type_ = d.pop("Type")

        _required_files = d.pop("RequiredFiles", UNSET)
        required_files: list[RequiredFile] | Unset = UNSET
        if _required_files is not UNSET:
            required_files = []
            for required_files_item_data in _required_files:
                required_files_item = RequiredFile.from_dict(required_files_item_data)

                required_files.append(required_files_item)

        _parameters = d.pop("Parameters", UNSET)
        parameters: list[Parameter] | Unset = UNSET
        if _parameters is not UNSET:
            parameters = []
            for parameters_item_data in _parameters:
                parameters_item = Parameter.from_dict(parameters_item_data)

                parameters.append(parameters_item)

        job_file = d.pop("JobFile", UNSET)

        settings = d.pop("Settings", UNSET)

        def _parse_priority(data: object) -> Priority | str | Unset:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                priority_type_0 = Priority(data)

                return priority_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Priority | str | Unset, data)

        priority = _parse_priority(d.pop("Priority", UNSET))

        pool_id = d.pop("poolId", UNSET)

        _auto_pool_specification = d.pop("autoPoolSpecification", UNSET)
        auto_pool_specification: AutoPoolSpecification | Unset
        if isinstance(_auto_pool_specification, Unset):
            auto_pool_specification = UNSET
        else:
            auto_pool_specification = AutoPoolSpecification.from_dict(
                _auto_pool_specification
            )

        job_submission = cls(
            name=name,
            type_=type_,
            required_files=required_files,
            parameters=parameters,
            job_file=job_file,
            settings=settings,
            priority=priority,
            pool_id=pool_id,
            auto_pool_specification=auto_pool_specification,
        )

        job_submission.additional_properties = d
        return job_submission

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
