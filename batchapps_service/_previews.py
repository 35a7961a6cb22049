"""Small pictures of outputs."""

from pathlib import Path, PurePosixPath

SIZE = (200, 150)
"""Pixels, as the original's job types made them."""

IMAGES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff"})
MARKS = ("_thumbnail", "_preview")


def is_image(path: str) -> bool:
    """Whether the name is that of a picture."""
    return PurePosixPath(path).suffix.lower() in IMAGES


def is_preview(path: str) -> bool:
    """Whether a job type calls this output a preview: ``*_thumbnail.*`` or ``*_preview.*``."""
    return is_image(path) and PurePosixPath(path).stem.endswith(MARKS)


def make(source: Path, target: Path) -> bool:
    """Write a small PNG of the picture in ``source``; False where it cannot be read."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(source) as image:
            image.draft("RGB", SIZE)  # lets JPEG decode at a fraction of the size
            image.thumbnail(SIZE)
            image.convert("RGBA" if image.has_transparency_data else "RGB").save(target, "PNG")
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError):
        return False
    return True
