"""Renders one frame of a scene with Blender, and a small picture of it.

    python render_frame.py --output=FOLDER --prefix=NAME --format=PNG --frame=1 -- SCENE

The frame's file is called NAME_0001.png. Scripts inside the scene do not run.
"""

import argparse
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from batch_task import WHAT_NOW, fail, progress, say, status, thumbnail_name
from pictures import small_copy

# What a scene begins with, plain or compressed by one of Blender's two ways.
SIGNATURES = (b"BLENDER", b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
NAMES_TODAY = {"EXR": "OPEN_EXR", "MULTILAYER": "OPEN_EXR_MULTILAYER", "png": "PNG"}
# "Fra:1 ... | Sample 3/64", "... | Rendered 2/16 Tiles", "... | Rendering 26 / 64 samples"
STEPS = re.compile(r"(?:Sample|Rendered|Rendering) +(\d+) */ *(\d+)")
FRAME_DETAIL = re.compile(r"Fra:\d+ ")
UNKNOWN_FORMAT = "--render-format' not known"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--format", required=True)
    parser.add_argument("--frame", type=int, required=True)
    parser.add_argument("scene", type=Path)
    arguments = parser.parse_args()
    scene: Path = arguments.scene
    frame: int = arguments.frame
    blender = shutil.which("blender")
    if blender is None:
        fail(
            "Blender is not installed where this task ran: blender was not found there. Install "
            "it on every machine of the pool."
        )
    check_scene(scene)
    status(f"Rendering frame {frame} of {scene.name}")
    progress(0)
    # Names with a number sign or braces are patterns to Blender; this folder's has none.
    with tempfile.TemporaryDirectory(prefix="frames-") as name:
        folder = Path(name)
        options = ["--background", "--factory-startup", "--disable-autoexec", "-noaudio"]
        options += [str(scene), "--python", str(Path(__file__).with_name("find_files.py"))]
        options += ["-o", str(folder / f"{arguments.prefix}_####"), "-x", "1"]
        options += ["-F", NAMES_TODAY.get(arguments.format, arguments.format), "-f", str(frame)]
        render([blender, *options], f"Frame {frame} of {scene.name}")
        results = sorted(path for path in folder.iterdir() if path.is_file())
        if not results:
            fail(f"Frame {frame} of {scene.name} was rendered, but Blender wrote no file.")
        for path in results:
            shutil.move(path, arguments.output / path.name)
    first = arguments.output / results[0].name
    if not small_copy(first, first.with_name(thumbnail_name(first.stem)), blender):
        say(f"There is no small picture of {first.name}: its format cannot be shown.")
    progress(100)
    say(f"Rendered frame {frame}: {', '.join(path.name for path in results)}")


def check_scene(scene: Path) -> None:
    """Fail the task where the file cannot be a scene."""
    if not scene.is_file():
        fail(f"{scene.name} is not among the files of the job. Upload it and add it to the job.")
    with scene.open("rb") as file:
        if not file.read(8).startswith(SIGNATURES):
            fail(f"{scene.name} is not a Blender scene. {WHAT_NOW}")


def render(command: list[str], what: str) -> None:
    """Run Blender, passing on what it says; fails the task where Blender fails."""
    error = ""
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in map(str.rstrip, process.stdout):
            steps = STEPS.search(line)
            if steps:
                progress(95 * int(steps[1]) / max(int(steps[2]), 1))
            if line.startswith("Error:"):
                error = error or line.removeprefix("Error:").strip()
            if line and not FRAME_DETAIL.match(line):
                say(f"blender: {line}")
            if UNKNOWN_FORMAT in line:
                # Blender would go on in the scene's own format.
                process.kill()
                fail(f"{what} was not rendered: this Blender cannot write {command[-3]} files.")
    if process.returncode != 0:
        fail(f"{what} failed: {error or f'Blender ended with exit status {process.returncode}'}")


if __name__ == "__main__":
    main()
