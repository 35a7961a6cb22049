from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.job_status import JobStatus
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.link import Link


T = TypeVar("T", bound="Job")


@_attrs_define
class Job:
    """A job that was submitted."""

    id: str
    """ Id of the job, a GUID with hyphens. """
    name: str
    """ What its owner calls the job. """
    type_: str
    """ Name of its job type. """
    type_version: str | Unset = UNSET
    """ Version of its job type, which it keeps whatever is installed later. Extension of the
    2014-10-01-preview API.
     """
    status: JobStatus | str | Unset = UNSET
    """ State of the job. Left out, it means `NotStarted`. """
    percent_complete: int | Unset = UNSET
    """ How much of the job is done, in whole percent. """
    settings: str | Unset = UNSET
    """ The free text that was submitted with the job. """
    submission_time: str | Unset = UNSET
    """ When the job was submitted, ISO 8601 in UTC. """
    start_time: str | Unset = UNSET
    """ When the job's first task started, ISO 8601 in UTC. Left out until then. """
    completion_time: str | Unset = UNSET
    """ When the job came to its end, ISO 8601 in UTC. Left out until then. """
    instance_count: int | Unset = UNSET
    """ How many workers were asked for, from the time before pools. """
    task_count: int | Unset = UNSET
    """ How many tasks the job has, the merge among them. Left out until the job has been split.
     """
    output_file_name: str | Unset = UNSET
    """ Name of the final output. Left out until it exists. """
    output_link: Link | Unset = UNSET
    """ A link, which is an absolute address. Left out while there is nothing at it. """
    preview_link: Link | Unset = UNSET
    """ A link, which is an absolute address. Left out while there is nothing at it. """
    task_list_link: Link | Unset = UNSET
    """ A link, which is an absolute address. Left out while there is nothing at it. """
    pool_id: str | Unset = UNSET
    """ Id of the pool on which the job runs. """
    capped_price: float | Unset = UNSET
    """ Highest price of the job, in the predecessor of Batch Apps. Not sent any more. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        name = self.name

        type_ = self.type_

        type_version = self.type_version

        status: str | Unset
        if isinstance(self.status, Unset):
            status = UNSET
        elif isinstance(self.status, JobStatus):
            status = self.status.value
        else:
            status = self.status

        percent_complete = self.percent_complete

        settings = self.settings

        submission_time = self.submission_time

        start_time = self.start_time

        completion_time = self.completion_time

        instance_count = self.instance_count

        task_count = self.task_count

        output_file_name = self.output_file_name

        output_link: dict[str, Any] | Unset = UNSET
        if not isinstance(self.output_link, Unset):
            output_link = self.output_link.to_dict()

        preview_link: dict[str, Any] | Unset = UNSET
        if not isinstance(self.preview_link, Unset):
            preview_link = self.preview_link.to_dict()

        task_list_link: dict[str, Any] | Unset = UNSET
        if not isinstance(self.task_list_link, Unset):
            task_list_link = self.task_list_link.to_dict()

        pool_id = self.pool_id

        capped_price = self.capped_price

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "name": name,
                "type": type_,
            }
        )
        if type_version is not UNSET:
            field_dict["typeVersion"] = type_version
        if status is not UNSET:
            field_dict["status"] = status
        if percent_complete is not UNSET:
            field_dict["percentComplete"] = percent_complete
        if settings is not UNSET:
            field_dict["settings"] = settings
        if submission_time is not UNSET:
            field_dict["submissionTime"] = submission_time
        if start_time is not UNSET:
            field_dict["startTime"] = start_time
        if completion_time is not UNSET:
            field_dict["completionTime"] = completion_time
        if instance_count is not UNSET:
            field_dict["instanceCount"] = instance_count
        if task_count is not UNSET:
            field_dict["taskCount"] = task_count
        if output_file_name is not UNSET:
            field_dict["outputFileName"] = output_file_name
        if output_link is not UNSET:
            field_dict["outputLink"] = output_link
        if preview_link is not UNSET:
            field_dict["previewLink"] = preview_link
        if task_list_link is not UNSET:
            field_dict["taskListLink"] = task_list_link
        if pool_id is not UNSET:
            field_dict["poolId"] = pool_id
        if capped_price is not UNSET:
            field_dict["cappedPrice"] = capped_price

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.link import Link  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        name = d.pop("name")

        type_ = d.pop("type")

        type_version = d.pop("typeVersion", UNSET)

        def _parse_status(data: object) -> JobStatus | str | Unset:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                status_type_0 = JobStatus(data)

                return status_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(JobStatus | str | Unset, data)

        status = _parse_status(d.pop("status", UNSET))

        percent_complete = d.pop("percentComplete", UNSET)

        settings = d.pop("settings", UNSET)

        submission_time = d.pop("submissionTime", UNSET)

        start_time = d.pop("startTime", UNSET)

        completion_time = d.pop("completionTime", UNSET)

        instance_count = d.pop("instanceCount", UNSET)

        task_count = d.pop("taskCount", UNSET)

        output_file_name = d.pop("outputFileName", UNSET)

        _output_link = d.pop("outputLink", UNSET)
        output_link: Link | Unset
        if isinstance(_output_link, Unset):
            output_link = UNSET
        else:
            output_link = Link.from_dict(_output_link)

        _preview_link = d.pop("previewLink", UNSET)
        preview_link: Link | Unset
        if isinstance(_preview_link, Unset):
            preview_link = UNSET
        else:
            preview_link = Link.from_dict(_preview_link)

        _task_list_link = d.pop("taskListLink", UNSET)
        task_list_link: Link | Unset
        if isinstance(_task_list_link, Unset):
            task_list_link = UNSET
        else:
            task_list_link = Link.from_dict(_task_list_link)

        pool_id = d.pop("poolId", UNSET)

        capped_price = d.pop("cappedPrice", UNSET)

        job = cls(
            id=id,
            name=name,
            type_=type_,
            type_version=type_version,
            status=status,
            percent_complete=percent_complete,
            settings=settings,
            submission_time=submission_time,
            start_time=start_time,
            completion_time=completion_time,
            instance_count=instance_count,
            task_count=task_count,
            output_file_name=output_file_name,
            output_link=output_link,
            preview_link=preview_link,
            task_list_link=task_list_link,
            pool_id=pool_id,
            capped_price=capped_price,
        )

        job.additional_properties = d
        return job

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
