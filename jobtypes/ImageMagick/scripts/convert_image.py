"""Resizes one image to fit a box with ImageMagick, keeping its proportions, name and format.

    python convert_image.py --width=500 --height=500 --output=FOLDER -- IMAGE

Smaller images are enlarged. Photographs are turned upright as their EXIF data says. All frames of
a GIF or WebP and all pages of a TIFF are kept; of other formats the first picture is taken.
"""

import argparse
import shutil
from pathlib import Path

import magick
from batch_task import WHAT_NOW, fail, progress, result_name, say, status, thumbnail_name

# Formats by how their files begin: ImageMagick's name for each.
SIGNATURES = [
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"BM", "bmp"),
    (b"8BPS", "psd"),
    (b"\x76\x2f\x31\x01", "exr"),
    (b"SDPX", "dpx"),
    (b"XPDS", "dpx"),
    (b"DDS ", "dds"),
    (b"\x01\xda", "sgi"),
    (b"\x00\x00\x00\x0cjP  ", "jp2"),
    *[(b"P%d" % number, "pnm") for number in range(1, 7)],
]
# Formats whose files begin in no way of their own, by suffix.
BY_SUFFIX = {".tga": "tga", ".pcx": "pcx"}
BRANDS = {b"avif": "avif", b"avis": "avif"}
# Read, but written as PNG.
READ_ONLY = frozenset({"dds", "heic", "psd"})
WITH_FRAMES = frozenset({"gif", "webp", "tiff"})


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--width", type=int, required=True)
    parser.add_argument("--height", type=int, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("image", type=Path)
    arguments = parser.parse_args()
    source: Path = arguments.image
    status(f"Resizing {source.name}")
    progress(0)
    if not source.is_file():
        fail(f"{source.name} is not among the files of the job.")
    if source.stat().st_size == 0:
        fail(f"{source.name} is empty. {WHAT_NOW}")
    format_ = format_of(source)
    if format_ is None:
        fail(f"{source.name} is not an image, or in a format that is not known here. {WHAT_NOW}")
    written = "png" if format_ in READ_ONLY else format_
    name = result_name(source, ".png" if format_ in READ_ONLY else source.suffix.lower())
    with magick.folder() as folder:
        magick.lend(source, folder / "in")
        size = f"{arguments.width}x{arguments.height}"
        code, complaint = magick.run(options(format_, written, size), folder)
        # A picture that was cut short is half grey; that is only a warning to ImageMagick.
        if code != 0 or "premature end" in complaint.lower() or not (folder / "out").is_file():
            fail(f"{source.name} cannot be resized: {complaint or 'the file is damaged'}")
        shutil.move(folder / "out", arguments.output / name)
        shutil.move(folder / "small", arguments.output / thumbnail_name(name))
    progress(100)
    say(f"Resized {source.name}{', with a warning: ' + complaint if complaint else ''}")


def format_of(path: Path) -> str | None:
    """ImageMagick's name for the format of a file, by its content; None if it is none we take."""
    with path.open("rb") as file:
        start = file.read(16)
    for signature, format_ in SIGNATURES:
        if start.startswith(signature):
            return format_
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "webp"
    if start[4:8] == b"ftyp":
        return BRANDS.get(start[8:12], "heic")
    return BY_SUFFIX.get(path.suffix.lower()) if start else None


def options(format_: str, written: str, size: str) -> list[str]:
    """The arguments that turn ``in`` into ``out`` and the picture for previews, ``small``."""
    frames = format_ in WITH_FRAMES
    animated = format_ in {"gif", "webp"}
    return [
        f"{format_}:in" if frames else f"{format_}:in[0]",
        *(["-coalesce"] if animated else []),
        "-auto-orient",
        *("-resize", size),
        *("(", "-clone", "0", "-thumbnail", "200x150>", "-write", "png:small", "+delete", ")"),
        *(["-layers", "optimize"] if format_ == "gif" else []),
        f"{written}:out",
    ]


if __name__ == "__main__":
    main()
