"""Packs the resized images into one archive and lays out a contact sheet of them.

    python merge_images.py --output=FOLDER [--left-out=NAMES.json]

The images are found in the output folder. The names of files that no task took are for the log.
"""

import argparse
import json
import math
from pathlib import Path

from batch_task import (
    THUMBNAIL_ENDING,
    fail,
    pack,
    printable,
    progress,
    say,
    status,
    thumbnail_name,
)
from images import thumbnail
from PIL import Image, ImageDraw, ImageFont

ARCHIVE = "resized.zip"
SHEET = "contact_preview.jpg"
MAX_ON_SHEET = 120
CELL = (160, 120)
GAP = 12
CAPTION = 18
BACKGROUND, INK = (24, 26, 30), (200, 204, 210)


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
    pack(images, folder / ARCHIVE, 80)
    status("Laying out the contact sheet")
    sheet(images).save(folder / SHEET, quality=85)


def sheet(images: list[Path]) -> Image.Image:
    """All images small on one page; of very many, some from all parts of the list."""
    shown = images
    if len(images) > MAX_ON_SHEET:
        shown = [images[i * len(images) // MAX_ON_SHEET] for i in range(MAX_ON_SHEET)]
        say(f"The contact sheet shows {len(shown)} of the {len(images)} images.")
    columns = math.ceil(math.sqrt(len(shown) * 1.2))
    rows = math.ceil(len(shown) / columns)
    width, height = CELL[0] + GAP, CELL[1] + CAPTION + GAP
    page = Image.new("RGB", (columns * width + GAP, rows * height + GAP), BACKGROUND)
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(12)
    for number, path in enumerate(shown):
        left, top = GAP + number % columns * width, GAP + number // columns * height
        small = cell(path)
        corner = left + (CELL[0] - small.width) // 2, top + (CELL[1] - small.height) // 2
        page.paste(small, corner, small if small.mode == "RGBA" else None)
        text = caption(path.name, font)
        draw.text((left + CELL[0] / 2, top + CELL[1] + 4), text, INK, font, anchor="ma")
        progress(80 + 20 * (number + 1) / len(shown))
    return page


def cell(path: Path) -> Image.Image:
    """One image, small enough for its place on the sheet."""
    ready = path.with_name(thumbnail_name(path.name))
    with Image.open(ready if ready.is_file() else path) as image:
        return thumbnail(image, CELL)


def caption(name: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """The name, cut in the middle where it is too long for its place on the sheet."""
    text = printable(name)
    kept = len(text)
    while font.getlength(text) > CELL[0] and kept > 2:
        kept -= 1
        text = f"{name[: kept // 2]}…{name[len(name) - (kept - kept // 2) :]}"
    return text


if __name__ == "__main__":
    main()
