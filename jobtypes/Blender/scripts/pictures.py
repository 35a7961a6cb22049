"""Small pictures of frames, of those formats too that only Blender reads."""

import subprocess
from pathlib import Path

from PIL import Image

SIZE = (200, 150)


def small_copy(source: Path, target: Path, blender: str | None) -> bool:
    """Write a PNG of at most 200x150 pixels; False where nothing here can read the frame."""
    try:
        with Image.open(source) as image:
            image.draft("RGB", SIZE)
            image.load()
            small = image.convert("RGBA" if image.has_transparency_data else "RGB")
            small.thumbnail(SIZE)
            small.save(target)
        return True
    except (OSError, SyntaxError, ValueError):
        return blender is not None and by_blender(source, target, blender)


def by_blender(source: Path, target: Path, blender: str) -> bool:
    """The same through Blender."""
    script = Path(__file__).with_name("shrink.py")
    command = [blender, "--background", "--factory-startup", "-noaudio"]
    command += ["--python-exit-code", "1", "--python", str(script), "--", str(source), str(target)]
    done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    return done.returncode == 0 and target.is_file()
