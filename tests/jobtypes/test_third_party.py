"""Job bundles that others wrote and published, installed and run as they are."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from openjd_local import PHOTOS
from support import Api, Service

SOURCE = Path(__file__).with_name("third-party.txt")
FOLDER = "deadline/client/ui/resources/"


@pytest.fixture(scope="module")
def bundles(service: Service, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Have them installed."""
    folder = tmp_path_factory.mktemp("third-party")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    options = ["--no-deps", "--require-hashes", "--only-binary=:all:", "-d", str(folder)]
    subprocess.run([*pip, *options, "-r", str(SOURCE)], check=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder, [one for one in packed.namelist() if one.startswith(FOLDER)])
    service.add_jobtype(*(folder / FOLDER).glob("*_bundle"))


@pytest.mark.usefixtures("bundles")
def test_a_script_over_a_folder_of_files(shared: Api, pool: str) -> None:
    names = ["cell.png", "coins.png"]
    for name in names:
        shared.put(name, (PHOTOS / name).read_bytes())
    job = shared.finished(shared.submit("Job bundle - CLI job example", names, pool))
    assert job["status"] == "Complete", shared.lines(job["id"])
    content = shared.http.get(job["outputLink"]["href"]).content
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert packed.namelist() == ["computed_hashes.txt"]
        lines = packed.read("computed_hashes.txt").decode().splitlines()
    assert {"./cell.png", "./coins.png"} < {line.split()[1] for line in lines}


@pytest.mark.usefixtures("bundles")
def test_parameters_of_all_kinds(shared: Api, pool: str) -> None:
    shared.put("scene.ma", b"a scene")
    files = {"InputFilePicker": "C:\\art\\scene.ma", "OutputFilePicker": "frame.exr"}
    job_id = shared.submit(
        "Job template GUI control showcase", ["scene.ma"], pool, FloatDropdown="9.9", **files
    )
    assert shared.finished(job_id)["status"] == "Complete", shared.lines(job_id)
    said = "\n".join(shared.lines(job_id))
    for words in ("1234.56789", "WEDNESDAY", "9.9", "/in/scene.ma\n", "/out/frame.exr\n"):
        assert words in said
