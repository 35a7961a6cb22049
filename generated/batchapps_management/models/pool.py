from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.allocation_state import AllocationState
from ..models.pool_state import PoolState
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.certificate import Certificate
    from ..models.link import Link
    from ..models.pool_job import PoolJob


T = TypeVar("T", bound="Pool")


@_attrs_define
class Pool:
    """A pool of workers."""

    id: str | Unset = UNSET
    """ Id of the pool, any text. """
    creation_time: str | Unset = UNSET
    """ When the pool was made, ISO 8601 in UTC. """
    auto_pool: bool | Unset = UNSET
    """ Whether the pool was made for one job and goes when that job has come to its end. """
    target_dedicated: int | Unset = UNSET
    """ How many workers the pool shall have. """
    current_dedicated: int | Unset = UNSET
    """ How many workers the pool has. """
    state: PoolState | str | Unset = UNSET
    """ State of the pool. """
    allocation_state: AllocationState | str | Unset = UNSET
    """ Whether the pool has the size it shall have. """
    max_tasks_per_tvm: int | Unset = UNSET
    """ How many tasks a worker runs at the same time. """
    resize_error: str | Unset = UNSET
    """ What hindered the last change of size. Left out when nothing did. """
    communication: bool | Unset = UNSET
    """ Whether workers can reach each other. """
    certificate_references: list[Certificate] | Unset = UNSET
    """ The certificates that were asked for. """
    active_jobs: list[PoolJob] | Unset = UNSET
    """ The jobs on the pool that have not come to their end. """
    jobs: list[PoolJob] | Unset = UNSET
    """ The same list once more: clients of the original read it here when they bring a pool up to
    date.
     """
    pool_detail_link: Link | Unset = UNSET
    """ A link, which is an absolute address. Left out while there is nothing at it. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        creation_time = self.creation_time

        auto_pool = self.auto_pool

        target_dedicated = self.target_dedicated

        current_dedicated = self.current_dedicated

        state: str | Unset
        if isinstance(self.state, Unset):
            state = UNSET
        elif isinstance(self.state, PoolState):
            state = self.state.value
        else:
            state = self.state

        allocation_state: str | Unset
        if isinstance(self.allocation_state, Unset):
            allocation_state = UNSET
        elif isinstance(self.allocation_state, AllocationState):
            allocation_state = self.allocation_state.value
        else:
            allocation_state = self.allocation_state

        max_tasks_per_tvm = self.max_tasks_per_tvm

        resize_error = self.resize_error

        communication = self.communication

        certificate_references: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.certificate_references, Unset):
            certificate_references = []
            for certificate_references_item_data in self.certificate_references:
                certificate_references_item = certificate_references_item_data.to_dict()
                certificate_references.append(certificate_references_item)

        active_jobs: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.active_jobs, Unset):
            active_jobs = []
            for active_jobs_item_data in self.active_jobs:
                active_jobs_item = active_jobs_item_data.to_dict()
                active_jobs.append(active_jobs_item)

        jobs: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.jobs, Unset):
            jobs = []
            for jobs_item_data in self.jobs:
                jobs_item = jobs_item_data.to_dict()
                jobs.append(jobs_item)

        pool_detail_link: dict[str, Any] | Unset = UNSET
        if not isinstance(self.pool_detail_link, Unset):
            pool_detail_link = self.pool_detail_link.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if id is not UNSET:
            field_dict["id"] = id
        if creation_time is not UNSET:
            field_dict["creationTime"] = creation_time
        if auto_pool is not UNSET:
            field_dict["autoPool"] = auto_pool
        if target_dedicated is not UNSET:
            field_dict["targetDedicated"] = target_dedicated
        if current_dedicated is not UNSET:
            field_dict["currentDedicated"] = current_dedicated
        if state is not UNSET:
            field_dict["state"] = state
        if allocation_state is not UNSET:
            field_dict["allocationState"] = allocation_state
        if max_tasks_per_tvm is not UNSET:
            field_dict["maxTasksPerTVM"] = max_tasks_per_tvm
        if resize_error is not UNSET:
            field_dict["resizeError"] = resize_error
        if communication is not UNSET:
            field_dict["communication"] = communication
        if certificate_references is not UNSET:
            field_dict["certificateReferences"] = certificate_references
        if active_jobs is not UNSET:
            field_dict["activeJobs"] = active_jobs
        if jobs is not UNSET:
            field_dict["jobs"] = jobs
        if pool_detail_link is not UNSET:
            field_dict["poolDetailLink"] = pool_detail_link

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.certificate import Certificate  # noqa: PLC0415
        from ..models.link import Link  # noqa: PLC0415
        from ..models.pool_job import PoolJob  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id", UNSET)

        creation_time = d.pop("creationTime", UNSET)

        auto_pool = d.pop("autoPool", UNSET)

        target_dedicated = d.pop("targetDedicated", UNSET)

        current_dedicated = d.pop("currentDedicated", UNSET)

        def _parse_state(data: object) -> PoolState | str | Unset:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                state_type_0 = PoolState(data)

                return state_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(PoolState | str | Unset, data)

        state = _parse_state(d.pop("state", UNSET))

        def _parse_allocation_state(data: object) -> AllocationState | str | Unset:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                allocation_state_type_0 = AllocationState(data)

                return allocation_state_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(AllocationState | str | Unset, data)

        allocation_state = _parse_allocation_state(d.pop("allocationState", UNSET))

        max_tasks_per_tvm = d.pop("maxTasksPerTVM", UNSET)

        resize_error = d.pop("resizeError", UNSET)

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

        _active_jobs = d.pop("activeJobs", UNSET)
        active_jobs: list[PoolJob] | Unset = UNSET
        if _active_jobs is not UNSET:
            active_jobs = []
            for active_jobs_item_data in _active_jobs:
                active_jobs_item = PoolJob.from_dict(active_jobs_item_data)

                active_jobs.append(active_jobs_item)

        _jobs = d.pop("jobs", UNSET)
        jobs: list[PoolJob] | Unset = UNSET
        if _jobs is not UNSET:
            jobs = []
            for jobs_item_data in _jobs:
                jobs_item = PoolJob.from_dict(jobs_item_data)

                jobs.append(jobs_item)

        _pool_detail_link = d.pop("poolDetailLink", UNSET)
        pool_detail_link: Link | Unset
        if isinstance(_pool_detail_link, Unset):
            pool_detail_link = UNSET
        else:
            pool_detail_link = Link.from_dict(_pool_detail_link)

        pool = cls(
            id=id,
            creation_time=creation_time,
            auto_pool=auto_pool,
            target_dedicated=target_dedicated,
            current_dedicated=current_dedicated,
            state=state,
            allocation_state=allocation_state,
            max_tasks_per_tvm=max_tasks_per_tvm,
            resize_error=resize_error,
            communication=communication,
            certificate_references=certificate_references,
            active_jobs=active_jobs,
            jobs=jobs,
            pool_detail_link=pool_detail_link,
        )

        pool.additional_properties = d
        return pool

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
