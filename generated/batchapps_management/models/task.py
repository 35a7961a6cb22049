from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.task_status import TaskStatus
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.output import Output


T = TypeVar("T", bound="Task")


@_attrs_define
class Task:
    """A task of a job."""

    id: int | Unset = UNSET
    """ Number of the task in its job. The first is 1; the merge is the last, so that its id is the
    job's `taskCount`.
     """
    status: str | TaskStatus | Unset = UNSET
    """ State of the task. """
    start_time: str | Unset = UNSET
    """ When the task started, ISO 8601 in UTC. Left out until then. """
    completion_time: str | Unset = UNSET
    """ When the task came to its end, ISO 8601 in UTC. Left out until then. """
    instance_id: str | Unset = UNSET
    """ The worker on which the task runs. """
    deployment_id: str | Unset = UNSET
    """ The deployment to which the worker belongs. """
    core_count: int | Unset = UNSET
    """ How many processor cores the task was given. """
    charge_time: int | Unset = UNSET
    """ Charged time of the task. The original never told its unit; for display only. """
    non_charge_time: int | Unset = UNSET
    """ Time of the task that is not charged, in the unit of `chargeTime`; for display only. """
    outputs: list[Output] | Unset = UNSET
    """ The files that the task has left. """
    step: str | Unset = UNSET
    """ The step of the job type that the task belongs to. Extension of the 2014-10-01-preview API.
     """
    progress: int | Unset = UNSET
    """ How much of the task is done, in whole percent, as the task itself reports it. Extension of
    the 2014-10-01-preview API.
     """
    exit_code: int | Unset = UNSET
    """ Exit code of the task's program, once it has ended. Extension of the 2014-10-01-preview
    API.
     """
    attempts: int | Unset = UNSET
    """ How often the task has been started. It is started again when its worker is lost, when it
    ends with exit code 75, and when the job is reprocessed. Extension of the
    2014-10-01-preview API.
     """
    message: str | Unset = UNSET
    """ Why the task failed, if it did. Extension of the 2014-10-01-preview API. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        status: str | Unset
        if isinstance(self.status, Unset):
            status = UNSET
        elif isinstance(self.status, TaskStatus):
            status = self.status.value
        else:
            status = self.status

        start_time = self.start_time

        completion_time = self.completion_time

        instance_id = self.instance_id

        deployment_id = self.deployment_id

        core_count = self.core_count

        charge_time = self.charge_time

        non_charge_time = self.non_charge_time

        outputs: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.outputs, Unset):
            outputs = []
            for outputs_item_data in self.outputs:
                outputs_item = outputs_item_data.to_dict()
                outputs.append(outputs_item)

        step = self.step

        progress = self.progress

        exit_code = self.exit_code

        attempts = self.attempts

        message = self.message

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if id is not UNSET:
            field_dict["id"] = id
        if status is not UNSET:
            field_dict["status"] = status
        if start_time is not UNSET:
            field_dict["startTime"] = start_time
        if completion_time is not UNSET:
            field_dict["completionTime"] = completion_time
        if instance_id is not UNSET:
            field_dict["instanceId"] = instance_id
        if deployment_id is not UNSET:
            field_dict["deploymentId"] = deployment_id
        if core_count is not UNSET:
            field_dict["coreCount"] = core_count
        if charge_time is not UNSET:
            field_dict["chargeTime"] = charge_time
        if non_charge_time is not UNSET:
            field_dict["nonChargeTime"] = non_charge_time
        if outputs is not UNSET:
            field_dict["outputs"] = outputs
        if step is not UNSET:
            field_dict["step"] = step
        if progress is not UNSET:
            field_dict["progress"] = progress
        if exit_code is not UNSET:
            field_dict["exitCode"] = exit_code
        if attempts is not UNSET:
            field_dict["attempts"] = attempts
        if message is not UNSET:
            field_dict["message"] = message

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.output import Output  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id", UNSET)

        def _parse_status(data: object) -> str | TaskStatus | Unset:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                status_type_0 = TaskStatus(data)

                return status_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(str | TaskStatus | Unset, data)

        status = _parse_status(d.pop("status", UNSET))

        start_time = d.pop("startTime", UNSET)

        completion_time = d.pop("completionTime", UNSET)

        instance_id = d.pop("instanceId", UNSET)

        deployment_id = d.pop("deploymentId", UNSET)

        core_count = d.pop("coreCount", UNSET)

        charge_time = d.pop("chargeTime", UNSET)

        non_charge_time = d.pop("nonChargeTime", UNSET)

        _outputs = d.pop("outputs", UNSET)
        outputs: list[Output] | Unset = UNSET
        if _outputs is not UNSET:
            outputs = []
            for outputs_item_data in _outputs:
                outputs_item = Output.from_dict(outputs_item_data)

                outputs.append(outputs_item)

        step = d.pop("step", UNSET)

        progress = d.pop("progress", UNSET)

        exit_code = d.pop("exitCode", UNSET)

        attempts = d.pop("attempts", UNSET)

        message = d.pop("message", UNSET)

        task = cls(
            id=id,
            status=status,
            start_time=start_time,
            completion_time=completion_time,
            instance_id=instance_id,
            deployment_id=deployment_id,
            core_count=core_count,
            charge_time=charge_time,
            non_charge_time=non_charge_time,
            outputs=outputs,
            step=step,
            progress=progress,
            exit_code=exit_code,
            attempts=attempts,
            message=message,
        )

        task.additional_properties = d
        return task

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
