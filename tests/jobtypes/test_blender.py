"""The job type Blender, with the real program; without it these tests say so."""

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from openjd.model import DecodeValidationError, StepParameterSpaceIterator
from openjd_local import JOB_TYPES, PHOTOS, JobRun, plan, run
from PIL import Image
from programs import needs_blender

from batchapps import Configuration

BUNDLE = JOB_TYPES / "Blender"
PHOTO = "chelsea.png"


def render(folder: Path, scene: str, files: dict[str, bytes], **parameters: str) -> JobRun:
    given = {"start": "1", "end": "1", "jobfile": scene} | parameters
    return run(BUNDLE, folder, files, given)


@needs_blender
def test_frames_are_rendered_packed_and_shown(tmp_path: Path, scenes: dict[str, bytes]) -> None:
    files = {"cube.blend": scenes["cube.blend"], PHOTO: (PHOTOS / PHOTO).read_bytes()}
    done = render(tmp_path, "cube.blend", files, start="9", end="10", output="Shot 1")
    assert done.succeeded, done.lines
    assert [task.parameters["Frame"] for task in done.of("Render")] == ["9", "10"]
    names = ["Shot 1_0009.png", "Shot 1_0010.png"]
    with zipfile.ZipFile(done.output / "output.zip") as archive:
        assert archive.namelist() == names
        frames = [Image.open(io.BytesIO(archive.read(name))) for name in names]
    assert [frame.size for frame in frames] == [(320, 180)] * 2
    assert frames[0].tobytes() != frames[1].tobytes()
    # The texture was found by its name: where it is missing, the cube is magenta.
    red, green, blue = frames[0].convert("RGB").getpixel((160, 90))  # type: ignore[misc]
    assert red > green > blue
    for name in ["Shot 1_0009_thumbnail.png", "Shot 1_0010_thumbnail.png", "Shot 1_preview.png"]:
        with Image.open(done.output / name) as small:
            assert small.size == (200, 113)
    assert any(f"Found beside the scene: {PHOTO}" in line for line in done.lines)
    assert all(task.progress == 100 for task in done.tasks)
    assert not [line for line in done.lines if "the script in the scene ran" in line]


@needs_blender
def test_a_missing_texture_is_named(tmp_path: Path, scenes: dict[str, bytes]) -> None:
    done = render(tmp_path, "cube.blend", {"cube.blend": scenes["cube.blend"]})
    assert done.succeeded, done.lines
    assert [line for line in done.lines if "Missing: " in line and PHOTO in line]


@needs_blender
@pytest.mark.parametrize(
    ("format_", "ending", "shown"),
    [
        ("JPEG", "jpg", True),
        ("EXR", "exr", True),
        ("MULTILAYER", "exr", False),
    ],
)
def test_formats(
    tmp_path: Path, scenes: dict[str, bytes], format_: str, ending: str, shown: bool
) -> None:
    files = {"cube.blend": scenes["cube.blend"]}
    done = render(tmp_path, "cube.blend", files, format=format_, output="", start="0", end="0")
    assert done.succeeded, done.lines
    with zipfile.ZipFile(done.output / "output.zip") as archive:
        assert archive.namelist() == [f"render_0000.{ending}"]
    assert ("render_0000_thumbnail.png" in done.names()) == shown
    assert ("render_preview.png" in done.names()) == shown


@needs_blender
@pytest.mark.parametrize(
    ("scene", "reason"),
    [
        ("blind.blend", "Frame 1 of blind.blend failed: Cannot render, no camera"),
        ("cut.blend", "Frame 1 of cut.blend failed: Failed to read blend file"),
        ("text.blend", "text.blend is not a Blender scene."),
        ("empty.blend", "empty.blend is not a Blender scene."),
        ("absent.blend", "absent.blend is not among the files of the job."),
    ],
)
def test_bad_scenes(tmp_path: Path, scenes: dict[str, bytes], scene: str, reason: str) -> None:
    files = {
        "blind.blend": scenes["blind.blend"],
        "cut.blend": scenes["cube.blend"][:100_000],
        "text.blend": b"no scene",
        "empty.blend": b"",
    }
    done = render(tmp_path, scene, files)
    assert not done.succeeded
    assert (done.tasks[0].message or "").startswith(reason)
    assert done.names() == set()


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"start": "5", "end": "3"}, r"end \(3\) comes before start \(5\)"),
        ({"start": "-1"}, r"start \(-1\) is less than 0"),
        ({"end": "x"}, "end"),
        ({"format": "GIF"}, "format"),
        ({"output": "../up"}, r"output is '\.\./up'"),
        ({"output": "a#b"}, "output is 'a#b'"),
        ({"output": "{blend_name}"}, "output is"),
        ({"output": "-o"}, "output is"),
    ],
)
def test_bad_parameters_are_refused_by_name(
    tmp_path: Path, parameters: dict[str, str], reason: str
) -> None:
    given = {"start": "1", "end": "1", "jobfile": "cube.blend"} | parameters
    with pytest.raises((DecodeValidationError, ValueError), match=reason):
        plan(BUNDLE, tmp_path, tmp_path, ["cube.blend"], given)


@pytest.mark.parametrize("missing", ["start", "end"])
def test_missing_parameters_are_named(tmp_path: Path, missing: str) -> None:
    given = {"start": "1", "end": "1", "jobfile": "cube.blend"}
    del given[missing]
    with pytest.raises(ValueError, match=missing):
        plan(BUNDLE, tmp_path, tmp_path, ["cube.blend"], given)


def test_the_configuration_that_the_original_wrote_is_taken(tmp_path: Path) -> None:
    config = Configuration(data_path=tmp_path, default=True)
    config.current_jobtype("Blender")
    written = config.default_params()
    given = {name: written[name] for name in ("start", "end", "format")}
    made, _ = plan(BUNDLE, tmp_path, tmp_path, ["a.blend"], given | {"jobfile": "a.blend"})
    assert len(StepParameterSpaceIterator(space=made.job.steps[0].parameterSpace)) == 10


def test_one_task_a_frame(tmp_path: Path) -> None:
    given = {"start": "0", "end": "99999", "jobfile": "cube.blend"}
    made, _ = plan(BUNDLE, tmp_path, tmp_path, ["cube.blend"], given)
    assert len(StepParameterSpaceIterator(space=made.job.steps[0].parameterSpace)) == 100_000


def test_without_the_program_the_task_says_so(tmp_path: Path) -> None:
    script = BUNDLE / "scripts" / "render_frame.py"
    command = [sys.executable, str(script), f"--output={tmp_path}", "--prefix=a", "--format=PNG"]
    done = subprocess.run(
        [*command, "--frame=1", "--", "a.blend"],
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "openjd_fail: Blender is not installed where this task ran" in done.stdout


def test_job_types_share_the_same_helper() -> None:
    copies = {path.read_bytes() for path in JOB_TYPES.glob("*/scripts/batch_task.py")}
    assert len(copies) == 1
