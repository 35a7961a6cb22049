"""The pieces of work that are measured; each makes rows of the table."""

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import _memory
from benchmarks._peers import Peers
from benchmarks._profiling import costs
from benchmarks._report import Figure, Row
from benchmarks._service import Client, Service, alone, end, line_of, run, start

MIB = 2**20


@dataclass(frozen=True)
class Sizes:
    """How much of everything: files, bytes, runs."""

    files: int = 20_000
    more: int = 60_000
    sample: int = 300
    big: int = 1024 * MIB
    sparse: int = 10 * 1024 * MIB
    linked: int = 1000
    sample_linked: int = 20
    tasks: int = 10
    outputs: int = 10_000
    imports: int = 15
    runs: int = 3


QUICK = Sizes(500, 1500, 20, 16 * MIB, 64 * MIB, 50, 2, 2, 200, 3, 1)


class Bench:
    """What the rows share.

    Small files stay until the end: for minutes after many were removed, ext4 takes up to ten times
    as long to make new ones, as it looks past the places of the old.

    Args:
        work: A folder for everything; those who fill it empty it.
        service: One service for all of them.
        peers: Those that are there.
        sizes: How much to do.
    """

    def __init__(self, work: Path, service: Service, peers: Peers, sizes: Sizes) -> None:
        self.work = work
        self.service = service
        self.peers = peers
        self.sizes = sizes
        self.profile: list[tuple[str, list[tuple[float, str, int]]]] = []
        self._names = 0

    def folder(self) -> Path:
        """A path for a new folder."""
        self._names += 1
        return self.work / str(self._names)

    def tree(self, count: int, size: int = 101) -> Path:
        """So many files that nobody has seen, a thousand a folder."""
        folder = self.folder()
        noise = random.Random(self._names)
        for number in range(count):
            if number % 1000 == 0:
                inner = folder / f"{number // 1000:03}"
                inner.mkdir(parents=True)
            (inner / f"{number:06}.txt").write_bytes(noise.randbytes(size))
        _settle()
        return folder


def _settle() -> None:
    """Let the disk be idle, and files be old enough for their times to tell of changes."""
    os.sync()
    time.sleep(0.2)


def _new_service(bench: Bench) -> Service:
    """One whose database is still small, and that has loaded all that it needs."""
    service = Service(bench.folder())
    service.client()("upload", folder=bench.tree(1))
    return service


def _each(values: list[float], by: list[float]) -> Figure:
    return Figure([one / other for one, other in zip(values, by, strict=True)])


# -- many small files ------------------------------------------------------------------------


def small_files(bench: Bench) -> Iterator[Row]:
    """A first upload, beside the peers, and the ones after it."""
    sizes, rates, copies, again, walks = bench.sizes, [], [], [], []
    client_cpu, service_cpu, seconds = [], [], []
    service = _new_service(bench)
    for number in range(sizes.runs):
        if number:
            service.stop()
            service = _new_service(bench)
        tree, client = bench.tree(sizes.files), service.client()
        target = bench.folder()
        copies.append(sizes.files / alone("copy", folder=tree, target=target)["seconds"])
        _settle()
        before = service.cpu()
        said = client("upload", folder=tree)
        seconds.append(said["seconds"])
        rates.append(sizes.files / said["seconds"])
        client_cpu.append(said["cpu"])
        service_cpu.append(service.cpu() - before)
        _expect(said["sent_files"] == sizes.files, said)
        walks.append(alone("walk", folder=tree)["seconds"])
        again.append(client("upload", folder=tree)["seconds"])
    sample = bench.tree(sizes.sample) / "000"
    original = bench.peers.original(service.client(), sample)
    azure = bench.peers.azure(sample, bench.folder())
    rate, ratio = Figure(rates), _each(rates, copies)
    figures = {"files/s": rate, "of a local copy": ratio, "copied files/s": Figure(copies)}
    figures |= {"client CPU s": Figure(client_cpu), "service CPU s": Figure(service_cpu)}
    words = [f"{rate} files/s; {ratio} of copying file by file ({Figure(copies)}/s)"]
    times = 0.0
    for name, peer in (("the original", original), ("azure-storage-blob", azure)):
        if peer:
            figures[f"{name}, files/s"] = there = Figure([sizes.sample / peer["up"]])
            words.append(f"{Figure([rate.median / there.median])} × {name} ({there}/s)")
    if original:
        times = rate.median / figures["the original, files/s"].median
    yield Row(
        f"{sizes.files:,} files of 101 bytes, first upload",
        "15,000 files/s, 30 × the original",
        "; ".join(words),
        rate.median >= 15_000 and times >= 30 if original else None,
        figures,
    )
    yield from _more(bench, seconds)
    yield from _again(bench, client, tree, again, walks)
    service.stop()


def _more(bench: Bench, seconds: list[float]) -> Iterator[Row]:
    sizes, longer = bench.sizes, []
    for _ in range(max(1, sizes.runs - 1)):
        service = _new_service(bench)
        tree = bench.tree(sizes.more)
        longer.append(service.client()("upload", folder=tree)["seconds"])
        service.stop()
    times = Figure([one / Figure(seconds).median for one in longer])
    yield Row(
        f"{sizes.more:,} of them",
        f"3.3 × the time of {sizes.files:,}",
        f"{times} ×; {Figure(longer)} s",
        times.median <= 3.3,
        {"times as long": times, "seconds": Figure(longer)},
    )


def _again(
    bench: Bench, client: Client, tree: Path, again: list[float], walks: list[float]
) -> Iterator[Row]:
    count = bench.sizes.files
    watched = client("upload", folder=tree, watch=f"{tree}/")
    times = _each(again, walks)
    yield Row(
        "The same again, nothing changed",
        "4 × walking and stat-ing the tree; no file is opened",
        f"{times} × ({Figure(again)} s against {Figure(walks)} s); {watched['opened']} opened, "
        f"{watched['sent_files']} sent",
        times.median <= 4 and watched["opened"] == watched["sent_files"] == 0,
        {"times as long": times, "seconds": Figure(again), "walk s": Figure(walks)},
    )
    changed = sorted(tree.rglob("*.txt"))[::100]
    for path in changed:
        path.write_bytes(os.urandom(101))
    _settle()
    said = client("upload", folder=tree, watch=f"{tree}/")
    yield Row(
        "The same again, 1 % changed",
        "only what changed is read and sent",
        f"{len(changed)} changed, {said['opened']} opened, {said['sent_files']} sent with "
        f"{said['sent_bytes']:,} bytes; {said['seconds']:.2f} s",
        said["opened"] == said["sent_files"] == len(changed),
        {"seconds": Figure([said["seconds"]])},
    )
    for path in tree.rglob("*.txt"):
        os.utime(path)
    _settle()
    said = client("upload", folder=tree, watch=f"{tree}/")
    yield Row(
        "The same again, touched but not changed",
        "all are read, nothing is sent",
        f"{said['opened']:,} opened, {said['sent_files']} sent; {said['seconds']:.2f} s",
        said["opened"] == count and said["sent_files"] == 0,
        {"seconds": Figure([said["seconds"]])},
    )


def profile(bench: Bench) -> Iterator[Row]:
    """Where the time of the first upload goes, in both processes."""
    client_file, service_file = bench.work / "client.prof", bench.work / "service.prof"
    service = Service(bench.folder(), service_file)
    try:
        service.client()("upload", folder=bench.tree(1))  # all that it needs is loaded
        service.begin_profile()
        tree = bench.tree(bench.sizes.files)
        service.client()("upload", folder=tree, profile=client_file)
    finally:
        service.stop()
    work = f"the first upload of {bench.sizes.files:,} files"
    for name, file in (("client", client_file), ("service", service_file)):
        bench.profile.append((f"Processor time of the {name} in {work}", costs(file)))
        file.unlink()
    yield from ()


# -- large files -----------------------------------------------------------------------------


def big_file(bench: Bench) -> Iterator[Row]:
    """One large file up and down, beside curl against the same service."""
    size, folder, target = bench.sizes.big, bench.folder(), bench.folder()
    folder.mkdir()
    target.mkdir()
    path = folder / "big.bin"
    with path.open("wb") as made:
        for _ in range(size // MIB):
            made.write(os.urandom(MIB))
    measured: dict[str, list[float]] = {}

    def measure(name: str, work: Callable[[], float]) -> None:
        _settle()
        measured.setdefault(name, []).append(size / MIB / work())
        for each in target.iterdir():
            each.unlink()

    service = bench.service
    client = service.client()
    for number in range(bench.sizes.runs):
        put = f"{service.endpoint}/api/files/curl-{number}.bin"
        put += f"?timestamp=2026-01-01T00:00:00Z&originalFilePath=curl-{number}.bin"

        def up() -> float:
            return float(client("upload", folder=folder)["seconds"])

        def curl_up() -> float:
            return client.curl(put, "--upload-file", path)  # noqa: B023

        for name, work in [("up", up), ("curl up", curl_up)][:: 1 if number % 2 else -1]:
            path = path.rename(folder / f"{name.replace(' ', '-')}-{number}.bin")
            with path.open("r+b") as file:  # so that neither its name nor it is known
                file.write(os.urandom(64))
            measure(name, work)
        client("upload", folder=folder)
        url = str(client("download", name=path.name, target=target)["url"])
        (target / path.name).unlink()
        downs = [
            ("curl down", lambda: client.curl(url, "--output", target / "curl.bin")),  # noqa: B023
            ("down", lambda: _seconds(client("download", name=path.name, target=target))),  # noqa: B023
        ]
        for name, work in downs[:: 1 if number % 2 else -1]:
            measure(name, work)
    hashed = client("upload", folder=folder, watch=f"{folder}/")
    original = bench.peers.original(service.client(), folder, target)
    shutil.rmtree(target)
    target.mkdir()
    azure = bench.peers.azure(folder, bench.folder(), target)
    hashing = alone("sha256", path=path)["seconds"]
    for way in ("up", "down"):
        ratio = _each(measured[way], measured[f"curl {way}"])
        there = Figure(measured[f"curl {way}"])
        words = f"{ratio} of curl; {Figure(measured[way])} against {there} MiB/s"
        figures = {"of curl": ratio, "MiB/s": Figure(measured[way]), "curl, MiB/s": there}
        for name, peer in (("the original", original), ("azure-storage-blob", azure)):
            if peer:
                figures[f"{name}, MiB/s"] = Figure([size / MIB / peer[way]])
                words += f"; {name} {figures[f'{name}, MiB/s']}"
        work_done = f"One file of {size // MIB:,} MiB, {way}"
        yield Row(work_done, "0.95 of curl", words, ratio.median >= 0.95, figures)
    took = size / MIB / Figure(measured["up"]).median
    yield Row(
        "Hashing that file",
        "less time than sending it; not again while it does not change",
        f"{Figure([hashing / took])} of the time of its upload; the second time "
        f"{hashed['opened']} opened, {hashed['seconds']:.2f} s",
        hashing < took and hashed["opened"] == 0,
        {"of the upload": Figure([hashing / took]), "again s": Figure([hashed["seconds"]])},
    )
    shutil.rmtree(folder)
    shutil.rmtree(target)


def sparse_file(bench: Bench) -> Iterator[Row]:
    """The memory that a very large file takes at both ends."""
    size, folder, target = bench.sizes.sparse, bench.folder(), bench.folder()
    folder.mkdir()
    with (folder / "sparse.bin").open("wb") as file:
        file.truncate(size)
    _settle()
    words, most = [], 0.0
    figures: dict[str, Figure] = {}
    service = bench.service
    client = service.client()
    works: list[tuple[str, dict[str, Any]]] = [
        ("upload", {"folder": folder}),
        ("download", {"name": "sparse.bin", "target": target}),
    ]
    client("upload", folder=bench.tree(1, 8 * MIB))  # all that it needs is loaded
    for action, given in works:
        idle = _memory.resident(service.pid)
        _memory.forget_peak(service.pid)
        said = client(action, **given)
        grown = max(0, _memory.peak(service.pid) - idle) / MIB
        here = said["memory"] / MIB
        most = max(most, here, grown)
        words.append(
            f"{action}: client +{here:.0f}, service +{grown:.0f} MiB; {said['seconds']:.1f} s"
        )
        figures |= {
            f"{action}, client MiB": Figure([here]),
            f"{action}, service MiB": Figure([grown]),
            f"{action}, s": Figure([said["seconds"]]),
        }
    _expect((target / "sparse.bin").stat().st_size == size, target)
    shutil.rmtree(folder)
    shutil.rmtree(target)
    yield Row(
        f"A sparse file of {size // MIB:,} MiB up and down",
        "40 MiB of memory beyond the idle processes",
        "; ".join(words),
        most <= 40,
        figures,
    )


# -- a slow link, outputs, imports -----------------------------------------------------------


def slow_link(bench: Bench) -> Iterator[Row]:
    """Small files over a link with a long round trip."""
    sizes, seconds = bench.sizes, []
    service = bench.service
    port = service.endpoint.rpartition(":")[2]
    proxy = start([sys.executable, "-m", "benchmarks._proxy", port, 0.02])
    try:
        near = int(line_of(proxy))
        for _ in range(sizes.runs):
            tree = bench.tree(sizes.linked, 4096)
            seconds.append(service.client().through(near)("upload", folder=tree)["seconds"])
        sample = bench.tree(sizes.sample_linked, 4096)
        original = bench.peers.original(service.client().through(near), sample / "000")
    finally:
        end(proxy)
    words, figures = f"{Figure(seconds)} s", {"seconds": Figure(seconds)}
    if original:
        figures["the original, s a file"] = Figure([original["up"] / sizes.sample_linked])
        long = original["up"] / sizes.sample_linked * sizes.linked
        words += f"; the original would take {long:.0f} s, by {sizes.sample_linked} files"
    yield Row(
        f"{sizes.linked:,} files of 4 KiB over a round trip of 40 ms",
        "1.5 s",
        words,
        figures["seconds"].median <= 1.5,
        figures,
    )


def outputs(bench: Bench) -> Iterator[Row]:
    """Small outputs of a job come back."""
    sizes, rates, written = bench.sizes, [], []
    service = bench.service
    client = service.client()
    job = client("run_job", tasks=sizes.tasks, each=sizes.outputs // sizes.tasks)
    _expect(job["status"] == "Complete", job)
    for _ in range(sizes.runs):
        _settle()
        said = client("download_job", job=job["id"], target=bench.folder())
        _expect(said["files"] >= sizes.outputs, said)
        rates.append(said["files"] / said["seconds"])
        _settle()
        local = alone("write", count=sizes.outputs, target=bench.folder())
        written.append(sizes.outputs / local["seconds"])
    rate, ratio = Figure(rates), _each(rates, written)
    yield Row(
        f"Downloading {sizes.outputs:,} outputs of 101 bytes of a job",
        "6,000 files/s",
        f"{rate} files/s; {ratio} of writing and renaming as many ({Figure(written)}/s)",
        rate.median >= 6000,
        {"files/s": rate, "of writing": ratio, "written files/s": Figure(written)},
    )


IMPORTS = {
    "import batchapps": 1.15,
    "from batchapps import AzureOAuth, JobManager, FileManager": 1.5,
}


def imports(bench: Bench) -> Iterator[Row]:
    """How soon a program can begin."""
    timed = "import time; t = time.perf_counter(); {}; print(time.perf_counter() - t)"
    seconds: dict[str, list[float]] = {name: [] for name in ("import httpx", *IMPORTS)}
    for _ in range(bench.sizes.imports):
        for name, values in seconds.items():
            values.append(float(run([sys.executable, "-c", timed.format(name)])))
    httpx = Figure(seconds["import httpx"])
    for name, most in IMPORTS.items():
        ratio = Figure([Figure(seconds[name]).median / httpx.median])
        yield Row(
            f"`{name}`",
            f"{most} × `import httpx`",
            f"{ratio} ×; {Figure([1000 * one for one in seconds[name]])} ms against "
            f"{1000 * httpx.median:.0f} ms",
            ratio.median <= most,
            {"times as long": ratio, "seconds": Figure(seconds[name]), "import httpx, s": httpx},
        )


ALL = [imports, small_files, slow_link, outputs, profile, big_file, sparse_file]


def _seconds(said: dict[str, Any]) -> float:
    return float(said["seconds"])


def _expect(right: bool, said: object) -> None:
    if not right:
        raise RuntimeError(f"The work was not done as it should be: {said}")


FAILURES = (RuntimeError, OSError, ValueError, KeyError, subprocess.SubprocessError)
