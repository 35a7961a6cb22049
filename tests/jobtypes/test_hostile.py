"""Parameters and names of files that a shell, a program or OpenJD could take for something else."""

from pathlib import Path

import pytest
from openjd_local import JOB_TYPES, JobRun, plan, run
from pictures import PNG
from programs import needs_blender, needs_imagemagick

from batchapps_service._templates import Bundle

CANARY = "CANARY"
PAYLOADS = [
    "$(touch CANARY)",
    "`touch CANARY`",
    "; touch CANARY #",
    "' ; touch CANARY ; '",
    '" ; touch CANARY ; "',
    "x & touch CANARY & x",
    "x | touch CANARY",
    "x\ntouch CANARY\n",
    "> CANARY",
    "-o CANARY",
    "--python-expr=open('CANARY','w')",
    "-write CANARY",
    "@CANARY",
    "{{Param.Output}}",
    "{{fail('CANARY')}}",
    "%(touch CANARY)s",
]
TYPES = sorted(path.name for path in JOB_TYPES.iterdir())


def unharmed(folder: Path) -> None:
    """Nothing in there was made by what a name says, as a whole or as the last part of it."""
    assert not [path for path in folder.rglob("*") if path.name == CANARY]
    assert not Path(CANARY).exists()


@pytest.mark.parametrize("name", TYPES)
def test_no_parameter_of_any_job_type_is_more_than_a_value(tmp_path: Path, name: str) -> None:
    good = {"jobfile": "scene.blend", "start": "1", "end": "1"} if name == "Blender" else {}
    parameters = [one["name"] for one in Bundle(JOB_TYPES / name).parameters()]
    assert parameters
    plan(
        JOB_TYPES / name, tmp_path, tmp_path / "out", ["a.png"], good
    )  # or else this proves nothing
    for parameter in set(parameters) - {"jobfile"}:
        for payload in PAYLOADS:
            given = good | {parameter: payload}
            with pytest.raises(Exception, match=parameter):
                plan(JOB_TYPES / name, tmp_path, tmp_path / "out", ["a.png"], given)
    unharmed(tmp_path)


def images(name: str, folder: Path) -> JobRun:
    names = [f"{payload}.png" for payload in PAYLOADS]
    return run(JOB_TYPES / name, folder, dict.fromkeys([*names, PAYLOADS[0]], PNG))


@pytest.mark.parametrize(
    "name", ["ImageResize", pytest.param("ImageMagick", marks=needs_imagemagick)]
)
def test_no_name_of_an_image_is_more_than_a_name(tmp_path: Path, name: str) -> None:
    done = images(name, tmp_path)
    assert done.succeeded, [task.message for task in done.tasks if not task.succeeded]
    assert {f"{payload}.png" for payload in PAYLOADS} <= done.names()
    unharmed(tmp_path)


@needs_blender
def test_no_name_of_a_scene_is_more_than_a_name(tmp_path: Path, scenes: dict[str, bytes]) -> None:
    scene = f"-o {' '.join(PAYLOADS[:9])}.blend"
    parameters = {"jobfile": scene, "start": "1", "end": "1"}
    done = run(JOB_TYPES / "Blender", tmp_path, {scene: scenes["cube.blend"]}, parameters)
    assert done.succeeded, [task.message for task in done.tasks]
    unharmed(tmp_path)
