"""Pools: making, listing, resizing, deleting; and the pool a job runs on."""

import uuid
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from batchapps_service import _times
from batchapps_service._calls import Answer, Call
from batchapps_service._database import Job, Pool
from batchapps_service._errors import bad_request, not_found, over_quota, wrong_state

RUNNING = ("NotStarted", "InProgress", "Cancelling", "OnHold")
DEFAULT_MAX_TASKS = 1
CERTIFICATE = ("thumbprint", "thumbprintAlgorithm", "storeLocation", "storeName")


def _described(call: Call, pool: Pool, jobs: list[dict[str, str]]) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": pool.id,
        "creationTime": _times.text(pool.created),
        "autoPool": pool.auto,
        "targetDedicated": pool.target,
        "currentDedicated": pool.current,
        "state": pool.state,
        "allocationState": pool.allocation_state,
        "maxTasksPerTVM": pool.max_tasks,
        "communication": pool.communication,
        "certificateReferences": pool.certificates,
        # The original reads the first when it makes a pool and the second when it updates one.
        "activeJobs": jobs,
        "jobs": jobs,
        "poolDetailLink": call.context.links.pool(pool.id),
    }
    if pool.resize_error:
        body["resizeError"] = pool.resize_error
    return body


def _jobs_of(session: Session, pools: list[Pool]) -> dict[str, list[dict[str, str]]]:
    jobs: dict[str, list[dict[str, str]]] = {pool.id: [] for pool in pools}
    query = select(Job.pool_id, Job.id, Job.name).where(
        Job.pool_id.in_(jobs), Job.status.in_(RUNNING)
    )
    for pool_id, job_id, name in session.execute(query.order_by(Job.number)):
        jobs[pool_id].append({"id": job_id, "name": name})
    return jobs


def _owned(call: Call, session: Session, pool_id: str) -> Pool | None:
    pool = session.get(Pool, pool_id)
    return pool if pool is not None and pool.account_id == call.account else None


def _found(call: Call, session: Session) -> Pool:
    pool = _owned(call, session, call.path["poolId"])
    if pool is None:
        raise not_found(f"There is no pool '{call.path['poolId']}'.")
    return pool


def list_pools(call: Call) -> Answer:
    """GET /pools"""
    query = select(Pool).where(Pool.account_id == call.account).order_by(Pool.created, Pool.id)
    with call.context.database.read() as session:
        pools = list(session.scalars(query))
        jobs = _jobs_of(session, pools)
    listed = [_described(call, pool, jobs[pool.id]) for pool in pools]
    return {"totalCount": len(listed), "pools": listed}


def get_pool(call: Call) -> Answer:
    """GET /pools/{poolId}"""
    with call.context.database.read() as session:
        pool = _found(call, session)
        return _described(call, pool, _jobs_of(session, [pool])[pool.id])


def _check_quota(call: Call, session: Session, target: int, resized: Pool | None = None) -> None:
    own = Pool.account_id == call.account, Pool.auto.is_(False), Pool.id != (resized and resized.id)
    used = session.scalar(select(func.coalesce(func.sum(Pool.target), 0)).where(*own)) or 0
    if resized is not None and resized.auto:  # only the most of a single pool counts
        used = 0
    limit = call.context.settings.max_dedicated
    if used + target > limit:
        raise over_quota(
            f"The account's pools may have {limit} workers in all; {used} are taken and {target}"
            " were asked for. Ask for fewer, or resize or delete another pool."
        )


def create_pool(call: Call) -> Answer:
    """POST /pools"""
    target = int(call.body.get("targetDedicated", 0))
    with call.context.database.write() as session:
        _check_quota(call, session, target)
        own = Pool.account_id == call.account, Pool.auto.is_(False)
        count = session.scalar(select(func.count()).select_from(Pool).where(*own)) or 0
        if count >= call.context.settings.max_pools:
            raise over_quota(
                f"The account has {count} pools, the most it may have. Delete one first."
            )
        pool = _new(call, call.body, target, auto=False)
        session.add(pool)
    call.context.scheduler.pool_changed(pool.id)
    return {"poolId": pool.id, "link": call.context.links.pool(pool.id)}


def _new(call: Call, specification: dict[str, Any], target: int, *, auto: bool) -> Pool:
    max_tasks = max(int(specification.get("maxTasksPerTVM", DEFAULT_MAX_TASKS)), 1)
    limit = call.context.settings.max_tasks_per_worker
    if max_tasks > limit:
        raise over_quota(f"A worker may run {limit} tasks at once, and {max_tasks} were asked for.")
    return Pool(
        id=str(uuid.uuid4()),
        account_id=call.account,
        auto=auto,
        target=target,
        max_tasks=max_tasks,
        communication=bool(specification.get("communication", False)),
        # Given back as they are, so nothing of them that the description does not have.
        certificates=[
            {name: one[name] for name in CERTIFICATE if name in one}
            for one in specification.get("certificateReferences", [])
        ],
        allocation_state="resizing" if target else "steady",
        created=_times.now(),
    )


def resize_pool(call: Call) -> Answer:
    """POST /pools/{poolId}/actions/resize"""
    target = int(call.body["targetDedicated"])
    with call.context.database.write() as session:
        pool = _found(call, session)
        if pool.state != "active":
            raise wrong_state(f"The pool cannot be resized: it is {pool.state}.")
        _check_quota(call, session, target, resized=pool)
        pool.target, pool.allocation_state, pool.resize_error = target, "resizing", None
    call.context.scheduler.pool_changed(pool.id)
    return {}


def delete_pool(call: Call) -> Answer:
    """DELETE /pools/{poolId}"""
    with call.context.database.write() as session:
        pool = _found(call, session)
        jobs = _jobs_of(session, [pool])[pool.id]
        if jobs:
            raise wrong_state(
                f"{len(jobs)} jobs still use the pool. Cancel them, or wait until they are done."
            )
        session.delete(pool)
    call.context.scheduler.pool_changed(pool.id)
    return {}


def for_job(
    call: Call, session: Session, body: dict[str, Any]
) -> tuple[str, dict[str, Any] | None, list[str]]:
    """The pool a submitted job runs on, made if need be.

    With it come the auto-pool's specification, so that it can be made again, and remarks for the
    job's log.
    """
    pool_id = body.get("poolId")
    if pool_id:
        pool = _owned(call, session, pool_id)
        if pool is None or pool.state != "active":
            raise bad_request(
                f"There is no pool '{pool_id}' that takes jobs.", {"poolId": "is not known"}
            )
        return pool.id, None, []
    # Older clients ask for a number of instances instead.
    older: Any = body.get("Pool")
    older = older.get("InstanceCount") if isinstance(older, dict) else None
    specification = body.get("autoPoolSpecification") or {
        "targetDedicated": body.get("InstanceCount") or older or 1
    }
    try:
        asked = max(int(specification.get("targetDedicated", 1)), 1)
    except (TypeError, ValueError, OverflowError):
        raise bad_request(
            "The number of instances is no number.", {"InstanceCount": "is no number"}
        ) from None
    limit = call.context.settings.max_dedicated
    specification = {**specification, "targetDedicated": min(asked, limit)}
    remark = f"The job runs on {limit} workers, the most of this service, not on {asked}."
    return _auto(call, session, specification), specification, [remark] if asked > limit else []


def _auto(call: Call, session: Session, specification: dict[str, Any]) -> str:
    pool = _new(call, specification, specification["targetDedicated"], auto=True)
    session.add(pool)
    session.flush()
    return pool.id


def renew(call: Call, session: Session, job: Job) -> None:
    """Give a job its auto-pool again. Raises ApiError (403) when a pool it shared is gone."""
    if session.get(Pool, job.pool_id) is not None:
        return
    if job.auto_pool is None:
        raise wrong_state(f"The job cannot be reprocessed: its pool {job.pool_id} was deleted.")
    job.pool_id = _auto(call, session, job.auto_pool)
