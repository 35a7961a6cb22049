"""Pools are made, listed, resized, brought up to date and deleted."""

import time

from _session import attributes, done, poll, raised, sign_in

from batchapps import JobManager, PoolManager

NAMES = ("id", "auto", "target_size", "max_tasks", "state", "communication", "certificates")

cfg, creds = sign_in()
pools = PoolManager(creds, cfg)
jobs = JobManager(creds, cfg)


def settled(pool, size):
    end = time.time() + 30
    while time.time() < end:
        pool.update()
        if pool.current_size == size and pool.allocation_state == "steady":
            return True
        time.sleep(0.1)
    return False


empty = pools.create()
pool = pools.create(target_size=1, max_tasks=2, communication=True)
spec = pools.create_spec(target_size=0, max_tasks=3)
spec.add_cert("9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B")
certified = pools.create(spec)

made = [attributes(each, *NAMES) for each in (empty, pool, certified)]
listed = [each.id for each in pools.get_pools()]
count = len(pools)
started = settled(pool, 1)
times = [pool.created, pools.get_pool(poolid=pool.id).created]

# A job waits on the empty pool until that grows.
waiting = jobs.get_job(
    url=jobs.create_job("Waits", params={"Count": "1"}, pool=empty).submit()["link"]
)
time.sleep(0.5)
waiting.update()
status = waiting.status
empty.update()
on_update = empty.jobs
on_list = pools.get_pool(poolid=empty.id).jobs
busy = raised(empty.delete)
empty.resize(1)
grown = empty.target_size
states = poll(waiting, "Complete", "Error")
settled(empty, 1)
after = empty.jobs
empty.resize(0)
shrunk = settled(empty, 0)

# A pool that is made for one job goes with it.
job = jobs.create_job("Its own", params={"Count": "1", "Sleep": "0.5"})
job.instances = 1
own = jobs.get_job(jobid=job.submit()["id"])
automatic = attributes(pools.get_pool(poolid=own.pool_id), "auto", "target_size")
poll(own, "Complete", "Error")
end = time.time() + 30
while own.pool_id in [each.id for each in pools.get_pools()] and time.time() < end:
    time.sleep(0.1)
gone = raised(pools.get_pool, poolid=own.pool_id)

beyond = {
    "create": raised(pools.create, target_size=1000),
    "resize": raised(pool.resize, 1000),
}
deleted = pool.delete()
after_delete = raised(pool.update)
left = pools.clear_pools()

done(
    made=made,
    listed=listed,
    count=count,
    started=started,
    times=times,
    status=status,
    on_update=on_update,
    on_list=on_list,
    busy=busy,
    grown=grown,
    states=states,
    pool_of_job=waiting.pool_id,
    after=after,
    shrunk=shrunk,
    automatic=automatic,
    gone=gone,
    beyond=beyond,
    deleted=deleted,
    after_delete=after_delete,
    left=left,
    at_the_end=[each.id for each in pools.get_pools()],
)
