"""Pools."""

import json

import pytest
from standin import FakeService, Reply

from batchapps import ConflictException, JobManager, NotFoundException, PoolManager

POOL = {
    "id": "p",
    "creationTime": "2015-07-01T10:00:00Z",
    "autoPool": False,
    "targetDedicated": 2,
    "currentDedicated": 1,
    "state": "active",
    "allocationState": "resizing",
    "maxTasksPerTVM": 4,
    "communication": True,
    "certificateReferences": [{"thumbprint": "ab"}],
    "activeJobs": [{"id": "1", "name": "n"}],
    "jobs": [{"id": "1", "name": "n"}],
    "poolDetailLink": {"href": "https://h/api/pools/p"},
}


def test_what_the_service_says_of_a_pool(pools: PoolManager, service: FakeService) -> None:
    service.on("GET pools", Reply(body={"totalCount": 2, "pools": [POOL, {"id": "q"}]}))
    assert (len(pools), bool(pools), pools.count) == (0, True, None)
    pool, bare = pools.get_pools()
    assert (len(pools), pools.count) == (2, 2)
    assert (pool.id, pool.created, pool.auto) == ("p", "2015-07-01T10:00:00Z", False)
    assert (pool.target_size, pool.current_size, pool.max_tasks) == (2, 1, 4)
    assert (pool.state, pool.allocation_state, pool.resize_error) == ("active", "resizing", "")
    assert pool.communication is True
    assert pool.certificates == [{"thumbprint": "ab"}]
    assert pool.jobs == [{"id": "1", "name": "n"}]
    assert pool.url == "https://h/api/pools/p"
    assert pool.created_at is not None
    assert (bare.target_size, bare.max_tasks, bare.jobs, bare.state) == (0, 1, [], None)
    assert pool != bare
    assert len({pool, bare, *pools.get_pools()}) == 2


def test_update_brings_all_up_to_date(pools: PoolManager, service: FakeService) -> None:
    later = {**POOL, "targetDedicated": 5, "maxTasksPerTVM": 8, "resizeError": "no room"}
    only_active = {name: value for name, value in later.items() if name != "jobs"}
    service.on("GET pools/p", Reply(body=POOL), Reply(body=only_active))
    service.on("POST pools/p/actions/resize", Reply(202, {}))
    pool = pools.get_pool(poolid="p")
    pool.resize(5)
    assert json.loads(service.made("POST .*")[0].body) == {"targetDedicated": "5"}
    assert (pool.target_size, pool.max_tasks, pool.resize_error) == (5, 8, "no room")
    assert len(pool.jobs) == 1


def test_create(pools: PoolManager, service: FakeService) -> None:
    link = {"href": f"https://{service.endpoint}/api/pools/p"}
    service.on("POST pools", Reply(body={"poolId": "p", "link": link}))
    service.on("GET pools/p", Reply(body=POOL))
    assert pools.create(target_size=3).id == "p"
    spec = pools.create_spec(1, 2, True)
    for number in range(12):
        assert spec.add_cert(str(number), store_name="Root") is (number < 10)
    pools.create(spec)
    assert spec.start() == {"id": "p", "link": link["href"]}
    first, second, _ = (json.loads(call.body) for call in service.made("POST pools"))
    assert first == {
        "targetDedicated": "3",
        "maxTasksPerTVM": "1",
        "communication": False,
        "certificateReferences": [],
    }
    assert (second["targetDedicated"], second["maxTasksPerTVM"]) == ("1", "2")
    assert len(second["certificateReferences"]) == 10
    assert second["certificateReferences"][0] == {
        "thumbprint": "0",
        "thumbprintAlgorithm": "SHA1",
        "storeLocation": "CurrentUser",
        "storeName": "Root",
    }
    for call in (spec.delete, spec.update, lambda: spec.resize(1)):
        with pytest.raises(ValueError, match="start"):
            call()


def test_failures(pools: PoolManager, service: FakeService) -> None:
    service.on("POST pools", Reply(409, {"Message": "Only 2 pools are allowed."}))
    with pytest.raises(ConflictException, match="Only 2 pools"):
        pools.create()
    with pytest.raises(ValueError):
        pools.get_pool()
    with pytest.raises(NotFoundException):
        pools.get_pool(url=f"https://{service.endpoint}/api/pools/none")
    service.on("GET pools", Reply(body={"pools": [POOL, {"id": "q"}]}))
    service.on("DELETE pools/p", Reply(409, {"Message": "Busy."}))
    service.on("DELETE pools/q", Reply(202))
    ((pool, error),) = pools.clear_pools()
    assert pool.id == "p"
    assert "Busy" in str(error)


def test_a_job_cannot_go_to_a_pool_that_was_not_started(
    jobs: JobManager, pools: PoolManager, service: FakeService
) -> None:
    with pytest.raises(ValueError, match="has not been started"):
        jobs.create_job("x", params={}, pool=pools.create_spec()).submit()
    assert service.made("POST jobs") == []
