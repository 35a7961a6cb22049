"""Small pictures of images, whatever their mode."""

from PIL import Image, ImageOps

THUMBNAIL_SIZE = (200, 150)


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
