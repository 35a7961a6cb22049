"""Resizes one image to fit a box, keeping its proportions, name and format.

    python resize_image.py --width=500 --height=500 --output=FOLDER -- IMAGE

Smaller images are enlarged. The picture is turned upright as its EXIF data says. All frames of
an animation are kept. What cannot be written in its own format becomes PNG.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from batch_task import WHAT_NOW, fail, progress, result_name, say, status, thumbnail_name
from images import thumbnail
from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

# Formats written as they came, by Pillow's name; any other becomes PNG.
KEPT = frozenset(
    {"AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "SGI", "TGA", "TIFF", "WEBP"}
)
ANIMATED = frozenset({"AVIF", "GIF", "PNG", "TIFF", "WEBP"})
QUALITY = {"AVIF": 80, "JPEG": 90, "WEBP": 90}
ORIENTATION = 0x0112
Size = tuple[int, int]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--width", type=int, required=True)
    parser.add_argument("--height", type=int, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("image", type=Path)
    arguments = parser.parse_args()
    source: Path = arguments.image
    box: Size = (arguments.width, arguments.height)
    status(f"Resizing {source.name}")
    progress(0)
    try:
        said = resize(source, box, arguments.output)
    except FileNotFoundError:
        fail(f"{source.name} is not among the files of the job.")
    except UnidentifiedImageError:
        if source.stat().st_size == 0:
            fail(f"{source.name} is empty. {WHAT_NOW}")
        fail(f"{source.name} is not an image, or in a format that is not known here. {WHAT_NOW}")
    except Image.DecompressionBombError as error:
        fail(f"{source.name} has too many pixels to be safe: {error}")
    except MemoryError:
        fail(f"{source.name} does not fit into memory at {box[0]}x{box[1]}.")
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        # Pillow raises all of these on damaged files.
        fail(f"{source.name} cannot be resized; the file may be damaged: {error}")
    progress(100)
    say(said)


def resize(source: Path, box: Size, folder: Path) -> str:
    """Write the resized image and a small one into ``folder``; a line about it."""
    with Image.open(source) as image:
        format_ = "JPEG" if image.format == "MPO" else image.format or ""
        before = image.size
        frames = getattr(image, "n_frames", 1)
        if format_ == "JPEG":
            # Decodes a large photograph at a fraction of its size, never below twice the box.
            image.draft(None, (box[0] * 2, box[1] * 2))
        name = result_name(source, source.suffix.lower() if format_ in KEPT else ".png")
        format_ = format_ if format_ in KEPT else "PNG"
        target = folder / name
        if frames > 1 and format_ in ANIMATED:
            first = save_all(image, box, target, format_, frames)
            count = f", {frames} frames"
        else:
            first = upright(image, box)
            progress(50)
            save(first, target, format_, metadata(image, format_))
            count = ""
        thumbnail(first).save(folder / thumbnail_name(name))
    sizes = f"{before[0]}x{before[1]} to {first.width}x{first.height}"
    return f"Resized {source.name}: {sizes}{count}"


def fit(size: Size, box: Size) -> Size:
    """The largest size with the proportions of ``size`` that fits into ``box``."""
    scale = min(box[0] / size[0], box[1] / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def upright(image: Image.Image, box: Size) -> Image.Image:
    """The current frame, turned upright and resized."""
    frame = ImageOps.exif_transpose(image)
    if frame.mode == "1":
        frame = frame.convert("L")
    elif frame.mode in {"P", "PA"}:
        # Colours between two of a palette are not in the palette.
        frame = frame.convert("RGBA" if frame.has_transparency_data else "RGB")
    try:
        return frame.resize(fit(frame.size, box), Image.Resampling.LANCZOS)
    except ValueError:  # modes of 16 bits in some byte orders
        return frame.convert("I").resize(fit(frame.size, box), Image.Resampling.LANCZOS)


def metadata(image: Image.Image, format_: str) -> dict[str, Any]:
    """What is kept besides the pixels: EXIF data without the orientation, and colour profile."""
    kept: dict[str, Any] = {}
    if format_ in QUALITY:
        kept["quality"] = QUALITY[format_]
    if format_ == "TIFF":
        kept["compression"] = "tiff_lzw"
    if format_ in {"AVIF", "JPEG", "PNG", "TIFF", "WEBP"}:
        if image.info.get("icc_profile"):
            kept["icc_profile"] = image.info["icc_profile"]
        # A TIFF's own tags count as EXIF data and describe the old pixels.
        if format_ != "TIFF":
            exif = image.getexif()
            exif.pop(ORIENTATION, None)
            if exif:
                kept["exif"] = exif.tobytes()
    return kept


def save(image: Image.Image, target: Path, format_: str, extra: dict[str, Any]) -> None:
    """Write one picture, in another mode where the format has none for it."""
    try:
        image.save(target, format_, **extra)
    except OSError:
        image.convert("RGB").save(target, format_, **extra)


class Frames:
    """All frames but the first, resized one by one as they are asked for, any number of times."""

    def __init__(self, image: Image.Image, box: Size, count: int) -> None:
        self._image, self._box, self._count = image, box, count

    def __iter__(self) -> Iterator[Image.Image]:
        for number in range(1, self._count):
            self._image.seek(number)
            yield upright(self._image, self._box)
            progress(100 * number / self._count)


def save_all(image: Image.Image, box: Size, target: Path, format_: str, count: int) -> Image.Image:
    """Write all frames with their timing; the first one, resized."""
    durations: list[int] = []
    for frame in ImageSequence.Iterator(image):
        frame.load()  # a frame's duration is known once it is decoded
        durations.append(int(frame.info.get("duration", 0)))
    extra = metadata(image, format_)
    if any(durations):
        extra["duration"] = durations
    if format_ in {"GIF", "PNG", "WEBP"} and "loop" in image.info:
        extra["loop"] = image.info["loop"]
    # Frames are whole pictures here, whatever parts of them the file stored.
    if format_ == "GIF":
        extra["disposal"] = 2
    elif format_ == "PNG":
        extra |= {"disposal": 0, "blend": 0}
    image.seek(0)
    first = upright(image, box)
    frames = Frames(image, box, count)
    first.save(target, format_, save_all=True, append_images=frames, **extra)
    return first


if __name__ == "__main__":
    main()
