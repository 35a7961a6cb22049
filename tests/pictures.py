"""Pictures for tests of job types, and a look at what came of them."""

import io
import zipfile
from pathlib import Path
from typing import Any

from PIL import Image


def encoded(image: Image.Image, format_: str, **options: Any) -> bytes:
    """The image as a file's content; ``options`` go to Pillow's ``save``."""
    target = io.BytesIO()
    image.save(target, format_, **options)
    return target.getvalue()


def picture(mode: str = "RGB", size: tuple[int, int] = (64, 32)) -> Image.Image:
    """From black at the top to white at the bottom."""
    return Image.linear_gradient("L").resize(size).convert(mode)


PNG = encoded(picture(), "PNG")

AWKWARD_NAMES = [
    "a.png",
    "a.PNG",
    "A.png",
    "-x.png",
    "@list.png",
    "%d[0]{}*?.png",
    "b c.png",
    "'\"$(touch pwned)`;.png",
    "{{Param.Scripts}}.png",
    "grün 😀.png",
    "new\nline.png",
    "openjd_fail: no.png",
    "n" * 251 + ".png",
    "ü" * 125 + ".png",
]
"""Names that shells, programs or the service could take for something else."""


def sizes_in(archive: Path) -> dict[str, tuple[int, int]]:
    """The images in a zip archive: names and sizes."""
    sizes: dict[str, tuple[int, int]] = {}
    with zipfile.ZipFile(archive) as packed:
        assert packed.testzip() is None
        for name in packed.namelist():
            with Image.open(io.BytesIO(packed.read(name))) as image:
                sizes[name] = image.size
    return sizes
