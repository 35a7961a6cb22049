"""Packs the resized images into one archive and lays out a contact sheet with ImageMagick.

    python merge_converted.py --output=FOLDER [--left-out=NAMES.json]

The images are found in the output folder. The names of files that no task took are for the log.
"""

import argparse
import json
import math
import shutil
from pathlib import Path

import magick
from batch_task import THUMBNAIL_ENDING, fail, pack, progress, say, status, thumbnail_name
from convert_image import format_of

ARCHIVE = "images.zip"
SHEET = "contact_preview.jpg"
MAX_ON_SHEET = 60
CELL = "200x150"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--left-out", type=Path)
    arguments = parser.parse_args()
    folder: Path = arguments.output
    images = sorted(
        path
        for path in folder.iterdir()
        if path.is_file() and not path.name.endswith(THUMBNAIL_ENDING)
    )
    if not images:
        fail("There is nothing to merge: no task left an image.")
    if arguments.left_out:
        for name in json.loads(arguments.left_out.read_text(encoding="utf-8")):
            say(f"Left out, as it is no image of a known format: {name}")
    status(f"Packing {len(images)} images into {ARCHIVE}")
    pack(images, folder / ARCHIVE, 90)
    status("Laying out the contact sheet")
    lay_out(images, folder / SHEET)
    progress(100)


def lay_out(images: list[Path], sheet: Path) -> None:
    """Write all images small on one page; of very many, some from all parts of the list."""
    shown = images
    if len(images) > MAX_ON_SHEET:
        shown = [images[i * len(images) // MAX_ON_SHEET] for i in range(MAX_ON_SHEET)]
        say(f"The contact sheet shows {len(shown)} of the {len(images)} images.")
    columns = math.ceil(math.sqrt(len(shown)))
    with magick.folder() as folder:
        arguments = ["-background", "#181a1e", "-gravity", "center"]
        for start in range(0, len(shown), columns):
            arguments.append("(")
            for number, path in enumerate(shown[start : start + columns], start):
                ready = path.with_name(thumbnail_name(path.name))
                small = ready if ready.is_file() else path
                magick.lend(small, folder / str(number))
                arguments += ["(", f"{format_of(small)}:{number}[0]", "-resize", CELL + ">"]
                arguments += ["-extent", CELL, "-bordercolor", "#181a1e", "-border", "5", ")"]
            arguments += ["+append", ")"]
        code, complaint = magick.run(
            [*arguments, "-gravity", "west", "-append", "jpeg:sheet"], folder
        )
        if code != 0:
            fail(f"The contact sheet could not be made: {complaint or f'exit status {code}'}")
        shutil.move(folder / "sheet", sheet)


if __name__ == "__main__":
    main()
