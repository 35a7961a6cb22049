"""What the two steps share: names of results, small pictures, and messages to the service."""

import hashlib
import re
import sys
from pathlib import Path
from typing import NoReturn

from PIL import Image, ImageOps

ARCHIVE = "resized.zip"
SHEET = "contact_preview.jpg"
THUMBNAIL_ENDING = "_thumbnail.png"
THUMBNAIL_SIZE = (200, 150)
# The system's limit for a file's name is 255 bytes.
MAX_NAME_BYTES = 230
MARKS = re.compile(r"_(thumbnail|preview)\.", re.IGNORECASE)

_told: set[int] = set()


def printable(text: str) -> str:
    """``text`` on one line: no part of a file's name is to pass for a line of its own."""
    return "".join(char if char.isprintable() else "?" for char in text)


def say(text: str) -> None:
    """A line for the job's log. It must not begin with a file's name, which could be anything."""
    print(printable(text), flush=True)


def progress(percent: float) -> None:
    """How much of this task is done, 0 to 100; said once for each whole percent."""
    if int(percent) not in _told:
        _told.add(int(percent))
        print(f"openjd_progress: {int(percent)}", flush=True)


def status(text: str) -> None:
    """What this task is doing."""
    print(f"openjd_status: {printable(text)}", flush=True)


def fail(text: str) -> NoReturn:
    """End the task as failed, saying why."""
    print(f"openjd_fail: {printable(text)}", flush=True)
    sys.exit(1)


def result_name(source: Path, suffix: str) -> str:
    """The name for the result of ``source``: its own, with ``suffix`` added where it differs."""
    name = source.name
    if source.suffix.lower() != suffix:
        name = f"{name}{suffix}"
    # A name that ends like a preview would be taken for one.
    if MARKS.search(name):
        name = MARKS.sub(r"-\1.", name)
        stem, dot, ending = name.rpartition(".")
        name = f"{stem}-{_digest(source.name)}{dot}{ending}"
    return name


def thumbnail_name(result: str) -> str:
    """The name for the small picture of a result."""
    encoded = result.encode("utf-8", "surrogateescape")
    if len(encoded) > MAX_NAME_BYTES:
        result = encoded[: MAX_NAME_BYTES - 9].decode("utf-8", "ignore") + "-" + _digest(result)
    return result + THUMBNAIL_ENDING


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:8]


def thumbnail(image: Image.Image, size: tuple[int, int] = THUMBNAIL_SIZE) -> Image.Image:
    """A small copy for the screen, in RGB or, with transparency, RGBA."""
    plain = displayable(image)
    return ImageOps.contain(plain, size) if exceeds(plain.size, size) else plain


def exceeds(size: tuple[int, int], box: tuple[int, int]) -> bool:
    """Whether ``size`` does not fit into ``box``."""
    return size[0] > box[0] or size[1] > box[1]


def displayable(image: Image.Image) -> Image.Image:
    """The image in 8-bit RGB or RGBA."""
    if image.mode.startswith("I;16") or image.mode in {"I", "F"}:
        # 16 bits a pixel are clipped by a plain conversion, not scaled.
        low, high = image.getextrema()
        assert isinstance(low, int | float)
        assert isinstance(high, int | float)
        span = max(float(high) - float(low), 1.0)
        floats = image.convert("F").point(lambda value: (value - low) * (255.0 / span))
        return floats.convert("L").convert("RGB")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")
