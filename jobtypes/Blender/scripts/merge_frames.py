"""Packs the rendered frames into output.zip and picks a small picture of the first for the job.

python merge_frames.py --output=FOLDER --prefix=NAME
"""

import argparse
import shutil
from pathlib import Path

from batch_task import THUMBNAIL_ENDING, fail, pack, progress, say, status, thumbnail_name
from pictures import small_copy

ARCHIVE = "output.zip"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--prefix", required=True)
    arguments = parser.parse_args()
    folder: Path = arguments.output
    prefix: str = arguments.prefix
    frames = sorted(
        path
        for path in folder.iterdir()
        if path.name.startswith(f"{prefix}_") and not path.name.endswith(THUMBNAIL_ENDING)
    )
    if not frames:
        fail(f"There is nothing to merge: no task left a frame called {prefix}_….")
    status(f"Packing {len(frames)} frames into {ARCHIVE}")
    pack(frames, folder / ARCHIVE, 95)
    first, preview = frames[0], folder / f"{prefix}_preview.png"
    ready = first.with_name(thumbnail_name(first.stem))
    if ready.is_file():
        shutil.copyfile(ready, preview)
    elif not small_copy(first, preview, shutil.which("blender")):
        say(f"There is no small picture of {first.name}: its format cannot be shown.")
    progress(100)


if __name__ == "__main__":
    main()
