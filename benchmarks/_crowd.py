"""Many clients at once, in a process of their own: what they ask for and how long it takes.

It reads a JSON object from its standard input, whose member ``action`` names one of the functions
here, and prints one with what was measured.
"""

import asyncio
import json
import random
import ssl
import sys
import time
from collections import Counter, defaultdict
from typing import Any

import httpx

Said = dict[str, Any]

#: How often of a hundred calls. People look far more often than they submit.
CALLS = {"status": 55, "list": 10, "tasks": 5, "upload": 10, "download": 15, "submit": 5}


def trivial(pool: str, script: str = "true", tasks: int = 1) -> Any:
    """A job to submit."""
    parameters = {"Tasks": str(tasks), "Script": script}
    return {
        "Name": "trivial",
        "Type": "Trivial",
        "RequiredFiles": [],
        "Parameters": [{"Name": name, "Value": value} for name, value in parameters.items()],
        "poolId": pool,
    }


class One:
    """One of the clients, with a connection of its own."""

    def __init__(self, http: httpx.AsyncClient, number: int, given: Said, tally: "Tally") -> None:
        self._http, self._given, self._tally = http, given, tally
        self._random = random.Random(number)
        self._job = given["job"]
        self._name = f"file-{number}.bin"
        self._phase = number / given["clients"]

    async def run(self, begin: float, seconds: int) -> None:
        names, weights = list(CALLS), list(CALLS.values())
        for second in range(seconds):
            at = begin + second + self._phase
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
            (name,) = self._random.choices(names, weights)
            started = time.perf_counter()
            try:
                reply = await self._call(name)
            except httpx.TransportError as error:
                self._tally.failed[type(error).__name__] += 1
                continue
            self._tally.add(name, second // 60, time.perf_counter() - started, reply)

    async def _call(self, name: str) -> httpx.Response:
        http = self._http
        if name == "status":
            return await http.get(f"jobs/{self._job}")
        if name == "list":
            return await http.get("jobs", params={"maxResults": 20})
        if name == "tasks":
            return await http.get(f"jobs/{self._job}/tasks")
        if name == "upload":
            return await http.put(
                f"files/{self._name}",
                params={"timestamp": "2015-07-01T10:00:00Z", "originalFilePath": self._name},
                content=self._random.randbytes(10_000),
            )
        if name == "download":
            return await http.get(f"jobs/{self._given['job']}/outputs/files/a")
        reply = await http.post("jobs", json=trivial(self._given["pool"]))
        if reply.is_success:
            self._job = reply.json()["jobId"]
        return reply


class Tally:
    """What the calls came to, minute by minute."""

    def __init__(self) -> None:
        self.times: defaultdict[str, defaultdict[int, list[float]]]
        self.times = defaultdict(lambda: defaultdict(list))
        self.refused: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()

    def add(self, name: str, minute: int, seconds: float, reply: httpx.Response) -> None:
        if reply.is_success:
            self.times[name][minute].append(seconds)
        elif reply.status_code in (429, 503) and "Retry-After" in reply.headers:
            self.refused[str(reply.status_code)] += 1
        else:
            self.failed[f"{name}: {reply.status_code} {reply.text[:100]}"] += 1


def _clients(given: Said) -> list[httpx.AsyncClient]:
    context = ssl.create_default_context(cafile=given["ca_cert"])
    return [
        httpx.AsyncClient(
            base_url=f"{given['endpoint']}/api",
            headers={"Authorization": f"Bearer {given['token']}"},
            verify=context,
            timeout=90,
        )
        for _ in range(given["clients"])
    ]


async def crowd(given: Said) -> Said:
    """Each makes a call a second."""
    tally = Tally()
    begin = time.perf_counter() + 1
    worked = time.process_time()
    made = [One(http, n, given, tally) for n, http in enumerate(_clients(given))]
    await asyncio.gather(*(one.run(begin, given["seconds"]) for one in made))
    return {
        "times": {name: list(minutes.values()) for name, minutes in tally.times.items()},
        "refused": tally.refused,
        "failed": tally.failed,
        "cpu": time.process_time() - worked,
    }


async def waiting(given: Said) -> Said:
    """Each waits for the same job; `at` is when it is let go, by the clock."""
    calls = 0

    async def one(http: httpx.AsyncClient) -> float:
        nonlocal calls
        status = "NotStarted"
        while status == "NotStarted":
            calls += 1
            reply = await http.get(f"jobs/{given['job']}", params={"wait": 30, "unless": status})
            status = reply.raise_for_status().json()["status"]
        return time.time()

    seen = asyncio.gather(*map(one, (clients := _clients(given))[1:]))
    await asyncio.sleep(given["seconds"])
    sent = time.time()
    await clients[0].post(f"jobs/{given['job']}/actions/hold")
    return {"delays": [at - sent for at in await seen], "calls": calls}


def main() -> None:
    given = json.load(sys.stdin)
    action = {"crowd": crowd, "waiting": waiting}[given.pop("action")]
    print(json.dumps(asyncio.run(action(given))))


if __name__ == "__main__":
    main()
