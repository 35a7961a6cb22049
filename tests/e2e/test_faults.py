"""Uploads and downloads through a proxy that does harm."""

import hashlib
import logging
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from faulty import behind_proxy, proxied
from support import ROOT, Service, configured, running, until

from batchapps import AzureOAuth, FileManager
from batchapps.exceptions import BatchAppsException

PART = 8 * 1024 * 1024
RUNS = int(os.environ.get("BATCHAPPS_FAULT_RUNS", "20"))
"""Seeds are 0, 1, ...; set the variable for another number of them."""


def content(seed: int, size: int) -> bytes:
    return random.Random(seed).randbytes(size)


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture(scope="module")
def hidden(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that is reached through a proxy, with the types for tests."""
    service = behind_proxy(tmp_path_factory.mktemp("hidden") / "data")
    service.add_jobtype(ROOT / "tests" / "jobtypes_for_tests" / "Mirror")
    with running(service):
        yield service


def stored(service: Service) -> dict[str, str]:
    """Digests of the account's files by their paths, as the service itself tells."""

    def listed() -> list[dict[str, str]] | None:
        try:
            return service.api().get("files")["files"]  # type: ignore[no-any-return]
        except httpx.TransportError:
            return None

    with proxied(service, seed=0, share=0):
        return {one["originalFilePath"]: one["sha256"] for one in until(listed)}


@pytest.mark.parametrize("seed", range(RUNS))
def test_faults_end_in_the_right_bytes_or_a_clear_error(
    hidden: Service, home: Path, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FIRST_PAUSE", "LONGEST_PAUSE"):
        monkeypatch.setattr(f"batchapps._http.{name}", 0.01)
    monkeypatch.setattr("batchapps._http.SILENCE_TIMEOUT", 5.0)
    folder = tmp_path / "in"
    folder.mkdir()
    files: dict[str, bytes] = {}
    for number in range(30):
        files[f"{number}.bin"] = content(seed * 100 + number, 10 ** (number % 5))
    files["large.bin"] = content(seed, PART + 1_000_000)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    with proxied(hidden, seed) as proxy:
        config = configured(hidden.account)
        for _ in range(30):
            try:
                manager = FileManager(AzureOAuth.get_unattended_session(config))
                collection = manager.files_from_dir(folder)
                if not collection.upload():
                    break
            except BatchAppsException as error:
                logging.info("seed %d: %s", seed, error)
        else:
            pytest.fail(f"no upload went through; faults: {proxy.met}")
        for _ in range(30):
            try:
                for file in manager.find_files(list(files)):
                    if Path(file.path.replace("\\", "/")).parent == folder:
                        file.download(tmp_path / "out")
            except BatchAppsException as error:
                logging.info("seed %d: %s", seed, error)
            else:
                break
        else:
            pytest.fail(f"no download went through; faults: {proxy.met}")
        here = {name: sha((tmp_path / "out" / name).read_bytes()) for name in files}
    assert here == {name: sha(data) for name, data in files.items()}
    assert not list((tmp_path / "out").glob(".*"))
    there = stored(hidden)
    assert all(
        there[str(folder / name).replace("/", "\\")] == sha(data) for name, data in files.items()
    )


UPLOAD = """
import sys
from batchapps import AzureOAuth, Configuration, FileManager
files = FileManager(AzureOAuth.get_unattended_session(Configuration()))
print("begun", flush=True)
assert files.create_file_set(files.file_from_path(sys.argv[1])).upload() == []
"""


def test_a_killed_upload_goes_on_in_another_process(
    hidden: Service, home: Path, tmp_path: Path
) -> None:
    data = content(1, 12 * PART + 5)
    path = tmp_path / "large.bin"
    path.write_bytes(data)
    configured(hidden.account)
    command = [sys.executable, "-c", UPLOAD, str(path)]
    with proxied(hidden, seed=0, share=0) as proxy:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        while proxy.bytes_up < 5 * PART:
            time.sleep(0.005)
        process.kill()
        process.wait()
        assert proxy.bytes_up < len(data)
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        # Beside the file itself: what was on its way, at most a part on each of two connections.
        assert proxy.bytes_up < len(data) + 2 * PART + 1_000_000
    assert stored(hidden)[str(path).replace("/", "\\")] == sha(data)


def test_a_connection_that_is_cut_costs_at_most_a_part(
    hidden: Service, home: Path, tmp_path: Path
) -> None:
    data = content(2, 6 * PART)
    path = tmp_path / "large.bin"
    path.write_bytes(data)
    config = configured(hidden.account)
    with proxied(hidden, seed=0, share=0):
        files = FileManager(AzureOAuth.get_unattended_session(config))
    with proxied(hidden, seed=0, share=0) as proxy:
        proxy.cuts = [PART + 1_000_000, 2 * PART - 1_000_000]
        assert files.create_file_set(files.file_from_path(path)).upload() == []
        assert proxy.met == ["cut", "cut"]
        assert proxy.bytes_up < len(data) + 2 * PART + 1_000_000
    assert stored(hidden)[str(path).replace("/", "\\")] == sha(data)


def test_a_download_goes_on_where_it_broke_off(hidden: Service, home: Path, tmp_path: Path) -> None:
    data = content(3, 3 * PART)
    (tmp_path / "in.bin").write_bytes(data)
    config = configured(hidden.account)
    out = tmp_path / "out"
    with proxied(hidden, seed=0, share=0):
        files = FileManager(AzureOAuth.get_unattended_session(config))
        assert files.create_file_set(files.file_from_path(tmp_path / "in.bin")).upload() == []
        (file,) = files.find_files("in.bin")

        def stop(done: float) -> None:
            if done > 5:
                raise KeyboardInterrupt
            time.sleep(0.11)  # so that it is called again soon, however fast the rest comes

        with pytest.raises(KeyboardInterrupt):
            file.download(out, callback=stop)
        (part,) = out.iterdir()
        assert part.name.startswith(".batchapps-")
        have = part.stat().st_size
        assert 0 < have < len(data)
        told: list[float] = []
        whole = file.download(out, callback=lambda _percent, done, _total: told.append(done))
        assert min(told) >= have
        assert Path(whole).read_bytes() == data
        assert os.listdir(out) == ["in.bin"]
        # Damaged in the meantime, it is begun anew.
        os.unlink(whole)
        with pytest.raises(KeyboardInterrupt):
            file.download(out, callback=stop)
        (part,) = out.iterdir()
        part.write_bytes(bytes(part.stat().st_size))
        assert Path(file.download(out)).read_bytes() == data
        assert os.listdir(out) == ["in.bin"]
